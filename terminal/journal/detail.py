"""What entries without a presentation say: one small value for each kind.

Source: docs/protocol/journal.md, ``detail``. A detail stands where a presentation would, as a
deterministic CBOR array. Invariant: a decoded detail encodes to the bytes it came from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from terminal.crypto import cbor
from terminal.errors import DecodeError
from terminal.journal.entry import DIGEST_SIZE, MAX_UINT, Entry, EntryKind

MAX_DETAIL_SIZE: Final = 256
MAX_EVIDENCE_SIZE: Final = 200


@dataclass(frozen=True, slots=True)
class Return:
    """Money given back: ``[original index, original leaf, amount]``, for REFUND and VOID."""

    original: int
    original_leaf: bytes
    amount_minor: int

    def encode(self) -> bytes:
        return cbor.encode([self.original, self.original_leaf, self.amount_minor])


@dataclass(frozen=True, slots=True)
class Cited:
    """``[index]``: the entry that ANNOUNCE_FAILED or BARRIER_UNCONFIRMED is about."""

    index: int

    def encode(self) -> bytes:
        return cbor.encode([self.index])


@dataclass(frozen=True, slots=True)
class PolicyInstalled:
    """``[version, SHA-256 of the bundle]``."""

    version: int
    digest: bytes

    def encode(self) -> bytes:
        return cbor.encode([self.version, self.digest])


@dataclass(frozen=True, slots=True)
class DenyListInstalled:
    """``[version, digest]``: the long deny list in force for every later decision.

    Version 0 and 32 zero bytes: none is, since what there was cannot be read any more.
    """

    version: int
    digest: bytes

    def encode(self) -> bytes:
        return cbor.encode([self.version, self.digest])


@dataclass(frozen=True, slots=True)
class ClockCorrected:
    """``[before, after, host-signed time]``: the wall clock was set by what the host signed."""

    before_unix_s: int
    after_unix_s: int
    evidence: bytes

    def encode(self) -> bytes:
        return cbor.encode([self.before_unix_s, self.after_unix_s, self.evidence])


@dataclass(frozen=True, slots=True)
class ShiftClosed:
    """``[first index, sales, sales minor, returned minor, unverified presentations]``."""

    first: int
    sales_count: int
    sales_minor: int
    returned_minor: int
    unverified_count: int
    """Presentations that did not verify and so became no entries."""

    def encode(self) -> bytes:
        return cbor.encode(
            [
                self.first,
                self.sales_count,
                self.sales_minor,
                self.returned_minor,
                self.unverified_count,
            ]
        )


@dataclass(frozen=True, slots=True)
class ManualOpen:
    """``[]``: the barrier was opened by hand or by the emergency input."""

    def encode(self) -> bytes:
        return cbor.encode([])


Detail = (
    Return | Cited | PolicyInstalled | DenyListInstalled | ClockCorrected | ShiftClosed | ManualOpen
)


def decode_detail(entry: Entry) -> Detail | None:
    """The detail of an entry; None for the kinds that carry a presentation.

    Raises:
        DecodeError: the bytes are not the one spelling of this kind's detail.
    """
    kind = entry.kind
    if kind in (EntryKind.ACCEPTED, EntryKind.DECLINED):
        return None
    found = cbor.decode(entry.presentation, "detail", MAX_DETAIL_SIZE)
    if kind in (EntryKind.REFUND, EntryKind.VOID):
        items = cbor.expect_array(found, "detail", 3)
        leaf = cbor.expect_bytes(items[1], "detail.original_leaf", DIGEST_SIZE)
        original = _uint(items[0], "detail.original")
        if original >= entry.index:
            raise DecodeError("detail.original", "not an earlier entry")
        return Return(original, leaf, _uint(items[2], "detail.amount"))
    if kind in (EntryKind.ANNOUNCE_FAILED, EntryKind.BARRIER_UNCONFIRMED):
        return Cited(_uint(cbor.expect_array(found, "detail", 1)[0], "detail.index"))
    if kind is EntryKind.POLICY_INSTALLED:
        items = cbor.expect_array(found, "detail", 2)
        digest = cbor.expect_bytes(items[1], "detail.digest", DIGEST_SIZE)
        return PolicyInstalled(_uint(items[0], "detail.version"), digest)
    return _decode_rare(kind, found)


def _decode_rare(kind: EntryKind, found: object) -> Detail:
    if kind is EntryKind.CLOCK_CORRECTED:
        items = cbor.expect_array(found, "detail", 3)
        evidence = cbor.expect_bytes(items[2], "detail.evidence", max_size=MAX_EVIDENCE_SIZE)
        before, after = _uint(items[0], "detail.before"), _uint(items[1], "detail.after")
        return ClockCorrected(before, after, evidence)
    if kind is EntryKind.DENY_LIST_INSTALLED:
        items = cbor.expect_array(found, "detail", 2)
        digest = cbor.expect_bytes(items[1], "detail.digest", DIGEST_SIZE)
        return DenyListInstalled(_uint(items[0], "detail.version"), digest)
    if kind is EntryKind.SHIFT_CLOSED:
        items = cbor.expect_array(found, "detail", 5)
        return ShiftClosed(*(_uint(item, "detail.totals") for item in items))
    cbor.expect_array(found, "detail", 0)
    return ManualOpen()


def _uint(value: object, name: str) -> int:
    return cbor.expect_uint(value, name, MAX_UINT)
