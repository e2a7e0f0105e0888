"""An ack: the terminal's signed word to the payer, at once, that the sale is in its journal.

Wire form: ``docs/protocol/money.md``, "Ack". It names the entry and its leaf hash, and is bound to
the terminal and to the spend it answers. It becomes a receipt when the host has cosigned.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from terminal.crypto import cbor, cose
from terminal.crypto.keys import PublicKey
from terminal.ports import Signer

PURPOSE: Final = "kumquat.ack.1"
LEAF_SIZE: Final = 32
MAX_SIZE: Final = 128


class AckStatus(IntEnum):
    """What happened to the presentation."""

    DECLINED = 0
    ACCEPTED = 1
    ALREADY_PAID = 2


@dataclass(frozen=True, slots=True)
class Ack:
    """Status, the entry's index in the terminal's journal and its RFC 6962 leaf hash (32 bytes)."""

    status: AckStatus
    index: int
    leaf: bytes

    def __post_init__(self) -> None:
        cbor.expect_uint(self.index, "ack.index")
        cbor.expect_bytes(self.leaf, "ack.leaf", LEAF_SIZE)

    def encode(self) -> bytes:
        """The CBOR array that the terminal signs."""
        return cbor.encode((int(self.status), self.index, self.leaf))


def sign_ack(ack: Ack, terminal: int, spend_digest: bytes, signer: Signer) -> bytes:
    """The signed ack; ``spend_digest`` is ``presentation.spend_digest`` of what it answers."""
    return cose.sign1_for(signer, ack.encode(), PURPOSE, terminal, spend_digest)


def decode_ack(data: bytes) -> Ack:
    """Read an ack; nothing is verified.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    payload, _ = cose.unpack1(data, "ack", MAX_SIZE)
    items = cbor.expect_array(cbor.decode(payload, "ack.payload", MAX_SIZE), "ack.payload", 3)
    status = cbor.expect_enum(items[0], "ack.status", AckStatus)
    return Ack(
        status,
        cbor.expect_uint(items[1], "ack.index"),
        cbor.expect_bytes(items[2], "ack.leaf", LEAF_SIZE),
    )


def verify_ack(data: bytes, key: PublicKey, terminal: int, spend_digest: bytes) -> Ack:
    """An ack that this terminal's journal key signed for this spend.

    Raises:
        DecodeError: naming the first field that is wrong.
        SignatureInvalid: another key, terminal or spend.
    """
    ack = decode_ack(data)
    cose.verify1_for(key, data, "ack", PURPOSE, terminal, spend_digest)
    return ack
