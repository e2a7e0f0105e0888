"""A verdict: the host's business answer to one entry: settled, refused or disputed, and why.

Wire form: ``docs/protocol/money.md``, "Verdict". Custody (the mirror's cosignature) is separate; a
sale is *host confirmed* only with both. Reasons are numbers that only grow: a terminal shows one it
does not know by its number, so that a newer host strands nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from terminal.crypto import cbor, cose
from terminal.crypto.keys import PublicKey
from terminal.payment.coupon import U16, U32
from terminal.ports import Signer

PURPOSE: Final = "kumquat.verdict.1"
LEAF_SIZE: Final = 32
MAX_SIZE: Final = 160


class VerdictStatus(IntEnum):
    """The host's answer. DISPUTED is held for a person, money not yet moved."""

    SETTLED = 1
    REFUSED = 2
    DISPUTED = 3


class VerdictReason(IntEnum):
    """Why. Numbers never change meaning."""

    NONE = 0
    UNREADABLE = 1
    SIGNATURE_INVALID = 2
    COUPON_UNKNOWN = 3
    OUTSIDE_POLICY = 4
    DOUBLE_SPENT = 5
    ALREADY_SETTLED = 6
    FORK = 7
    EXPIRED = 8
    COUPON_REVOKED = 9
    REFUND_EXCEEDS_SALE = 10
    ORIGINAL_UNKNOWN = 11

    @property
    def text(self) -> str:
        """The English words for a screen, lower case, no full stop."""
        return _TEXT[self]


_TEXT: Final = MappingProxyType(
    {
        VerdictReason.NONE: "in order",
        VerdictReason.UNREADABLE: "the entry cannot be read",
        VerdictReason.SIGNATURE_INVALID: "a signature does not verify",
        VerdictReason.COUPON_UNKNOWN: "the issuer knows no such coupon",
        VerdictReason.OUTSIDE_POLICY: "accepted outside the policy",
        VerdictReason.DOUBLE_SPENT: "spent twice; the holder is liable",
        VerdictReason.ALREADY_SETTLED: "already settled",
        VerdictReason.FORK: "two journals under one name; held for review",
        VerdictReason.EXPIRED: "the coupon had expired",
        VerdictReason.COUPON_REVOKED: "the coupon was revoked",
        VerdictReason.REFUND_EXCEEDS_SALE: "gives back more than was paid",
        VerdictReason.ORIGINAL_UNKNOWN: "the sale it refers to is not known",
    }
)


def reason_text(number: int) -> str:
    """Words for a verdict's reason, known or not."""
    try:
        return VerdictReason(number).text
    except ValueError:
        return f"reason {number}, see the host"


@dataclass(frozen=True, slots=True)
class Verdict:
    """About one entry: terminal u32, its journal's epoch, index and leaf hash (32 bytes)."""

    terminal: int
    epoch: int
    index: int
    leaf: bytes
    status: VerdictStatus
    reason: int
    time_unix_s: int

    def __post_init__(self) -> None:
        cbor.expect_uint(self.terminal, "verdict.terminal", U32)
        cbor.expect_uint(self.epoch, "verdict.epoch", U32)
        cbor.expect_uint(self.index, "verdict.index")
        cbor.expect_bytes(self.leaf, "verdict.leaf", LEAF_SIZE)
        cbor.expect_uint(int(self.reason), "verdict.reason", U16)
        cbor.expect_uint(self.time_unix_s, "verdict.time")

    def encode(self) -> bytes:
        """The CBOR array that the host signs."""
        place = (self.terminal, self.epoch, self.index, self.leaf)
        return cbor.encode((*place, int(self.status), int(self.reason), self.time_unix_s))


def sign_verdict(verdict: Verdict, signer: Signer) -> bytes:
    """The host's signed verdict."""
    return cose.sign1_for(signer, verdict.encode(), PURPOSE)


def decode_verdict(data: bytes) -> Verdict:
    """Read a verdict; nothing is verified.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    payload, _ = cose.unpack1(data, "verdict", MAX_SIZE)
    value = cbor.decode(payload, "verdict.payload", MAX_SIZE)
    items = cbor.expect_array(value, "verdict.payload", 7)
    status = cbor.expect_enum(items[4], "verdict.status", VerdictStatus)
    return Verdict(
        terminal=cbor.expect_uint(items[0], "verdict.terminal", U32),
        epoch=cbor.expect_uint(items[1], "verdict.epoch", U32),
        index=cbor.expect_uint(items[2], "verdict.index"),
        leaf=cbor.expect_bytes(items[3], "verdict.leaf", LEAF_SIZE),
        status=status,
        reason=cbor.expect_uint(items[5], "verdict.reason", U16),
        time_unix_s=cbor.expect_uint(items[6], "verdict.time"),
    )


def verify_verdict(data: bytes, key: PublicKey) -> Verdict:
    """A verdict that the host's verdict key signed.

    Raises:
        DecodeError: naming the first field that is wrong.
        SignatureInvalid: it does not verify.
    """
    verdict = decode_verdict(data)
    cose.verify1_for(key, data, "verdict", PURPOSE)
    return verdict
