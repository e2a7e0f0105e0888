"""Frames keep their payload, and nothing else passes for one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.acoustic.frame import (
    air_values,
    code_order,
    frame_code,
    frame_payload,
    frame_tones,
    layout,
)
from terminal.acoustic.modes import MODES


@settings(deadline=None, max_examples=30)
@given(payload=st.binary(min_size=1, max_size=60), name=st.sampled_from(sorted(MODES)))
def test_a_frame_gives_back_its_payload(payload: bytes, name: str) -> None:
    mode, length = MODES[name], len(payload)
    shape = layout(mode, length)
    tones = frame_tones(payload, mode)
    assert len(tones) == shape.symbol_count
    coded = tones[shape.start_count : -shape.end_count]
    seen = np.eye(mode.tone_count, dtype=np.float32)[coded]
    symbols = code_order(seen, mode, length).argmax(axis=1)
    assert frame_payload(symbols, mode, length) == payload


@pytest.mark.parametrize("name", MODES)
def test_air_order_and_code_order_are_inverse(name: str) -> None:
    mode = MODES[name]
    count = layout(mode, 20).coded_count
    values = np.random.default_rng(1).normal(size=(count, mode.tone_count)).astype(np.float32)
    assert (air_values(code_order(values, mode, 20), mode, 20) == values).all()


@settings(deadline=None, max_examples=30)
@given(place=st.integers(0, 10_000), change=st.integers(1, 31))
def test_a_changed_symbol_fails_the_checksum(place: int, change: int) -> None:
    mode = MODES["counter"]
    shape = layout(mode, 20)
    seen = np.eye(32, dtype=np.float32)[frame_tones(bytes(20), mode)[8:-8]]
    symbols = code_order(seen, mode, 20).argmax(axis=1)
    symbols[place % shape.information_count] ^= change
    assert frame_payload(symbols, mode, 20) is None


def test_a_frame_of_another_length_or_mode_fails_the_checksum() -> None:
    mode = MODES["counter"]
    information = np.zeros(layout(mode, 20).information_count, np.int64)
    assert frame_payload(information, mode, 20) is None


def test_codes_are_built_once() -> None:
    assert frame_code(MODES["counter"], 9) is frame_code(MODES["counter"], 9)
