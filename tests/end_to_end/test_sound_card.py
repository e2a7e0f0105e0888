"""Sound through real devices: ``sounddevice`` in child processes on the virtual sound card."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from host_sim.world.recording import trim
from host_sim.world.sound_card import VirtualSoundCard
from terminal.acoustic import FrameReceived, Receiver, modulate
from terminal.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.ports import Samples

pytestmark = pytest.mark.end_to_end

ROOT = Path(__file__).parents[2]
CHILD = Path(__file__).with_name("sound_child.py")
DEADLINE_S = 30.0
RAMP = ((np.arange(48_000) % 9_973 + 1) / 16_384).astype(np.float32)
"""A second in which neighbouring samples and blocks all differ, and none is silent."""


@pytest.fixture(scope="module")
def card() -> Iterator[VirtualSoundCard]:
    with VirtualSoundCard(("stall_air", "back")) as started:
        yield started


@contextmanager
def child(card: VirtualSoundCard, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A child on the card, ready; ended by its id whatever happens."""
    process = subprocess.Popen(
        [sys.executable, str(CHILD), *map(str, arguments)],
        env={**card.env, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def result(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    value = json.loads(process.stdout.readline())
    process.wait(DEADLINE_S)
    return value


def play(card: VirtualSoundCard, samples: Samples, tmp_path: Path) -> None:
    """Through ``Speaker`` in a child."""
    np.save(tmp_path / "sound.npy", samples)
    with child(card, "play", card.speaker("stall_air"), tmp_path / "sound.npy") as process:
        assert process.wait(DEADLINE_S) == 0


def payloads(samples: Samples) -> list[bytes]:
    events = Receiver(["counter"]).receive(np.pad(samples, 24_000))
    return [event.payload for event in events if isinstance(event, FrameReceived)]


def test_what_a_speaker_plays_a_recorder_keeps_to_the_sample(
    card: VirtualSoundCard, tmp_path: Path
) -> None:
    recorder = card.record("stall_air")
    play(card, RAMP, tmp_path)
    assert recorder.wait_for_sound(DEADLINE_S)
    assert np.array_equal(trim(recorder.stop()), RAMP)


def test_what_is_played_back_a_microphone_hears_to_the_sample(
    card: VirtualSoundCard, tmp_path: Path
) -> None:
    with child(card, "hear", card.microphone("stall_air"), 3, tmp_path / "heard.npy") as ear:
        card.play(RAMP, "stall_air")
        assert result(ear) == {"dropped": 0, "fault": ""}
    assert np.array_equal(trim(np.load(tmp_path / "heard.npy")), RAMP)


def test_a_burst_of_one_process_is_received_by_another(
    card: VirtualSoundCard, tmp_path: Path
) -> None:
    payload = bytes(range(80))
    with child(card, "receive", card.microphone("stall_air"), 10) as ear:
        play(card, modulate(payload, "counter"), tmp_path)
        assert result(ear) == {"payload": payload.hex()}


def test_a_recorded_burst_played_again_says_the_same(
    card: VirtualSoundCard, tmp_path: Path
) -> None:
    first = card.record("stall_air")
    play(card, modulate(b"pay me once", "counter"), tmp_path)
    assert first.wait_for_sound(DEADLINE_S)
    kept = trim(first.stop())
    second = card.record("stall_air")
    card.play(kept, "stall_air")
    assert second.wait_for_sound(DEADLINE_S)
    again = trim(second.stop())
    assert np.array_equal(kept, again)
    assert payloads(kept) == payloads(again) == [b"pay me once"]


def test_sounds_on_one_sink_are_not_heard_on_another(card: VirtualSoundCard) -> None:
    elsewhere = card.record("back")
    card.play(RAMP[:4_800], "stall_air")
    assert not np.any(elsewhere.stop())


def test_sound_lost_to_a_slow_reader_is_the_oldest_and_is_counted(
    card: VirtualSoundCard, tmp_path: Path
) -> None:
    """The ear naps while the sound starts, so its queue of 0.1 s drops the oldest."""
    with child(card, "starve", card.microphone("stall_air"), 2, tmp_path / "heard.npy") as ear:
        recorder = card.record("stall_air")
        card.play(np.tile(RAMP, 2), "stall_air")
        counted = result(ear)["dropped"]
        recorder.stop()
    heard = np.load(tmp_path / "heard.npy")
    sounding = trim(heard)
    missing = 96_000 - sounding.size
    assert np.array_equal(sounding, np.tile(RAMP, 2)[missing:]), "only the oldest is dropped"
    assert missing < counted, "the silence before the sound was dropped too"
    assert counted % 480 == 0


def test_the_probes_tell_silence_sound_and_absence_apart(card: VirtualSoundCard) -> None:
    with child(card, "probe", card.microphone("stall_air"), card.speaker("stall_air")) as doctor:
        assert doctor.stdout is not None
        silent, loop, deaf, absent = (json.loads(doctor.stdout.readline()) for _ in range(4))
    assert "digital silence" in silent["fault"]
    assert (loop["fault"], round(loop["level"])) == (None, -12)
    assert "not heard" in deaf["fault"]
    assert "no such input device" in absent["fault"]


def test_a_card_that_goes_away_is_a_device_error_within_seconds(tmp_path: Path) -> None:
    with (
        VirtualSoundCard(("air",)) as lost,
        child(lost, "hear", lost.microphone("air"), 20, tmp_path / "heard.npy") as ear,
    ):
        os.kill(lost.pid, signal.SIGTERM)
        assert "stopped delivering sound" in result(ear)["fault"]


def test_a_microphone_plugged_in_again_is_heard_again() -> None:
    with (
        VirtualSoundCard(("air",)) as card,  # with another, the server would move the stream
        child(card, "survive", card.microphone("air"), 30) as ear,
    ):
        assert ear.stdout is not None
        card.unplug("air")
        assert "stopped delivering sound" in json.loads(ear.stdout.readline())["fault"]
        card.plug("air")
        assert ear.stdout.readline() == "ready\n"


def test_nothing_is_left_running_or_lying_about() -> None:
    with VirtualSoundCard(("air",)) as card:
        pid, home = card.pid, Path(card.variables["PULSE_RUNTIME_PATH"])
        recorder = card.record("air")
        assert home.is_dir()
    assert recorder.samples().size, "a recording outlives the card"
    assert not home.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_sink_that_does_not_exist_is_refused(card: VirtualSoundCard) -> None:
    with pytest.raises(DeviceError, match="no sink 'nowhere'"):
        card.record("nowhere")
