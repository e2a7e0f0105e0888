"""What the journal knows of each coupon it accepted, one row a coupon.

The coupon's bytes and its counters share a row, so that a sale writes one page for both. Which
entry took a given interval is found along a chain: each accepted entry names the coupon's entry
before it, and intervals only move forward, so the walk stops as soon as it is below the interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from terminal.payment.counters import Counters, CouponCounters, TerminalCounters
from terminal.payment.coupon import CouponId
from terminal.payment.spend import SpendId

if TYPE_CHECKING:
    import apsw

    from terminal.journal.custody import Custody
    from terminal.journal.head import Head

_READ: Final = """SELECT digest, high, last_entry, last_from, last_amount, last_sale,
    accepted_minor, count, consecutive, host_contacts FROM coupon WHERE id = ?"""
_STORE: Final = """INSERT INTO coupon(id, data, digest, high, last_entry, last_from, last_amount,
        last_sale, accepted_minor, count, consecutive, host_contacts)
    VALUES (?,?,?,?,?,?,?,?,?,?,?,?)
    ON CONFLICT(id) DO UPDATE SET data = coalesce(excluded.data, data), digest = excluded.digest,
        high = excluded.high, last_entry = excluded.last_entry, last_from = excluded.last_from,
        last_amount = excluded.last_amount, last_sale = excluded.last_sale,
        accepted_minor = excluded.accepted_minor, count = excluded.count,
        consecutive = excluded.consecutive, host_contacts = excluded.host_contacts"""
_STEP: Final = "SELECT spend_from, amount, previous FROM entry WHERE idx = ?"


def key_of(coupon_id: CouponId) -> int:
    """The row's integer key: issuer (16 bits), then serial (32 bits)."""
    return coupon_id.issuer << 32 | coupon_id.serial


def read_counters(
    connection: apsw.Connection, coupon_id: CouponId, head: Head, custody: Custody
) -> Counters:
    """The counters that a decision on this coupon needs."""
    terminal = TerminalCounters(
        unsynced_minor=head.sum_minor - custody.sum_minor,
        unsynced_count=head.sum_count - custody.sum_count,
        host_contacts=custody.contacts,
        last_host_contact_unix_s=custody.contact_unix_s,
        nonce_only=custody.nonce_only,
    )
    row = connection.execute(_READ, (key_of(coupon_id),)).fetchone()
    if row is None:
        return Counters(None, terminal)
    digest, high, entry, from_minor, amount, sale, accepted, count, consecutive, contacts = row
    coupon = CouponCounters(
        high_minor=high,
        last=SpendId(coupon_id, from_minor, amount),
        last_entry=entry,
        last_sale=sale,
        coupon_digest=digest,
        accepted_minor=accepted,
        count=count,
        consecutive=consecutive,
        host_contacts=contacts,
    )
    return Counters(coupon, terminal)


def store_counters(
    connection: apsw.Connection, counters: Counters, coupon_bytes: bytes | None
) -> None:
    """Store a coupon's counters, and its bytes where they came along."""
    coupon = counters.coupon
    assert coupon is not None, "an acceptance always has a coupon"
    connection.execute(
        _STORE,
        (
            key_of(coupon.last.coupon),
            coupon_bytes,
            coupon.coupon_digest,
            coupon.high_minor,
            coupon.last_entry,
            coupon.last.from_minor,
            coupon.last.amount_minor,
            coupon.last_sale,
            coupon.accepted_minor,
            coupon.count,
            coupon.consecutive,
            coupon.host_contacts,
        ),
    )


def read_coupon(connection: apsw.Connection, coupon_id: CouponId) -> bytes | None:
    """The coupon's exact bytes, or None where it was never accepted here with them."""
    row = connection.execute(
        "SELECT data FROM coupon WHERE id = ?", (key_of(coupon_id),)
    ).fetchone()
    return None if row is None else row[0]


def find_spend(connection: apsw.Connection, spend_id: SpendId) -> int | None:
    """The entry that accepted exactly this interval of the coupon."""
    row = connection.execute(
        "SELECT last_entry FROM coupon WHERE id = ?", (key_of(spend_id.coupon),)
    ).fetchone()
    index = None if row is None else row[0]
    while index is not None:
        step = connection.execute(_STEP, (index,)).fetchone()
        if step is None or step[0] < spend_id.from_minor:
            return None
        if (step[0], step[1]) == (spend_id.from_minor, spend_id.amount_minor):
            return int(index)
        index = step[2]
    return None
