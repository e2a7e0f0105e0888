"""The vectors of tests/vectors/acoustic: frames are made and heard as they were written down."""

from __future__ import annotations

import hashlib
import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from terminal.acoustic import MODES, FrameReceived, Receiver, modulate
from terminal.acoustic.frame import frame_tones

LONG_SAMPLES = 200_000
FOLDER = Path(__file__).parents[2] / "vectors" / "acoustic"
DOCUMENT = json.loads((FOLDER / "bursts.json").read_text("utf-8"))


def test_the_vectors_say_where_they_come_from() -> None:
    assert "make.py" in DOCUMENT["origin"]
    assert {vector["mode"] for vector in DOCUMENT["vectors"]} == set(MODES)


def _vector(vector: dict[str, Any]) -> Any:
    """A case; the slow modes' long bursts are slow tests."""
    long = vector["sample_count"] > LONG_SAMPLES
    name = f"{vector['mode']}-{vector['tones'][8]}"
    return pytest.param(vector, marks=[pytest.mark.slow] if long else [], id=name)


@pytest.mark.parametrize("vector", [_vector(vector) for vector in DOCUMENT["vectors"]])
def test_a_burst_is_made_as_written_down(vector: dict[str, Any]) -> None:
    payload = bytes.fromhex(vector["payload_hex"])
    mode = MODES[vector["mode"]]
    assert frame_tones(payload, mode).tolist() == vector["tones"]
    samples = np.rint(modulate(payload, mode).astype(np.float64) * 32767).astype("<i2")
    assert len(samples) == vector["sample_count"]
    assert samples[:8].tolist() == vector["first_samples"]
    # The last bit of a cosine may differ between machines: compare within one step of 16 bits.
    assert _from_cycles(vector, mode.symbol_samples, mode.ramp_samples) == pytest.approx(
        samples.astype(float), abs=1
    )
    if hashlib.sha256(samples.tobytes()).hexdigest() != vector["samples_sha256"]:
        pytest.fail("same tones, other samples: say so in docs/protocol/acoustic.md")


def _from_cycles(vector: dict[str, Any], width: int, ramp: int) -> Any:
    """The samples straight from the cycles, as the protocol's text has them."""
    n = np.arange(width)
    burst = np.concatenate([np.cos(2 * np.pi * (k * n % width) / width) for k in vector["cycles"]])
    rise = np.sin(np.pi * (np.arange(ramp) + 0.5) / (2 * ramp)) ** 2
    burst[:ramp] *= rise
    burst[-ramp:] *= rise[::-1]
    return 32767 * burst


@pytest.mark.parametrize("name", MODES)
def test_a_recording_is_heard(name: str) -> None:
    with wave.open(str(FOLDER / f"{name}_kumquat.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 48_000)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)
    receiver = Receiver()
    events = receiver.receive(samples) + receiver.flush()
    heard = [event for event in events if isinstance(event, FrameReceived)]
    assert [(event.payload, event.mode) for event in heard] == [(b"Kumquat", name)]
