"""What a terminal asks for: by sound, in a QR code or in an APDU; or a printed code, for ever.

Wire form: ``docs/protocol/money.md``, "Request". A request is not signed, because all of it is
signed back inside the spend. The exact bytes matter, so keep them where they must be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from terminal.crypto import cbor
from terminal.errors import DecodeError
from terminal.payment.coupon import MAX_CURRENCY, U32

NONCE_SIZE: Final = 8
MAX_SIZE: Final = 32
SLOT_S: Final = 60
"""Length of a slot: the slot number of a moment is ``unix_s // SLOT_S``."""
_REQUEST, _STATIC = 1, 2


class Ask(IntEnum):
    """What the terminal asks of the payer's device beyond a signature."""

    NOTHING = 0
    VERIFICATION = 1
    """PIN or biometrics: the amount is above the policy's second limit."""


@dataclass(frozen=True, slots=True)
class Request:
    """One sale's question: terminal u32, amount in minor units, 8 random bytes fresh for the sale.

    Raises:
        DecodeError: from the constructor, naming the field that is out of range.
    """

    terminal: int
    currency: int
    amount_minor: int
    nonce: bytes
    ask: Ask = Ask.NOTHING

    def __post_init__(self) -> None:
        cbor.expect_uint(self.terminal, "request.terminal", U32)
        cbor.expect_uint(self.currency, "request.currency", MAX_CURRENCY)
        cbor.expect_uint(self.amount_minor, "request.amount")
        cbor.expect_bytes(self.nonce, "request.nonce", NONCE_SIZE)

    def encode(self) -> bytes:
        fields = (self.terminal, self.currency, self.amount_minor, self.nonce, int(self.ask))
        return cbor.encode((_REQUEST, *fields))


@dataclass(frozen=True, slots=True)
class StaticRequest:
    """A printed code: it names the terminal alone; the payer types the amount, a slot the minute.

    Raises:
        DecodeError: from the constructor, naming the field that is out of range.
    """

    terminal: int
    currency: int

    def __post_init__(self) -> None:
        cbor.expect_uint(self.terminal, "request.terminal", U32)
        cbor.expect_uint(self.currency, "request.currency", MAX_CURRENCY)

    def encode(self) -> bytes:
        return cbor.encode((_STATIC, self.terminal, self.currency))


def decode_request(data: bytes) -> Request | StaticRequest:
    """Read a request or a printed one.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    items = cbor.expect_array(cbor.decode(data, "request", MAX_SIZE), "request")
    kind = cbor.expect_uint(items[0], "request.kind", _STATIC) if items else 0
    if kind == _REQUEST:
        return _decode_fresh(cbor.expect_array(items, "request", 6))
    if kind == _STATIC:
        _, terminal, currency = cbor.expect_array(items, "request", 3)
        return StaticRequest(
            cbor.expect_uint(terminal, "request.terminal", U32),
            cbor.expect_uint(currency, "request.currency", MAX_CURRENCY),
        )
    raise DecodeError("request.kind", "neither a request nor a printed one")


def _decode_fresh(items: list[object]) -> Request:
    _, terminal, currency, amount, nonce, ask = items
    return Request(
        terminal=cbor.expect_uint(terminal, "request.terminal", U32),
        currency=cbor.expect_uint(currency, "request.currency", MAX_CURRENCY),
        amount_minor=cbor.expect_uint(amount, "request.amount"),
        nonce=cbor.expect_bytes(nonce, "request.nonce", NONCE_SIZE),
        ask=Ask(cbor.expect_uint(ask, "request.ask", 1)),
    )
