"""The sale in front of the customer: what is asked, since when, and until when.

Kept in the journal's small values from the moment it opens, so that a torn tap or a restart goes on
with the same nonce. Times are monotonic and belong to one boot: after a reboot no request is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from terminal.crypto import cbor
from terminal.errors import DecodeError
from terminal.payment.request import MAX_SIZE, Request, decode_request

LIFETIME_MS: Final = 60_000
"""How long a request by sound or QR code stays open."""
TAP_LIFETIME_MS: Final = 5_000
"""How long a request by card stays open."""
_BOOT_SIZE: Final = 8


@dataclass(frozen=True, slots=True)
class OpenSale:
    """One sale. ``number`` is the terminal's own, rising; ``request`` is what is signed back."""

    number: int
    request: Request
    request_bytes: bytes
    """The same, encoded: every presentation is judged against both."""
    boot: bytes
    opened_ms: int
    lifetime_ms: int
    entry_index: int | None = None
    """The entry that paid it; not kept, since the journal knows."""

    def is_open(self, boot: bytes, now_ms: int) -> bool:
        """Whether its nonce still counts."""
        return boot == self.boot and 0 <= now_ms - self.opened_ms < self.lifetime_ms

    def encode(self) -> bytes:
        """As kept in the journal."""
        times = (self.boot, self.opened_ms, self.lifetime_ms)
        return cbor.encode((self.number, self.request_bytes, *times))


def decode_open_sale(data: bytes) -> OpenSale:
    """The kept sale.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    items = cbor.expect_array(cbor.decode(data, "open_sale", 128), "open_sale", 5)
    request = cbor.expect_bytes(items[1], "open_sale.request", max_size=MAX_SIZE)
    decoded = decode_request(request)
    if not isinstance(decoded, Request):
        raise DecodeError("open_sale.request", "a printed code is no open sale")
    return OpenSale(
        number=cbor.expect_uint(items[0], "open_sale.number"),
        request=decoded,
        request_bytes=request,
        boot=cbor.expect_bytes(items[2], "open_sale.boot", _BOOT_SIZE),
        opened_ms=cbor.expect_uint(items[3], "open_sale.opened"),
        lifetime_ms=cbor.expect_uint(items[4], "open_sale.lifetime"),
    )
