"""The voice: real speech where espeak-ng is installed, one clear line where it is not."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.devices.speech import (
    SAMPLE_RATE_HZ,
    EspeakSpeech,
    decode_wav,
    resample,
)
from terminal.errors import DecodeError, DeviceError

ESPEAK = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng not installed")


def wav_of(samples: list[int], sample_rate_hz: int = 22_050) -> bytes:
    body = np.array(samples, dtype="<i2").tobytes()
    rates = sample_rate_hz.to_bytes(4, "little") + (2 * sample_rate_hz).to_bytes(4, "little")
    head = b"RIFF\x00\xf0\xff\x7fWAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00" + rates
    return head + b"\x02\x00\x10\x00data\x00\xf0\xff\x7f" + body


def script(path: Path, text: str) -> str:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@ESPEAK
@pytest.mark.parametrize(
    ("text", "language"),
    [("Accepted, twelve yuan fifty.", "en"), ("已收款，十二元五角。", "zh")],
)
def test_a_phrase_becomes_sound(text: str, language: str) -> None:
    sound = EspeakSpeech().render(text, language)
    assert sound.dtype == np.float32
    assert sound.ndim == 1
    assert 1.0 <= sound.size / SAMPLE_RATE_HZ <= 6.0
    assert 0.5 <= float(np.max(np.abs(sound))) <= 1.0


@ESPEAK
def test_mandarin_is_not_read_as_english_letters() -> None:
    """The plain ``cmn`` voice says 款 as "kwan three": twice as long as two syllables are."""
    speech = EspeakSpeech()
    common, rarer = (speech.render(text, "zh").size for text in ("收到", "收款"))
    assert rarer < 1.5 * common


@ESPEAK
def test_no_text_can_become_an_option() -> None:
    plain = EspeakSpeech().render("--help", "en")
    assert plain.size > SAMPLE_RATE_HZ / 10


def test_without_espeak_it_says_what_to_install() -> None:
    with pytest.raises(DeviceError, match="apt-get install espeak-ng"):
        EspeakSpeech("no-such-espeak").render("hello", "en")


def test_a_language_without_a_voice_is_named() -> None:
    with pytest.raises(DeviceError, match="no voice for 'tlh'"):
        EspeakSpeech().render("hello", "tlh")


def test_a_voice_that_fails_tells_its_own_reason(tmp_path: Path) -> None:
    program = script(tmp_path / "espeak", "echo 'voice does not exist' >&2\nexit 1\n")
    with pytest.raises(DeviceError, match="voice does not exist"):
        EspeakSpeech(program).render("hello", "en")


def test_a_voice_that_gives_no_sound_is_a_fault(tmp_path: Path) -> None:
    program = script(tmp_path / "espeak", "cat >/dev/null\necho nothing\n")
    with pytest.raises(DeviceError, match="gave no sound"):
        EspeakSpeech(program).render("hello", "en")


def test_the_length_fields_of_a_stream_are_not_trusted() -> None:
    samples, sample_rate_hz = decode_wav(wav_of([0, 16384, -32768]))
    assert sample_rate_hz == 22_050
    assert samples.tolist() == [0.0, 0.5, -1.0]


@pytest.mark.parametrize(
    ("wav", "field"),
    [
        (b"", "wav.header"),
        (wav_of([])[:43], "wav.header"),
        (wav_of([]).replace(b"WAVE", b"AVI "), "wav.header"),
        (wav_of([]).replace(b"\x01\x00\x01\x00", b"\x01\x00\x02\x00"), "wav.format"),
        (wav_of([], 4_000), "wav.sample_rate"),
        (wav_of([], 96_000), "wav.sample_rate"),
    ],
)
def test_a_wav_of_another_kind_is_refused(wav: bytes, field: str) -> None:
    with pytest.raises(DecodeError) as refused:
        decode_wav(wav)
    assert refused.value.field == field


@given(st.sampled_from([8_000, 16_000, 22_050, 44_100, 48_000]), st.integers(100, 3_000))
def test_a_tone_keeps_its_pitch(sample_rate_hz: int, frequency_hz: int) -> None:
    time_s = np.arange(sample_rate_hz) / sample_rate_hz
    sound = resample(np.sin(2 * np.pi * frequency_hz * time_s), sample_rate_hz)
    assert float(np.max(np.abs(sound))) == pytest.approx(0.8, abs=1e-3)
    spectrum = np.abs(np.fft.rfft(sound[:SAMPLE_RATE_HZ].astype(np.float64)))
    assert int(np.argmax(spectrum)) == frequency_hz


def test_silence_stays_silence() -> None:
    assert resample(np.zeros(100), 22_050).size == 0
