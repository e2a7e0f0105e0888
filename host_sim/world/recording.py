"""What the air carried, kept and played again: the attacker's tape recorder.

Recording goes through PulseAudio's ``parec`` and playing through ``pacat``, so both work from a
process whose own PortAudio never saw the virtual card. Samples are float32 at 48 kHz, one channel,
sample-exact both ways.
"""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Final

import numpy as np

from terminal.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from terminal.ports import Samples

SAMPLE_RATE_HZ: Final = 48_000
START_DEADLINE_S: Final = 15.0
STOP_DEADLINE_S: Final = 5.0
PAD_S: Final = 0.05
"""Silence around each sound: a stream loses its first few milliseconds while it is connected."""
RAW_FLAGS: Final = (
    "--raw",
    "--format=float32le",
    f"--rate={SAMPLE_RATE_HZ}",
    "--channels=1",
)
RECORD_LATENCY: Final = "--latency-msec=20"
PLAY_LATENCY: Final = "--latency-msec=4000"
"""A whole burst is handed over at once: a busy processor makes no gap in it."""
_POLL_S: Final = 0.02


class Recorder:
    """Keeps what ``sink`` carries from its making until ``stop``; made once sound flows.

    Args:
        sink: the PulseAudio sink whose monitor is heard.
        env: an environment that finds the server (``VirtualSoundCard.env``).
        path: where the raw samples are kept meanwhile.

    Raises:
        DeviceError: the server is not there, or has no such sink.
    """

    def __init__(self, sink: str, env: Mapping[str, str], path: Path) -> None:
        self._path = path
        self._kept: Samples | None = None
        with path.open("wb") as out:
            self._process = subprocess.Popen(
                ("parec", f"--device={sink}.monitor", RECORD_LATENCY, *RAW_FLAGS),
                env=dict(env), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        deadline_s = time.monotonic() + START_DEADLINE_S
        while not path.stat().st_size:
            if self._process.poll() is not None or time.monotonic() > deadline_s:
                end_process(self._process)
                raise DeviceError("recorder", f"hears nothing of {sink}", "is the card running?")
            time.sleep(_POLL_S)

    def samples(self) -> Samples:
        """Everything heard so far, float32 of shape (n,)."""
        if self._kept is not None:
            return self._kept
        raw = self._path.read_bytes()
        return np.frombuffer(raw[: len(raw) // 4 * 4], dtype="<f4").astype(np.float32)

    def wait_for_sound(self, timeout_s: float, quiet_s: float = 0.3) -> bool:
        """Wait for a sound and then ``quiet_s`` of digital silence; False at the deadline."""
        deadline_s = time.monotonic() + timeout_s
        quiet = round(quiet_s * SAMPLE_RATE_HZ)
        while time.monotonic() < deadline_s:
            heard = self.samples()
            if np.any(heard) and heard.size > quiet and not np.any(heard[-quiet:]):
                return True
            time.sleep(_POLL_S)
        return False

    def stop(self) -> Samples:
        """End the recording and give all of it; a second call gives the same again."""
        end_process(self._process)
        self._kept = self.samples()
        return self._kept


def trim(samples: Samples) -> Samples:
    """The samples between the first and the last that are not digital silence."""
    sounding = np.flatnonzero(samples)
    return samples[sounding[0] : sounding[-1] + 1] if sounding.size else samples[:0]


def play_recording(
    samples: Samples, sink: str, env: Mapping[str, str], timeout_s: float = 60.0
) -> None:
    """Play float32 samples of shape (n,) into ``sink`` to the end, then return.

    Raises:
        DeviceError: the server is gone, has no such sink, or did not take the sound in time.
    """
    pad = np.zeros(round(PAD_S * SAMPLE_RATE_HZ), np.float32)
    try:
        subprocess.run(
            ("pacat", "--playback", f"--device={sink}", PLAY_LATENCY, *RAW_FLAGS),
            input=np.concatenate((pad, samples, pad)).astype("<f4").tobytes(),
            env=dict(env), check=True, capture_output=True, timeout=timeout_s,
        )  # fmt: skip
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise DeviceError("recording", f"cannot be played into {sink}", "is it running?") from error


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End one process that we started, by its id: asked first, then made to."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_DEADLINE_S)
