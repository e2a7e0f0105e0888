"""The entry reader: what it accepts has one spelling, and so has its detail."""

from __future__ import annotations

from terminal.journal.detail import Cited, Return, decode_detail
from terminal.journal.entry import EntryKind, decode_entry, encode_entry
from terminal.ports import ClockQuality


def _seed(kind: EntryKind, presentation: bytes, reasons: tuple[int, ...] = ()) -> bytes:
    return encode_entry(
        index=300,
        kind=kind,
        time_unix_s=1_794_916_800,
        quality=ClockQuality.NTP,
        boot=b"boot 001",
        mono_ms=123_456,
        policy=3,
        sale=17,
        request=b"request",
        slot=None,
        presentation=presentation,
        coupon_digest=bytes(32),
        reasons=reasons,
        salt=b"saltsalt",
    ).data


SEEDS = (
    _seed(EntryKind.ACCEPTED, b"presentation"),
    _seed(EntryKind.DECLINED, b"presentation", (20, 60)),
    _seed(EntryKind.REFUND, Return(3, bytes(32), 250).encode()),
    _seed(EntryKind.BARRIER_UNCONFIRMED, Cited(299).encode()),
)


def fuzz(data: bytes) -> None:
    entry = decode_entry(data)
    assert entry.data == data
    detail = decode_detail(entry)
    assert detail is None or detail.encode() == entry.presentation
