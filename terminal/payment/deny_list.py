"""Who and what is refused although genuine: eight-byte subjects in the policy.

A subject is ``SHA-256(kind byte || identifier)[:8]``. Identifiers: a coupon's issuer (2 bytes) and
serial (4), big-endian; a holder's public key as on the wire; a card's UID; a terminal's number
(4 bytes); an issuer's number (2 bytes).
"""

from __future__ import annotations

import hashlib
from enum import IntEnum
from itertools import pairwise
from typing import Final, Protocol

from terminal.crypto.keys import PublicKey
from terminal.errors import DecodeError
from terminal.payment.coupon import CouponId

SUBJECT_SIZE: Final = 8
MAX_SUBJECTS: Final = 10_000


class DenyList(Protocol):
    """A deny list of any length in force at one moment; ``terminal.journal`` has the long one."""

    @property
    def version(self) -> int:
        """The host's number of it; versions only rise."""

    def __contains__(self, subject: object, /) -> bool:
        """Whether these eight bytes are on it: exact, and quick enough to ask in a sale."""


class DenyKind(IntEnum):
    """What an identifier identifies: the first byte that is hashed."""

    COUPON = 1
    HOLDER = 2
    CARD = 3
    TERMINAL = 4
    ISSUER = 5


def deny_subject(kind: DenyKind, identifier: bytes) -> bytes:
    """The eight bytes that stand for a subject."""
    return hashlib.sha256(bytes((kind,)) + identifier).digest()[:SUBJECT_SIZE]


def coupon_subject(coupon: CouponId) -> bytes:
    identifier = coupon.issuer.to_bytes(2, "big") + coupon.serial.to_bytes(4, "big")
    return deny_subject(DenyKind.COUPON, identifier)


def holder_subject(key: PublicKey) -> bytes:
    return deny_subject(DenyKind.HOLDER, key.data)


def card_subject(uid: bytes) -> bytes:
    return deny_subject(DenyKind.CARD, uid)


def terminal_subject(terminal: int) -> bytes:
    return deny_subject(DenyKind.TERMINAL, terminal.to_bytes(4, "big"))


def issuer_subject(issuer: int) -> bytes:
    return deny_subject(DenyKind.ISSUER, issuer.to_bytes(2, "big"))


def encode_deny_list(subjects: frozenset[bytes]) -> bytes:
    """All subjects in ascending order, one after the other."""
    return b"".join(sorted(subjects))


def decode_deny_list(data: bytes) -> frozenset[bytes]:
    """The subjects in a policy.

    Raises:
        DecodeError: not whole subjects in strictly ascending order, or more than 10,000.
    """
    return decode_subjects(data, "policy.deny", MAX_SUBJECTS)


def decode_subjects(data: bytes, field: str, most: int) -> frozenset[bytes]:
    """The subjects in ``data``, at most so many.

    Raises:
        DecodeError: naming ``field``; not whole subjects in strictly ascending order, or too many.
    """
    if len(data) % SUBJECT_SIZE or len(data) > SUBJECT_SIZE * most:
        raise DecodeError(field, f"not at most {most} subjects of 8 bytes")
    subjects = [data[at : at + SUBJECT_SIZE] for at in range(0, len(data), SUBJECT_SIZE)]
    if any(low >= high for low, high in pairwise(subjects)):
        raise DecodeError(field, "not in strictly ascending order")
    return frozenset(subjects)
