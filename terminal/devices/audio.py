"""Microphone and loudspeaker over PortAudio (``sounddevice``): the sample ports made real.

Sound is 48 kHz, one channel, float32, full scale at 1.0, in the order it was heard. A device that
offers no 48 kHz is refused rather than resampled: ALSA's ``plughw``, PulseAudio and PipeWire all
convert for us, and a second converter would hide a wrong set-up. ``sounddevice`` is imported when
a device is opened, never before, because PortAudio reads its environment at that moment.

Invariants: no block is skipped unsaid (``dropped_samples`` counts what was lost), the queue
between the sound thread and ours is bounded, and a device that went away raises ``DeviceError``.
Levels are dBFS as AES17 defines them: the RMS of a full-scale sine is 0 dBFS.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from terminal.devices.audio_device import (
    ATTACH,
    SAMPLE_RATE_HZ,
    SoundDevice,
    check_output,
    choose_device,
    close_stream,
    list_devices,
    open_stream,
    refresh_devices,
    require_rate,
    sounddevice_library,
)
from terminal.devices.audio_level import (
    SILENCE_DBFS,
    Probe,
    judge_loop,
    judge_microphone,
    level_dbfs,
    probe_tone,
)
from terminal.devices.sample_queue import SampleQueue
from terminal.errors import DeviceError

if TYPE_CHECKING:
    from terminal.ports import Samples

__all__ = [
    "Microphone",
    "Probe",
    "SoundDevice",
    "Speaker",
    "level_dbfs",
    "list_devices",
    "probe_microphone",
    "probe_speaker",
    "refresh_devices",
]

BLOCK_SAMPLES: Final = 480
QUEUE_S: Final = 10.0
"""Sound kept for a reader that is busy; beyond it the oldest is dropped and counted."""
STALL_S: Final = 3.0
"""A working microphone is never silent this long: silence comes as blocks of zeros."""
INPUT_LATENCY_S: Final = 0.1
OUTPUT_LATENCY_S: Final = 0.4
"""What a device may buffer: a busy processor makes a gap only when it is away for longer."""
LEAD_S: Final = 0.05
TAIL_S: Final = OUTPUT_LATENCY_S + 0.1
"""Silence around each sound: a stream loses its first milliseconds and its last buffer."""
PLAY_MARGIN_S: Final = 10.0
"""How much longer than the sound itself playing may take."""


class Microphone:
    """A ``SampleSource``: blocks of 48 kHz samples from a sound device.

    Args:
        device: index, name or unique part of a name; None for the system's default.
        sample_rate_hz: must be 48000.
        block: samples in a block, as delivered by ``read``.
        queue_s: how much sound waits for a slow reader before the oldest is dropped.

    Raises:
        DeviceError: no such device, or it does not offer 48 kHz.
    """

    def __init__(
        self,
        device: str | int | None = None,
        sample_rate_hz: int = SAMPLE_RATE_HZ,
        block: int = BLOCK_SAMPLES,
        queue_s: float = QUEUE_S,
    ) -> None:
        self._name = f"microphone {device if device not in (None, '') else 'default'}"
        require_rate(self._name, sample_rate_hz)
        self._queue = SampleQueue(round(queue_s * SAMPLE_RATE_HZ / block))
        self._starved_s = 0.0
        self._level_dbfs = SILENCE_DBFS
        index = choose_device(device, list_devices(), "input")
        self._stream = open_stream(
            "input", self._name, index, block, INPUT_LATENCY_S, self._heard, self._queue.end
        )

    @property
    def sample_rate_hz(self) -> int:
        return SAMPLE_RATE_HZ

    @property
    def level_dbfs(self) -> float:
        """The level of the newest block, in dBFS (RMS; AES17)."""
        return self._level_dbfs

    def read(self, timeout_s: float) -> Samples | None:
        """The next block, shape (block,), or None when none arrived in time.

        Raises:
            DeviceError: the device is gone, or has delivered nothing for three seconds.
        """
        block = self._queue.take(timeout_s)
        if block is not None:
            self._starved_s = 0.0
            return block
        self._starved_s += timeout_s
        if self._queue.ended or not self._stream.active or self._starved_s >= STALL_S:
            raise DeviceError(self._name, "stopped delivering sound", ATTACH)
        return None

    def dropped_samples(self) -> int:
        """How many samples were lost so far, by us or, at least, by the driver."""
        return self._queue.dropped_samples()

    def close(self) -> None:
        """Stop listening. Closing twice is harmless."""
        close_stream(self._stream)

    def _heard(self, data: Any, frames: int, time: Any, status: Any) -> None:  # noqa: ARG002 - PortAudio's signature
        block = data[:, 0].copy()  # the buffer is PortAudio's
        self._level_dbfs = level_dbfs(block)
        # PortAudio tells that something was lost, not how much: count one block.
        self._queue.put(block, lost_before=frames if status.input_overflow else 0)


class Speaker:
    """A ``SampleSink``: plays 48 kHz samples through a sound device.

    Args:
        device: index, name or unique part of a name; None for the system's default.

    Raises:
        DeviceError: no such device, or it does not offer 48 kHz.
    """

    def __init__(
        self, device: str | int | None = None, sample_rate_hz: int = SAMPLE_RATE_HZ
    ) -> None:
        self._name = f"speaker {device if device not in (None, '') else 'default'}"
        require_rate(self._name, sample_rate_hz)
        self._index = choose_device(device, list_devices(), "output")
        check_output(self._name, self._index)

    @property
    def sample_rate_hz(self) -> int:
        return SAMPLE_RATE_HZ

    def play(self, samples: Samples) -> None:
        """Play float32 samples of shape (n,) to the end, then return.

        Raises:
            DeviceError: the device is gone, or takes no sound.
        """
        lead, tail = (np.zeros(round(s * SAMPLE_RATE_HZ), np.float32) for s in (LEAD_S, TAIL_S))
        playing = _Playing(np.concatenate((lead, samples.astype(np.float32, copy=False), tail)))
        over = threading.Event()
        stream = open_stream(
            "output", self._name, self._index, 0, OUTPUT_LATENCY_S, playing.fill, over.set
        )
        try:
            finished = over.wait(samples.size / SAMPLE_RATE_HZ + PLAY_MARGIN_S)
        finally:
            close_stream(stream)
        if not finished or not playing.complete:
            raise DeviceError(self._name, "stopped taking sound", ATTACH)

    def close(self) -> None:
        """Nothing stays open between two sounds."""


class _Playing:
    """One sound on its way out, handed over block by block on the sound thread."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self._position = 0
        self._stop: type[Exception] = sounddevice_library().CallbackStop

    @property
    def complete(self) -> bool:
        return self._position >= self._samples.size

    def fill(self, out: Any, frames: int, time: Any, status: Any) -> None:  # noqa: ARG002 - PortAudio's signature
        part = self._samples[self._position : self._position + frames]
        out[: part.size] = part[:, np.newaxis]
        out[part.size :] = 0.0
        self._position += frames
        if self.complete:
            raise self._stop


