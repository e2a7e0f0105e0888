"""Ours and the peers' modems behind one face: payload to burst, what was heard to payloads.

Peers are run when they are installed: ggwave (its Python package) and minimodem (its program).
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import subprocess
import tempfile
import wave
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from terminal.acoustic import MODES, FrameReceived, Mode, Receiver, modulate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from terminal.ports import Samples

RATE_HZ: Final = 48_000
GGWAVE_PROTOCOLS: Final = {"normal": 0, "fast": 1, "fastest": 2}
GGWAVE_BLOCK: Final = 1024
MINIMODEM_LIMIT_S: Final = 30


class Modem(Protocol):
    """One way of sending bytes by sound, at 48 kHz."""

    def burst(self, payload: bytes) -> NDArray[np.float64]:
        """The samples sent, shape ``(n,)``, any level."""
        ...

    def heard(self, sound: Samples, size: int, rate_hz: int) -> list[bytes]:
        """Payloads found in a sound, in order; ``size`` is told to those that must know it."""
        ...


class Ours:
    """A mode of ``terminal.acoustic``, listened for alone; the size is not told."""

    def __init__(self, mode: Mode) -> None:
        self.mode = mode

    def burst(self, payload: bytes) -> NDArray[np.float64]:
        return modulate(payload, self.mode).astype(np.float64)

    def heard(self, sound: Samples, size: int, rate_hz: int) -> list[bytes]:  # noqa: ARG002 - a receiver is not told the size
        receiver = Receiver([self.mode], rate_hz)
        events = receiver.receive(sound) + receiver.flush()
        return [event.payload for event in events if isinstance(event, FrameReceived)]


class Ggwave:
    """ggwave, with its markers or at a fixed length both ends know (64 bytes at most)."""

    def __init__(self, protocol: str, *, fixed: bool) -> None:
        self._library: Any = importlib.import_module("ggwave")
        self._library.disableLog()
        self._protocol, self._fixed = GGWAVE_PROTOCOLS[protocol], fixed

    def _instance(self, size: int, rate_hz: int = RATE_HZ) -> Any:
        settings = dict(self._library.getDefaultParameters())
        settings["sampleRateInp"] = rate_hz
        settings["payloadLength"] = size if self._fixed else -1
        return self._library.init(settings)

    def burst(self, payload: bytes) -> NDArray[np.float64]:
        instance = self._instance(len(payload))
        wave_bytes = self._library.encode(payload, self._protocol, 50, instance)
        self._library.free(instance)
        return np.frombuffer(wave_bytes, np.float32).astype(np.float64)

    def heard(self, sound: Samples, size: int, rate_hz: int) -> list[bytes]:
        instance = self._instance(size, rate_hz)
        found = []
        padded = np.concatenate([sound, np.zeros(16 * GGWAVE_BLOCK, np.float32)])
        for place in range(0, len(padded) - GGWAVE_BLOCK + 1, GGWAVE_BLOCK):
            got = self._library.decode(instance, padded[place : place + GGWAVE_BLOCK].tobytes())
            if got:
                found.append(bytes(got[:size]))
        self._library.free(instance)
        return found


class Minimodem:
    """minimodem at so many baud; what it prints is searched for the payload."""

    def __init__(self, baud: str) -> None:
        self._baud = baud

    def _run(self, words: list[str], given: bytes) -> bytes:
        done = subprocess.run(
            ["minimodem", *words, self._baud],
            input=given, capture_output=True, timeout=MINIMODEM_LIMIT_S, check=False,
        )  # fmt: skip
        return done.stdout

    def burst(self, payload: bytes) -> NDArray[np.float64]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sent.wav"
            self._run(["--tx", "-8", "--samplerate", str(RATE_HZ), "--file", str(path)], payload)
            with wave.open(str(path), "rb") as file:
                samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return samples / 32768.0

    def heard(self, sound: Samples, size: int, rate_hz: int) -> list[bytes]:
        text = self.printed(sound, rate_hz)
        return [text[at : at + size] for at in range(max(len(text) - size + 1, 0))]

    def printed(self, sound: Samples, rate_hz: int) -> bytes:
        """Everything it prints when it hears this."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "heard.wav"
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(rate_hz)
                scaled = sound / max(float(np.abs(sound).max()), 1e-9)
                file.writeframes(np.rint(30_000 * scaled).astype(np.int16).tobytes())
            return self._run(["--rx", "-8", "--quiet", "--file", str(path)], b"")


def _design(name: str, model: str, **numbers: Any) -> Mode:
    return replace(MODES[model], name=name, number=9, **numbers)


DESIGNS: Final = {
    mode.name: mode
    for mode in (
        _design("16-FSK 2.7 ms", "robust", symbol_samples=128, first_cycle=3, comb_count=1,
                parity_rule=(4, 43, 100)),
        _design("16-FSK 5.3 ms", "robust", symbol_samples=256, first_cycle=6, comb_count=1,
                parity_rule=(4, 43, 100)),
        _design("32-FSK 5.3 ms rate 3/4", "counter", parity_rule=(4, 30, 100)),
        _design("32-FSK 5.3 ms rate 5/9", "counter", parity_rule=(4, 75, 100)),
        _design("32-FSK 4 ms", "counter", symbol_samples=192, first_cycle=4),
        _design("32-FSK 8 ms", "counter", symbol_samples=384, first_cycle=9),
        _design("64-FSK 10.7 ms", "counter", symbol_samples=512, symbol_bits=6, first_cycle=12,
                start_tones=tuple(2 * tone for tone in MODES["counter"].start_tones),
                end_tones=tuple(2 * tone for tone in MODES["counter"].end_tones)),
    )
}  # fmt: skip
"""Modes that were not chosen, for the table of designs; no transmitter sends them."""


PEERS: Final = ("ggwave", "minimodem")


def is_peer(name: str) -> bool:
    """Whether this is somebody else's modem."""
    return name.startswith(PEERS)


def missing_peers() -> list[str]:
    """Peers that cannot be run here."""
    return [name for name in PEERS if not installed(name)]


def installed(name: str) -> bool:
    """Whether the modem of this name can be run here."""
    if name.startswith("ggwave"):
        return importlib.util.find_spec("ggwave") is not None
    return not name.startswith("minimodem") or shutil.which("minimodem") is not None


@lru_cache(maxsize=32)
def modem(name: str) -> Modem:
    """A mode, a design, or ``ggwave [fixed] <protocol>``, ``minimodem <baud>``."""
    if name in MODES or name in DESIGNS:
        return Ours((dict(MODES) | DESIGNS)[name])
    words = name.split()
    if words[0] == "ggwave":
        return Ggwave(words[-1], fixed="fixed" in words)
    assert words[0] == "minimodem"
    return Minimodem(words[1])
