"""Every transfer balances, and what is covered, overlaps or is left adds up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from host_sim import ledger
from host_sim.model import PaidSpend

LIMIT = 60
INTERVALS = st.lists(
    st.tuples(st.integers(0, LIMIT - 1), st.integers(1, LIMIT)).map(
        lambda pair: (pair[0], min(LIMIT, pair[0] + pair[1]))
    ),
    max_size=8,
)


def points(intervals: list[tuple[int, int]]) -> set[int]:
    return {at for start, stop in intervals for at in range(start, stop)}


@given(INTERVALS)
def test_gaps_are_exactly_what_no_interval_covers(intervals: list[tuple[int, int]]) -> None:
    left = points(list(ledger.gaps(LIMIT, intervals)))
    assert left == set(range(LIMIT)) - points(intervals)


@given(INTERVALS, st.integers(0, LIMIT - 1), st.integers(1, LIMIT))
def test_overlap_counts_each_unit_once(
    intervals: list[tuple[int, int]], start: int, length: int
) -> None:
    found = ledger.overlap_minor(start, start + length, intervals)
    assert found == len(points(intervals) & set(range(start, start + length)))


@given(st.integers(1, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_an_overlap_is_claimed_from_the_holder_and_the_merchant_gets_all(
    amount: int, overlap: int, unix_s: int
) -> None:
    overlap = min(overlap, amount)
    spend = PaidSpend(1, 2, 0, amount, 11, 1, 0, bytes(32), b"", bytes(32))
    sides = {
        posting.account: posting.amount_minor
        for posting in ledger.paid(spend, overlap, "stall", 156, unix_s).postings
    }
    assert sum(sides.values()) == 0
    assert sides["merchant:stall"] == -amount
    assert sides.get("claim:1/2", 0) == overlap


def test_the_same_cause_has_the_same_id_and_another_has_another() -> None:
    first = ledger.sold(1, 2, 100, 156, unix_s=5)
    assert ledger.sold(1, 2, 100, 156, unix_s=9).transfer == first.transfer
    assert ledger.sold(1, 3, 100, 156, unix_s=5).transfer != first.transfer
    assert ledger.gap_returned(1, 2, 0, 100, 156, 5).transfer != first.transfer
