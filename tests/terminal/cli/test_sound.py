"""``play`` to a file and ``listen`` to it: the same bytes, and clear words for anything else."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from terminal.acoustic import FrameReceived, modulate
from terminal.cli import main
from terminal.cli.sound import read_wav
from terminal.cli.sound_plot import Recording
from terminal.errors import DecodeError

Capture = pytest.CaptureFixture[str]
PAYLOAD = "6b756d71756174"


def test_what_was_played_is_heard(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "burst.wav"
    assert main(["play", PAYLOAD, "--file", str(file)]) == 0
    assert "7 bytes in mode counter" in capsys.readouterr().out
    assert main(["listen", str(file), "--mode", "counter"]) == 0
    out, err = capsys.readouterr()
    assert out.split() == [PAYLOAD]
    *_, said = re.findall(r"(\w+), SNR +(-?[\d.]+) dB, (\d+) bit/s, 7 bytes", err)
    assert (said[0], int(said[2])) == ("counter", round(7 * 8 * 48_000 / read_wav(file).size))
    assert float(said[1]) > 5
    assert re.search(r"level +-\d+\.\d dBFS, peak +-?\d+\.\d dBFS", err)


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="matplotlib is not installed")
def test_what_was_received_is_drawn_each_frame_in_its_band(tmp_path: Path) -> None:
    pictures = []
    for amount, name in enumerate(("none.wav", "one.wav")):
        burst = np.rint(8000 * amount * modulate(b"drawn", "counter")).astype(np.int16)
        wavfile.write(tmp_path / name, 48_000, burst)
        picture = tmp_path / f"{name}.png"
        assert (
            main(["listen", str(tmp_path / name), "--mode", "counter", "--plot", str(picture)])
            == 1 - amount
        )
        pictures.append(picture.read_bytes())
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    assert pictures[0] != pictures[1]


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="matplotlib is not installed")
def test_the_recording_to_draw_keeps_the_newest_sound_and_its_frames_alone() -> None:
    recording = Recording(keep_s=1.0)
    early, late = (FrameReceived(b"x", "counter", 9.0, at, at + 9_600) for at in (0, 96_000))
    for number in range(30):
        recording.add(
            np.zeros(4_800, np.float32), [early] * (number == 1) + [late] * (number == 29)
        )
    assert recording.frames == [late]
    assert 1.0 <= recording.seconds < 1.2


def test_a_picture_that_cannot_be_written_is_one_clear_line(
    tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "burst.wav"
    main(["play", PAYLOAD, "--file", str(file)])
    capsys.readouterr()
    words = ["listen", str(file), "--mode", "counter", "--plot", "/nowhere/at/all.png"]
    assert main(words) == 69
    assert "kumquat: " in capsys.readouterr().err.splitlines()[-1]


def test_what_was_heard_is_one_value_a_line_in_json(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "burst.wav"
    main(["play", PAYLOAD, "--file", str(file), "--json"])
    played = json.loads(capsys.readouterr().out)
    assert (played["event"], played["bytes"]) == ("played", 7)
    assert main(["listen", str(file), "--mode", "counter", "--once", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-1]["event"] == "FrameReceived"
    assert events[-1]["payload"] == PAYLOAD
    assert 0 < events[-1]["bits_per_s"] < 1_000


def test_a_file_without_a_burst_ends_with_one(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "silence.wav"
    wavfile.write(file, 48_000, np.zeros(48_000, dtype=np.int16))
    assert main(["listen", str(file), "--mode", "counter"]) == 1
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (["play", "xyz"], 65),
        (["play", ""], 65),
        (["play", "00" * 256], 65),
        (["play", "00", "--mode", "shout"], 65),
        (["play", "00", "--file", "/nowhere/at/all.wav"], 69),
        (["listen", "/nowhere/at/all.wav"], 69),
        (["listen", "--mode", "shout"], 65),
    ],
    ids=lambda value: " ".join(value)[:24] if isinstance(value, list) else None,
)
def test_what_cannot_be_is_one_clear_line(
    words: list[str], exit_code: int, capsys: Capture
) -> None:
    assert main(words) == exit_code
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert err.startswith("kumquat: ")


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not a sound at all" * 10])
def test_a_file_that_is_no_sound_is_refused(
    tmp_path: Path, content: bytes, capsys: Capture
) -> None:
    file = tmp_path / "file.wav"
    file.write_bytes(content)
    assert main(["listen", str(file)]) == 65
    assert "is not a WAV file" in capsys.readouterr().err


def test_another_sample_rate_is_refused_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "slow.wav"
    wavfile.write(file, 22_050, np.zeros(100, dtype=np.int16))
    with pytest.raises(DecodeError, match="convert it to 48000 Hz"):
        read_wav(file)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32, np.float32])
def test_every_common_kind_of_sample_is_read_at_full_scale(tmp_path: Path, kind: type) -> None:
    file = tmp_path / "full.wav"
    full = np.array([1.0, 1.0]) if kind is np.float32 else np.full(2, np.iinfo(kind).max)
    wavfile.write(file, 48_000, np.column_stack([full, full]).astype(kind))
    assert read_wav(file) == pytest.approx([1.0, 1.0], abs=0.01)
