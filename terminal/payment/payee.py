"""A payee card: the host's word for the name that a payer's screen may show for a terminal.

Wire form: ``docs/protocol/money.md``, "Payee card". Travels in the kiosk's QR code and by APDU;
wallets keep it. A name that comes any other way is never shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from terminal.crypto import cbor, cose
from terminal.crypto.keys import PublicKey
from terminal.payment.coupon import MAX_CURRENCY, U32
from terminal.ports import Signer

PURPOSE: Final = "kumquat.payee.1"
MAX_NAME_BYTES: Final = 64
MAX_SIZE: Final = 200


@dataclass(frozen=True, slots=True)
class PayeeCard:
    """Terminal u32, its currency and scope, the name people know it by, valid until."""

    terminal: int
    currency: int
    scope: int
    not_after_unix_s: int
    name: str

    def __post_init__(self) -> None:
        cbor.expect_uint(self.terminal, "payee.terminal", U32)
        cbor.expect_uint(self.currency, "payee.currency", MAX_CURRENCY)
        cbor.expect_uint(self.scope, "payee.scope", U32)
        cbor.expect_uint(self.not_after_unix_s, "payee.not_after", U32)
        cbor.expect_text(self.name, "payee.name", MAX_NAME_BYTES)

    def encode(self) -> bytes:
        """The CBOR array that the host signs."""
        fields = (self.terminal, self.currency, self.scope, self.not_after_unix_s, self.name)
        return cbor.encode(fields)


def sign_payee_card(card: PayeeCard, signer: Signer) -> bytes:
    """The host's signed payee card."""
    return cose.sign1_for(signer, card.encode(), PURPOSE)


def decode_payee_card(data: bytes) -> PayeeCard:
    """Read a payee card; nothing is verified, so show nothing of it.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    payload, _ = cose.unpack1(data, "payee", MAX_SIZE)
    items = cbor.expect_array(cbor.decode(payload, "payee.payload", MAX_SIZE), "payee.payload", 5)
    terminal, currency, scope, not_after, name = items
    return PayeeCard(
        cbor.expect_uint(terminal, "payee.terminal", U32),
        cbor.expect_uint(currency, "payee.currency", MAX_CURRENCY),
        cbor.expect_uint(scope, "payee.scope", U32),
        cbor.expect_uint(not_after, "payee.not_after", U32),
        cbor.expect_text(name, "payee.name", MAX_NAME_BYTES),
    )


def verify_payee_card(data: bytes, key: PublicKey) -> PayeeCard:
    """A payee card that the host's payee key signed. The caller judges ``not_after``.

    Raises:
        DecodeError: naming the first field that is wrong.
        SignatureInvalid: it does not verify.
    """
    card = decode_payee_card(data)
    cose.verify1_for(key, data, "payee", PURPOSE)
    return card
