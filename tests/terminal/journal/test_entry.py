"""An entry has one spelling, a bounded size, and a detail that belongs to its kind."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.crypto import cbor
from terminal.errors import DecodeError
from terminal.journal.detail import (
    Cited,
    ClockCorrected,
    DenyListInstalled,
    Detail,
    ManualOpen,
    PolicyInstalled,
    Return,
    ShiftClosed,
    decode_detail,
)
from terminal.journal.entry import (
    MAX_ENTRY_SIZE,
    Entry,
    EntryKind,
    Outcome,
    decode_entry,
    encode_entry,
)
from terminal.ports import ClockQuality

UINT = st.integers(0, 2**53 - 1)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    return encode_entry(
        index=draw(st.integers(0, 2**32)),
        kind=draw(st.sampled_from(EntryKind)),
        time_unix_s=draw(st.integers(0, 2**32 - 1)),
        quality=draw(st.sampled_from(ClockQuality)),
        boot=draw(st.binary(min_size=8, max_size=8)),
        mono_ms=draw(UINT),
        policy=draw(st.integers(0, 2**32 - 1)),
        sale=draw(st.integers(0, 2**32 - 1)),
        request=draw(st.binary(max_size=32)),
        slot=draw(st.none() | st.integers(0, 2**32 - 1)),
        presentation=draw(st.binary(max_size=228)),
        coupon_digest=draw(st.none() | st.binary(min_size=32, max_size=32)),
        reasons=tuple(draw(st.sets(st.integers(1, 255), max_size=12))),
        salt=draw(st.binary(min_size=8, max_size=8)),
    )


@given(entries())
def test_an_entry_decodes_to_itself_within_its_bound(entry: Entry) -> None:
    assert len(entry.data) <= MAX_ENTRY_SIZE
    again = decode_entry(entry.data)
    assert again.data == entry.data
    assert again == Entry(
        **{name: getattr(entry, name) for name in Entry.__slots__ if name != "reasons"},
        reasons=tuple(sorted(entry.reasons)),
    )


@given(entries(), st.data())
def test_a_changed_bit_gives_another_entry_or_none(entry: Entry, data: st.DataObject) -> None:
    changed = bytearray(entry.data)
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = decode_entry(bytes(changed))
    except DecodeError:
        return
    assert found != entry
    assert found.leaf() != entry.leaf()


def items_of(kind: EntryKind = EntryKind.ACCEPTED) -> list[Any]:
    outcome = 1 if kind is EntryKind.ACCEPTED else 0
    return [1, 0, int(kind), 5, 3, b"b" * 8, 1, 1, 1, b"", None, b"", None, outcome, [], b"s" * 8]


@pytest.mark.parametrize(
    ("place", "value", "field"),
    [
        (0, 2, "version"),
        (1, b"", "index"),
        (2, 99, "kind"),
        (3, None, "time"),
        (4, 9, "quality"),
        (5, b"short", "boot"),
        (6, "x", "mono_ms"),
        (7, [], "policy"),
        (8, None, "sale"),
        (9, bytes(33), "request"),
        (10, 2**32, "slot"),
        (11, 1, "presentation"),
        (12, bytes(31), "coupon_digest"),
        (13, 2, "decision"),
        (14, [2, 2], "reasons"),
        (14, [300], "reasons"),
        (14, list(range(17)), "reasons"),
        (14, 1, "reasons"),
        (15, bytes(9), "salt"),
    ],
)
def test_a_wrong_item_is_named(place: int, value: object, field: str) -> None:
    items = items_of()
    decode_entry(cbor.encode(items))
    items[place] = value
    with pytest.raises(DecodeError) as caught:
        decode_entry(cbor.encode(items))
    assert caught.value.field == f"entry.{field}"


def test_an_entry_that_would_be_too_large_is_our_own_fault() -> None:
    with pytest.raises(ValueError, match="more than 400"):
        encode_entry(
            index=0,
            kind=EntryKind.ACCEPTED,
            time_unix_s=0,
            quality=ClockQuality.NTP,
            boot=bytes(8),
            mono_ms=0,
            policy=0,
            sale=0,
            request=b"",
            slot=None,
            presentation=bytes(400),
            coupon_digest=None,
            reasons=(),
            salt=bytes(8),
        )


def entry_with(kind: EntryKind, detail: bytes) -> Entry:
    items = items_of(kind)
    items[1], items[11] = 9, detail
    return decode_entry(cbor.encode(items))


DETAILS: list[tuple[EntryKind, Detail]] = [
    (EntryKind.REFUND, Return(8, bytes(32), 250)),
    (EntryKind.VOID, Return(0, bytes(32), 1)),
    (EntryKind.ANNOUNCE_FAILED, Cited(3)),
    (EntryKind.BARRIER_UNCONFIRMED, Cited(4)),
    (EntryKind.POLICY_INSTALLED, PolicyInstalled(7, bytes(32))),
    (EntryKind.DENY_LIST_INSTALLED, DenyListInstalled(7, bytes(32))),
    (EntryKind.CLOCK_CORRECTED, ClockCorrected(1, 2, b"signed time")),
    (EntryKind.SHIFT_CLOSED, ShiftClosed(0, 3, 4, 5, 6)),
    (EntryKind.MANUAL_OPEN, ManualOpen()),
]


@pytest.mark.parametrize(("kind", "detail"), DETAILS)
def test_each_kind_has_its_own_detail(kind: EntryKind, detail: Detail) -> None:
    entry = entry_with(kind, detail.encode())
    assert entry.outcome is Outcome.NONE
    assert decode_detail(entry) == detail
    for broken in (detail.encode() + b"\x00", cbor.encode([1] * 9), b""):
        with pytest.raises(DecodeError):
            decode_detail(entry_with(kind, broken))


def test_a_presentation_is_no_detail() -> None:
    assert decode_detail(decode_entry(cbor.encode(items_of()))) is None


def test_a_refund_cites_an_earlier_entry() -> None:
    with pytest.raises(DecodeError, match="earlier"):
        decode_detail(entry_with(EntryKind.REFUND, Return(9, bytes(32), 1).encode()))


def test_evidence_is_bounded() -> None:
    detail = ClockCorrected(1, 2, bytes(201)).encode()
    with pytest.raises(DecodeError, match="at most 200"):
        decode_detail(entry_with(EntryKind.CLOCK_CORRECTED, detail))
