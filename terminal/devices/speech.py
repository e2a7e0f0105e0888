"""The voice: espeak-ng as a subprocess, its WAV turned into 48 kHz float samples.

Mandarin uses the voice ``cmn-latn-pinyin``: espeak-ng 1.51 translates characters into pinyin, and
its plain ``cmn`` voice then reads rarer syllables as English letters and says the tone as a digit
(``docs/adr/0042-mandarin-voice.md``). The text goes in on standard input, so no text can become an
option. Source of the WAV layout: RFC 2361 and the espeak-ng manual; the stream's length fields are
not to be trusted, since espeak-ng writes them before it knows the length.
"""

from __future__ import annotations

import subprocess
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from terminal.errors import DecodeError, DeviceError
from terminal.ports import Samples

SAMPLE_RATE_HZ: Final = 48_000
VOICES: Final = MappingProxyType({"en": "en-gb", "zh": "cmn-latn-pinyin"})
"""espeak-ng voice by BCP 47 language."""

MAX_TEXT_CHARS: Final = 400
MAX_SPEECH_S: Final = 60
MIN_RATE_HZ: Final = 8_000
_TIMEOUT_S: Final = 10
_WORDS_PER_MINUTE: Final = 155
_PEAK: Final = 0.8
_HEADER_BYTES: Final = 44
_REMEDY: Final = "install it with: apt-get install espeak-ng"


class EspeakSpeech:
    """``terminal.ports.Speech`` by espeak-ng; ``program`` is its name or path."""

    def __init__(self, program: str = "espeak-ng") -> None:
        self._program = program

    def render(self, text: str, language: str) -> Samples:
        """``text`` (at most ``MAX_TEXT_CHARS``) as float32 (n,) at 48 kHz, peak at most 1.

        Raises:
            DeviceError: espeak-ng is absent, has no voice for the language, or failed.
        """
        voice = VOICES.get(language)
        if voice is None:
            raise DeviceError("voice", f"no voice for {language!r}", f"use {', '.join(VOICES)}")
        try:
            return resample(*decode_wav(self._wav(text[:MAX_TEXT_CHARS], voice)))
        except DecodeError as error:
            raise DeviceError(
                "voice", f"{self._program} gave no sound ({error})", _REMEDY
            ) from error

    def _wav(self, text: str, voice: str) -> bytes:
        command = [self._program, "-v", voice, "-s", str(_WORDS_PER_MINUTE), "--stdin", "--stdout"]
        try:
            done = subprocess.run(
                command,
                input=text.encode(),
                capture_output=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except FileNotFoundError:
            raise DeviceError("voice", f"{self._program} is not installed", _REMEDY) from None
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DeviceError("voice", f"{self._program} failed ({error})", _REMEDY) from error
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            problem = said[0] if said else f"{self._program} ended with {done.returncode}"
            raise DeviceError("voice", problem, f"check the voice {voice!r}, or {_REMEDY}")
        return done.stdout


def decode_wav(wav: bytes) -> tuple[NDArray[np.float64], int]:
    """Samples, float64 (n,), full scale at 1.0, and samples a second of a 16-bit mono WAV.

    Raises:
        DecodeError: not a WAV of that kind with its 44-byte header.
    """
    head, body = wav[:_HEADER_BYTES], wav[_HEADER_BYTES:]
    if len(head) < _HEADER_BYTES or head[:4] != b"RIFF" or head[8:16] != b"WAVEfmt ":
        raise DecodeError("wav.header", "not a WAV with a format first")
    if head[20:24] != b"\x01\x00\x01\x00" or head[34:40] != b"\x10\x00data":
        raise DecodeError("wav.format", "not 16-bit mono PCM")
    sample_rate_hz = int.from_bytes(head[24:28], "little")
    if not MIN_RATE_HZ <= sample_rate_hz <= SAMPLE_RATE_HZ:
        raise DecodeError("wav.sample_rate", f"{sample_rate_hz} Hz is not a voice's")
    samples = np.frombuffer(body[: len(body) & ~1], dtype="<i2").astype(np.float64) / 32768
    return samples, sample_rate_hz


def resample(samples: NDArray[np.float64], sample_rate_hz: int) -> Samples:
    """Band-limited change to 48 kHz in the frequency domain, scaled to a peak of 0.8.

    Silence is added first, so that the transform's wrap-around falls into it. At most
    ``MAX_SPEECH_S`` are kept.
    """
    samples = samples[: MAX_SPEECH_S * sample_rate_hz]
    loudest = float(np.max(np.abs(samples), initial=0.0))
    if loudest == 0.0:
        return np.zeros(0, dtype=np.float32)
    # A whole number of tenths of a second is a whole number of samples at both rates (22.05 kHz).
    tenths = -(-samples.size * 10 // sample_rate_hz) + 1
    padded = np.zeros(tenths * sample_rate_hz // 10)
    padded[: samples.size] = samples
    wanted = tenths * SAMPLE_RATE_HZ // 10
    spectrum = np.zeros(wanted // 2 + 1, dtype=np.complex128)
    given = fft.rfft(padded)
    count = min(given.size, spectrum.size)
    spectrum[:count] = given[:count]
    sound = fft.irfft(spectrum, wanted)
    return np.asarray(_PEAK / np.max(np.abs(sound)) * sound, dtype=np.float32)
