"""``play`` to a file and ``listen`` to it: the same bytes, and clear words for anything else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from terminal.cli import main
from terminal.cli.sound import read_wav
from terminal.errors import DecodeError

Capture = pytest.CaptureFixture[str]
PAYLOAD = "6b756d71756174"


def test_what_was_played_is_heard(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "burst.wav"
    assert main(["play", PAYLOAD, "--file", str(file)]) == 0
    assert "7 bytes in mode counter" in capsys.readouterr().out
    assert main(["listen", str(file), "--mode", "counter"]) == 0
    assert capsys.readouterr().out.split() == [PAYLOAD]


def test_what_was_heard_is_one_value_a_line_in_json(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "burst.wav"
    main(["play", PAYLOAD, "--file", str(file), "--json"])
    played = json.loads(capsys.readouterr().out)
    assert (played["event"], played["bytes"]) == ("played", 7)
    assert main(["listen", str(file), "--mode", "counter", "--once", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-1]["event"] == "FrameReceived"
    assert events[-1]["payload"] == PAYLOAD


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
