"""The long deny list as the host signs it: one head for each version, and the changes to the next.

Wire form: ``docs/protocol/deny-list.md``. A head says how many subjects version N has and their
digest; where version N - 1 exists it also names that list's digest and the digest of the changes
that lead from it. A delta is a head with those changes. So whoever holds version N - 1 and the
delta can make version N, and see by its digest that it is the host's own, byte for byte.

Invariants: subjects are strictly ascending wherever they stand in a row; no subject is both added
and removed; ``decode_delta`` gives only what the root signed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from terminal.crypto import cbor, cose
from terminal.crypto.keys import PublicKey
from terminal.errors import DecodeError
from terminal.payment.coupon import U32
from terminal.payment.deny_list import SUBJECT_SIZE, decode_subjects
from terminal.ports import Signer

PURPOSE: Final = "kumquat.deny.1"
MAX_LISTED: Final = 11_000_000
"""Subjects of one list: 88 MB, so that a terminal never maps more than 90 MB."""
MAX_CHANGES: Final = 65_536
"""Subjects one delta may add, and remove."""
MAX_HEAD_SIZE: Final = 224
MAX_DELTA_SIZE: Final = 2 * SUBJECT_SIZE * MAX_CHANGES + MAX_HEAD_SIZE + 64
DIGEST_SIZE: Final = 32
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class DenyHead:
    """What the host says of one version of the list.

    Raises:
        DecodeError: from the constructor, naming the field that is wrong.
    """

    version: int
    count: int
    digest: bytes
    """SHA-256 of all subjects in ascending order, 8 bytes each."""
    previous: bytes | None = None
    """The digest of the version before; None where this list was begun anew."""
    changes: bytes | None = None
    """SHA-256 of the changes from the version before; None with ``previous``."""

    def __post_init__(self) -> None:
        cbor.expect_uint(self.version, "deny.version", U32, minimum=1)
        cbor.expect_uint(self.count, "deny.count", MAX_LISTED)
        cbor.expect_bytes(self.digest, "deny.digest", DIGEST_SIZE)
        if (self.previous is None) != (self.changes is None):
            raise DecodeError("deny.changes", "the list before and the changes come together")
        if self.previous is not None:
            cbor.expect_bytes(self.previous, "deny.previous", DIGEST_SIZE)
            cbor.expect_bytes(self.changes, "deny.changes", DIGEST_SIZE)

    def encode(self) -> bytes:
        """The CBOR array that the host signs."""
        return cbor.encode(
            (_FORMAT, self.version, self.count, self.digest, self.previous, self.changes)
        )


def sign_head(head: DenyHead, root: Signer) -> bytes:
    """The signed head, a COSE_Sign1 by the host's root."""
    return cose.sign1_for(root, head.encode(), PURPOSE)


def decode_head(message: bytes, root_key: PublicKey) -> DenyHead:
    """A head that ``root_key`` signed.

    Raises:
        DecodeError: naming the first field that is wrong.
        SignatureInvalid: it does not verify.
    """
    payload, signature = cose.unpack1(message, "deny.head", MAX_HEAD_SIZE)
    aad = cose.external_aad(PURPOSE, root_key.algorithm)
    root_key.verify(signature, cose.sig_structure(payload, aad))
    return decode_head_payload(payload)


def decode_head_payload(payload: bytes) -> DenyHead:
    """The head in a payload whose signature was checked.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    value = cbor.decode(payload, "deny.head", MAX_HEAD_SIZE)
    items = cbor.expect_array(value, "deny.head", 6)
    if cbor.expect_uint(items[0], "deny.format") != _FORMAT:
        raise DecodeError("deny.format", "made for another version of this software")
    return DenyHead(
        version=cbor.expect_uint(items[1], "deny.version", U32, minimum=1),
        count=cbor.expect_uint(items[2], "deny.count", MAX_LISTED),
        digest=cbor.expect_bytes(items[3], "deny.digest", DIGEST_SIZE),
        previous=_digest_or_none(items[4], "deny.previous"),
        changes=_digest_or_none(items[5], "deny.changes"),
    )


def _digest_or_none(value: object, field: str) -> bytes | None:
    return None if value is None else cbor.expect_bytes(value, field, DIGEST_SIZE)


@dataclass(frozen=True, slots=True)
class Changes:
    """What one version adds to and removes from the one before."""

    added: frozenset[bytes]
    removed: frozenset[bytes]

    def encode(self) -> bytes:
        """``[added, removed]``, each all its subjects in ascending order."""
        return cbor.encode((b"".join(sorted(self.added)), b"".join(sorted(self.removed))))


def decode_changes(data: bytes) -> Changes:
    """The changes spelled by ``data``.

    Raises:
        DecodeError: not whole subjects in ascending order, too many, or one both ways.
    """
    value = cbor.decode(data, "deny.changes", MAX_DELTA_SIZE)
    added, removed = (
        decode_subjects(cbor.expect_bytes(item, name), name, MAX_CHANGES)
        for item, name in zip(
            cbor.expect_array(value, "deny.changes", 2), ("deny.added", "deny.removed"), strict=True
        )
    )
    if added & removed:
        raise DecodeError("deny.removed", "a subject is both added and removed")
    return Changes(added, removed)


@dataclass(frozen=True, slots=True)
class DenyDelta:
    """From version ``head.version - 1`` to ``head.version``."""

    head: DenyHead
    message: bytes
    """The signed head, as it came."""
    changes: Changes


def encode_delta(message: bytes, changes: bytes) -> bytes:
    """The delta of a signed head and the encoded changes it names."""
    return cbor.encode((message, changes))


def split_delta(data: bytes) -> tuple[bytes, bytes, Changes]:
    """Signed head, encoded changes and the changes themselves, no signature verified.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    message, changes = cbor.expect_array(cbor.decode(data, "deny.delta", MAX_DELTA_SIZE), "deny", 2)
    signed = cbor.expect_bytes(message, "deny.head", max_size=MAX_HEAD_SIZE)
    encoded = cbor.expect_bytes(changes, "deny.changes")
    return signed, encoded, decode_changes(encoded)


def decode_delta(data: bytes, root_key: PublicKey) -> DenyDelta:
    """A delta whose head ``root_key`` signed, with the changes that head names.

    Raises:
        DecodeError: naming the first field that is wrong.
        SignatureInvalid: the head does not verify.
    """
    message, encoded, changes = split_delta(data)
    head = decode_head(message, root_key)
    if head.changes != hashlib.sha256(encoded).digest():
        raise DecodeError("deny.changes", "not the changes that the head names")
    return DenyDelta(head, message, changes)
