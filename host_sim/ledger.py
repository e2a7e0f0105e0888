"""Double entry: what each event of money posts, and under which id.

Accounts, debits positive: ``cash`` (what the host holds), ``coupon:<issuer>/<serial>`` (owed to the
holder until spent), ``merchant:<name>`` (owed to the merchant), ``refund:<issuer>/<serial>`` (given
back to the holder, not yet paid out), ``claim:<issuer>/<serial>`` (what a holder spent twice and
owes). Invariants: a transfer sums to nought in each currency; its id is a hash of its cause, so the
same cause posted twice is posted once; a balance is the sum of the postings and is stored nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from host_sim.model import PaidSpend, Posting, Transfer
from terminal.crypto import cbor

CASH: Final = "cash"
ID_BYTES: Final = 16


def coupon_account(issuer: int, serial: int) -> str:
    return f"coupon:{issuer}/{serial}"


def merchant_account(merchant: str) -> str:
    return f"merchant:{merchant}"


def refund_account(issuer: int, serial: int) -> str:
    return f"refund:{issuer}/{serial}"


def claim_account(issuer: int, serial: int) -> str:
    return f"claim:{issuer}/{serial}"


def cause_id(kind: str, *parts: int | bytes | str) -> bytes:
    """16 bytes that stand for one cause: SHA-256 over its CBOR, cut."""
    return sha256(cbor.encode([kind, *parts])).digest()[:ID_BYTES]


def transfer(
    kind: str, cause: bytes, unix_s: int, memo: str, currency: int, *sides: tuple[str, int]
) -> Transfer:
    """A transfer of (account, amount) sides in one currency; sides of nought are left out."""
    postings = tuple(Posting(account, currency, amount) for account, amount in sides if amount)
    assert sum(posting.amount_minor for posting in postings) == 0, "a transfer balances"
    return Transfer(cause, kind, unix_s, memo, postings)


def sold(issuer: int, serial: int, limit_minor: int, currency: int, unix_s: int) -> Transfer:
    """A coupon was sold: cash came in, and is owed to the holder."""
    return transfer(
        "sold",
        cause_id("sold", issuer, serial),
        unix_s,
        f"coupon {issuer}/{serial}",
        currency,
        (CASH, limit_minor),
        (coupon_account(issuer, serial), -limit_minor),
    )


def paid(
    spend: PaidSpend, overlap_minor: int, merchant: str, currency: int, unix_s: int
) -> Transfer:
    """A spend is owed to the merchant; the part spent before is claimed from the holder."""
    cause = cause_id(
        "paid", spend.issuer, spend.serial, spend.from_minor, spend.amount_minor, spend.terminal
    )
    return transfer(
        "paid",
        cause,
        unix_s,
        f"terminal {spend.terminal} epoch {spend.epoch} entry {spend.index}",
        currency,
        (coupon_account(spend.issuer, spend.serial), spend.amount_minor - overlap_minor),
        (claim_account(spend.issuer, spend.serial), overlap_minor),
        (merchant_account(merchant), -spend.amount_minor),
    )


def given_back(
    spend: PaidSpend, cause: bytes, amount_minor: int, merchant: str, currency: int, unix_s: int
) -> Transfer:
    """A refund or void: the merchant gives back, the holder is owed it outside the coupon."""
    return transfer(
        "returned",
        cause,
        unix_s,
        f"terminal {spend.terminal} epoch {spend.epoch} entry {spend.index}",
        currency,
        (merchant_account(merchant), amount_minor),
        (refund_account(spend.issuer, spend.serial), -amount_minor),
    )


def gap_returned(
    issuer: int, serial: int, start: int, stop: int, currency: int, unix_s: int
) -> Transfer:
    """An interval nobody spent, given back to the holder once nobody can any more."""
    return transfer(
        "gap",
        cause_id("gap", issuer, serial, start, stop),
        unix_s,
        f"coupon {issuer}/{serial} from {start} to {stop}",
        currency,
        (coupon_account(issuer, serial), stop - start),
        (refund_account(issuer, serial), start - stop),
    )


def paid_out(account: str, cause: bytes, amount_minor: int, currency: int, unix_s: int) -> Transfer:
    """What was owed on an account leaves in cash: a settlement, or a holder's refund."""
    return transfer(
        "paid-out",
        cause,
        unix_s,
        account,
        currency,
        (account, amount_minor),
        (CASH, -amount_minor),
    )


def covered(intervals: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The union of half-open intervals, merged and in order."""
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return tuple(merged)


def overlap_minor(start: int, stop: int, intervals: Iterable[tuple[int, int]]) -> int:
    """How much of [start, stop) the union of ``intervals`` already covers."""
    return sum(max(0, min(stop, end) - max(start, begin)) for begin, end in covered(intervals))


def gaps(limit_minor: int, intervals: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """What of [0, limit) no interval covers."""
    found, at = [], 0
    for start, stop in covered(intervals):
        if start > at:
            found.append((at, min(start, limit_minor)))
        at = max(at, stop)
    if at < limit_minor:
        found.append((at, limit_minor))
    return tuple(found)
