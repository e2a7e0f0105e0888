"""What modulate promises to those who play it."""

from __future__ import annotations

import numpy as np
import pytest

from terminal.acoustic import MODES, modulate
from terminal.acoustic.frame import layout
from terminal.errors import DecodeError


@pytest.mark.parametrize("name", MODES)
def test_a_burst_is_float32_with_peak_at_most_one_and_low_crest(name: str) -> None:
    burst = modulate(bytes(range(85)), name)
    assert burst.dtype == np.float32
    assert np.abs(burst).max() <= 1
    crest_db = 10 * np.log10(np.abs(burst).max() ** 2 / np.mean(np.square(burst, dtype=float)))
    assert crest_db <= 3.1


@pytest.mark.parametrize("name", MODES)
def test_every_length_has_its_own_duration(name: str) -> None:
    mode = MODES[name]
    counts = [layout(mode, length).symbol_count for length in range(1, 256)]
    assert len(set(counts)) == 255
    for length in (1, 32, 255):
        assert len(modulate(bytes(length), mode)) == counts[length - 1] * mode.symbol_samples


@pytest.mark.parametrize("name", MODES)
def test_neighbouring_samples_never_jump_further_than_the_highest_tone_allows(name: str) -> None:
    mode = MODES[name]
    burst = modulate(bytes(33), mode).astype(float)
    steepest = 2 * np.sin(np.pi * mode.highest_hz / 48_000)
    assert np.abs(np.diff(burst)).max() <= steepest + 1e-6


def test_the_same_payload_gives_the_same_samples() -> None:
    assert np.array_equal(modulate(b"coupon", "counter"), modulate(b"coupon", MODES["counter"]))


@pytest.mark.parametrize("payload", [b"", bytes(256)])
def test_a_payload_of_no_or_too_many_bytes_is_refused(payload: bytes) -> None:
    with pytest.raises(DecodeError, match="payload"):
        modulate(payload, "counter")


def test_an_unknown_mode_is_refused_by_name() -> None:
    with pytest.raises(DecodeError, match="mode"):
        modulate(b"x", "shout")
