"""One entry of the journal: the leaf of its Merkle log, byte for byte.

Source: docs/protocol/journal.md, ``entry``. An entry is a deterministic CBOR array of sixteen
items, at most 400 bytes; its leaf hash is RFC 6962's over exactly these bytes. Every kind of thing
worth remembering has the same shape: kinds without a presentation carry their detail in its place
(``terminal.journal.detail``). Invariant: ``decode_entry(entry.data) == entry``, and nothing else
decodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise
from typing import Final

from terminal.crypto import cbor
from terminal.crypto.merkle import leaf_hash
from terminal.errors import DecodeError
from terminal.ports import ClockQuality

VERSION: Final = 1
MAX_ENTRY_SIZE: Final = 400
MAX_REASONS: Final = 16
MAX_REASON: Final = 255
MAX_UINT: Final = 2**53 - 1
MAX_UINT32: Final = 2**32 - 1
MAX_REQUEST_SIZE: Final = 32
BOOT_SIZE: Final = 8
SALT_SIZE: Final = 8
DIGEST_SIZE: Final = 32
_ITEMS: Final = 16


class EntryKind(IntEnum):
    """What an entry remembers. Numbers are on the wire: never reused."""

    ACCEPTED = 1
    DECLINED = 2
    REFUND = 3
    VOID = 4
    ANNOUNCE_FAILED = 5
    BARRIER_UNCONFIRMED = 6
    POLICY_INSTALLED = 7
    CLOCK_CORRECTED = 8
    SHIFT_CLOSED = 9
    MANUAL_OPEN = 10
    DENY_LIST_INSTALLED = 11


class Outcome(IntEnum):
    """The entry's decision: none was asked for, approved, or declined."""

    NONE = 0
    APPROVED = 1
    DECLINED = 2


_OUTCOMES: Final = {
    EntryKind.ACCEPTED: Outcome.APPROVED,
    EntryKind.DECLINED: Outcome.DECLINED,
}

_KINDS: Final = frozenset(EntryKind)
_QUALITIES: Final = frozenset(ClockQuality)


@dataclass(frozen=True, slots=True)
class Entry:
    """One remembered fact. ``data`` is its exact encoding, the leaf's input."""

    index: int
    kind: EntryKind
    time_unix_s: int
    quality: ClockQuality
    boot: bytes
    """Eight bytes that differ between boots; ``mono_ms`` counts within one."""
    mono_ms: int
    policy: int
    """The version of the policy it was decided under; 0 before the first."""
    sale: int
    """The terminal's own number of the sale; 0 where there is none."""
    request: bytes
    """The exact request or static bytes that were signed back; empty where there are none."""
    slot: int | None
    presentation: bytes
    """The exact presentation bytes, or the detail of a kind that has none."""
    coupon_digest: bytes | None
    """SHA-256 of the coupon's payload, 32 bytes."""
    outcome: Outcome
    reasons: tuple[int, ...]
    """Reason numbers, ascending, each once."""
    salt: bytes
    """Eight random bytes, so that a leaf hash gives nothing away."""
    data: bytes = field(compare=False, repr=False)

    def leaf(self) -> bytes:
        """The RFC 6962 leaf hash of ``data``, 32 bytes."""
        return leaf_hash(self.data)


def encode_entry(
    *,
    index: int,
    kind: EntryKind,
    time_unix_s: int,
    quality: ClockQuality,
    boot: bytes,
    mono_ms: int,
    policy: int,
    sale: int,
    request: bytes,
    slot: int | None,
    presentation: bytes,
    coupon_digest: bytes | None,
    reasons: tuple[int, ...],
    salt: bytes,
) -> Entry:
    """Build an entry with its bytes; the outcome follows from the kind.

    Of more than sixteen reasons the first sixteen are kept.

    Raises:
        ValueError: it would be larger than an entry may be; a fault of ours.
    """
    outcome = _OUTCOMES.get(kind, Outcome.NONE)
    reasons = tuple(sorted({int(reason) for reason in reasons}))[:MAX_REASONS]
    middle = (boot, mono_ms, policy, sale, request, slot, presentation, coupon_digest)
    head = (VERSION, index, int(kind), time_unix_s, int(quality))
    data = cbor.encode((*head, *middle, int(outcome), reasons, salt))
    if len(data) > MAX_ENTRY_SIZE:
        raise ValueError(f"entry of {len(data)} bytes, more than {MAX_ENTRY_SIZE}")
    return Entry(index, kind, time_unix_s, quality, *middle, outcome, reasons, salt, data)


def decode_entry(data: bytes) -> Entry:
    """The entry in these bytes.

    Raises:
        DecodeError: anything but the one spelling of an entry; ``field`` names what is wrong.
    """
    items = cbor.expect_array(cbor.decode(data, "entry", MAX_ENTRY_SIZE), "entry", _ITEMS)
    if cbor.expect_uint(items[0], "entry.version", MAX_UINT) != VERSION:
        raise DecodeError("entry.version", f"not {VERSION}")
    kind = EntryKind(_one_of(items[2], _KINDS, "entry.kind"))
    outcome = cbor.expect_uint(items[13], "entry.decision", MAX_UINT)
    if outcome != _OUTCOMES.get(kind, Outcome.NONE):
        raise DecodeError("entry.decision", f"does not belong to kind {kind.name}")
    slot = None if items[10] is None else cbor.expect_uint(items[10], "entry.slot", MAX_UINT32)
    digest = None
    if items[12] is not None:
        digest = cbor.expect_bytes(items[12], "entry.coupon_digest", DIGEST_SIZE)
    return Entry(
        index=cbor.expect_uint(items[1], "entry.index", MAX_UINT),
        kind=kind,
        time_unix_s=cbor.expect_uint(items[3], "entry.time", MAX_UINT),
        quality=ClockQuality(_one_of(items[4], _QUALITIES, "entry.quality")),
        boot=cbor.expect_bytes(items[5], "entry.boot", BOOT_SIZE),
        mono_ms=cbor.expect_uint(items[6], "entry.mono_ms", MAX_UINT),
        policy=cbor.expect_uint(items[7], "entry.policy", MAX_UINT),
        sale=cbor.expect_uint(items[8], "entry.sale", MAX_UINT),
        request=cbor.expect_bytes(items[9], "entry.request", max_size=MAX_REQUEST_SIZE),
        slot=slot,
        presentation=cbor.expect_bytes(items[11], "entry.presentation"),
        coupon_digest=digest,
        outcome=Outcome(outcome),
        reasons=_reasons(items[14]),
        salt=cbor.expect_bytes(items[15], "entry.salt", SALT_SIZE),
        data=data,
    )


def _one_of(value: object, allowed: frozenset[int], name: str) -> int:
    number = cbor.expect_uint(value, name, MAX_UINT)
    if number not in allowed:
        raise DecodeError(name, f"{number} is not known")
    return number


def _reasons(value: object) -> tuple[int, ...]:
    if type(value) is not list or len(value) > MAX_REASONS:
        raise DecodeError("entry.reasons", f"not an array of at most {MAX_REASONS}")
    reasons = tuple(cbor.expect_uint(item, "entry.reasons", MAX_REASON) for item in value)
    if any(later <= earlier for earlier, later in pairwise(reasons)):
        raise DecodeError("entry.reasons", "not ascending, each once")
    return reasons
