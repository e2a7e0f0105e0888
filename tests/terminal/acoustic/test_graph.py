"""The chords that are kept are those that both ends would find."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.acoustic.chords import code_sizes
from terminal.acoustic.graph import Draws, _kept_chords, build_graph, find_chords

QUICK_SYMBOLS_MAX = 300


def sizes() -> list[tuple[int, int, int]]:
    """Some of those that are found quickly, and the longest."""
    quick = [size for size in code_sizes() if size[1] + size[2] < QUICK_SYMBOLS_MAX]
    return [*random.Random(7).sample(quick, 12), max(code_sizes(), key=lambda size: size[1])]


@pytest.mark.parametrize("size", sizes())
def test_kept_chords_are_those_that_the_search_finds(size: tuple[int, int, int]) -> None:
    graph, chords = build_graph(*size), find_chords(*size)
    assert (graph.near[: size[1]] == chords[:, 0]).all()
    assert (graph.far[: size[1]] == chords[:, 1]).all()


def test_every_length_of_every_mode_is_kept() -> None:
    assert sorted(_kept_chords()) == code_sizes()


def test_a_size_that_no_mode_uses_is_found_when_asked_for() -> None:
    assert (5, 8, 9) not in code_sizes()
    assert build_graph(5, 8, 9).symbol_count == 17


@given(st.integers(0, 2**32 - 1), st.integers(1, 65_536), st.integers(0, 2_000))
def test_numbers_drawn_at_once_are_those_drawn_one_by_one(
    seed: int, limit: int, count: int
) -> None:
    at_once, one_by_one = Draws(seed), Draws(seed)
    numbers = at_once.all_below(limit, count)
    assert numbers.tolist() == [one_by_one.below(limit) for _ in range(count)]
    assert at_once.below(limit) == one_by_one.below(limit)