def probe_microphone(device: str | int | None = None, seconds: float = 1.0) -> Probe:
    """Listen for a moment: the level at rest, and a fault with its remedy; never raises."""
    try:
        microphone = Microphone(device)
        try:
            return judge_microphone(_listen(microphone, seconds), microphone.dropped_samples())
        finally:
            microphone.close()
    except DeviceError as error:
        return Probe(SILENCE_DBFS, SILENCE_DBFS, error.problem, error.remedy)


def probe_speaker(
    device: str | int | None = None, microphone: str | int | None = None, loop: bool = False
) -> Probe:
    """Play a short tone; with ``loop`` say whether ``microphone`` hears it; never raises."""
    try:
        speaker = Speaker(device)
        if not loop:
            speaker.play(probe_tone())
            return Probe(level_dbfs(probe_tone()), SILENCE_DBFS)
        ear = Microphone(microphone)
        try:
            at_rest = _listen(ear, 0.5)
            speaker.play(probe_tone())
            return judge_loop(at_rest, _listen(ear, 1.0))
        finally:
            ear.close()
    except DeviceError as error:
        return Probe(SILENCE_DBFS, SILENCE_DBFS, error.problem, error.remedy)


def _listen(microphone: Microphone, seconds: float) -> Samples:
    blocks: list[Samples] = []
    wanted, patience = round(seconds * SAMPLE_RATE_HZ), 10
    while wanted > 0 and patience > 0:
        block = microphone.read(timeout_s=0.5)
        if block is None:
            patience -= 1
            continue
        blocks.append(block)
        wanted -= block.size
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
