"""A picture of what was received: level and spectrogram over time, each frame in its band.

Drawn with matplotlib, which the extra ``plot`` brings; it is imported when it is needed.
"""

from __future__ import annotations

from collections import deque
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import numpy as np

from terminal.acoustic import MODES, CarrierFound, Event, FrameReceived, FrameRejected
from terminal.cli.sound_meter import SAMPLE_RATE_HZ, describe_frame
from terminal.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from terminal.ports import Samples

KEEP_S: Final = 60.0
LEVEL_SAMPLES: Final = 480
WINDOW_SAMPLES: Final = 512
STEPS_MAX: Final = 3_000
"""Columns of the spectrogram: more than a screen has."""
FLOOR_DBFS: Final = -120.0
RANGE_DB: Final = 80.0


class Recording:
    """The newest ``keep_s`` seconds of a stream at 48 kHz, and what the receiver made of them.

    Raises:
        DeviceError: from the constructor, matplotlib is not installed.
    """

    def __init__(self, keep_s: float = KEEP_S) -> None:
        if find_spec("matplotlib") is None:
            raise DeviceError("--plot", "needs matplotlib", "pip install 'kumquat[plot]'")
        self._keep_samples = round(keep_s * SAMPLE_RATE_HZ)
        self._blocks: deque[Samples] = deque()
        self._events: list[Event] = []
        self._start = self._end = 0

    def add(self, block: Samples, events: Sequence[Event]) -> None:
        """The next block of the stream, and the events it completed."""
        self._blocks.append(block)
        self._end += block.size
        while self._end - self._start - self._blocks[0].size >= self._keep_samples:
            self._start += self._blocks.popleft().size
        self._events = [e for e in [*self._events, *events] if _position(e) >= self._start]

    @property
    def seconds(self) -> float:
        return (self._end - self._start) / SAMPLE_RATE_HZ

    @property
    def frames(self) -> list[FrameReceived]:
        return [event for event in self._events if isinstance(event, FrameReceived)]

    def draw(self, path: Path) -> None:
        """Write the picture as PNG.

        Raises:
            DeviceError: the file cannot be written.
        """
        from matplotlib.figure import Figure

        samples = np.concatenate([np.zeros(0, np.float32), *self._blocks])
        figure = Figure(figsize=(11, 6.5), layout="constrained")
        level, spectrum = figure.subplots(2, 1, sharex=True, height_ratios=(1, 3))
        from_s, to_s = self._start / SAMPLE_RATE_HZ, self._end / SAMPLE_RATE_HZ
        _draw_level(level, samples, from_s)
        _draw_spectrum(spectrum, samples, from_s)
        for event in self._events:
            _mark(spectrum, event)
        level.set_title(f"frames received: {len(self.frames)}")
        spectrum.set(xlabel="seconds", ylabel="kHz", ylim=(0, 24), xlim=(from_s, to_s or 1))
        try:
            figure.savefig(path, format="png", dpi=110)
        except OSError as error:
            raise DeviceError(str(path), "cannot be written", "check the directory") from error


def _draw_level(axes: Axes, samples: Samples, from_s: float) -> None:
    whole = samples[: samples.size // LEVEL_SAMPLES * LEVEL_SAMPLES].reshape(-1, LEVEL_SAMPLES)
    times_s = from_s + (np.arange(len(whole)) + 0.5) * LEVEL_SAMPLES / SAMPLE_RATE_HZ
    axes.plot(times_s, _db(np.square(whole, dtype=np.float64).mean(axis=1)), linewidth=0.8)
    axes.set(ylabel="level, dBFS", ylim=(-100, 3))
    axes.grid(alpha=0.3)


def _draw_spectrum(axes: Axes, samples: Samples, from_s: float) -> None:
    if samples.size < WINDOW_SAMPLES:
        return
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW_SAMPLES)
    hop = max(WINDOW_SAMPLES // 4, -(-len(windows) // STEPS_MAX))
    shaped = windows[::hop] * np.hanning(WINDOW_SAMPLES)
    power: NDArray[np.float64] = np.abs(np.fft.rfft(shaped, axis=1)) ** 2
    power_db = _db(power.T / max(float(power.max()), 1e-12))
    to_s = from_s + len(shaped) * hop / SAMPLE_RATE_HZ
    extent = (from_s, to_s, 0.0, SAMPLE_RATE_HZ / 2000)
    axes.imshow(power_db, origin="lower", aspect="auto", extent=extent, vmin=-RANGE_DB, vmax=0)


def _mark(axes: Axes, event: Event) -> None:
    """A frame as a box around its time and band; a burst that gave none, where it shows itself."""
    match event:
        case CarrierFound():
            _line(axes, event.start_sample, "white", f"{event.mode} begins")
        case FrameRejected():
            _line(axes, event.end_sample, "red", f"{event.mode}: {event.reason.value}")
        case FrameReceived():
            _box(axes, event)


def _line(axes: Axes, sample: int, colour: str, words: str) -> None:
    at_s = sample / SAMPLE_RATE_HZ
    axes.axvline(at_s, color=colour, linestyle=":", linewidth=0.8)
    axes.text(at_s, 23.5, words, color=colour, rotation=90, ha="right", va="top", fontsize=8)


def _box(axes: Axes, frame: FrameReceived) -> None:
    from matplotlib.patches import Rectangle

    mode = MODES[frame.mode]
    start_s, end_s = frame.start_sample / SAMPLE_RATE_HZ, frame.end_sample / SAMPLE_RATE_HZ
    low_khz, high_khz = mode.lowest_hz / 1000, mode.highest_hz / 1000
    size = (end_s - start_s, high_khz - low_khz)
    axes.add_patch(Rectangle((start_s, low_khz), *size, fill=False, color="white"))
    words = f"{describe_frame(frame)}\n{frame.payload[:12].hex()}"
    axes.text(start_s, high_khz + 0.3, words, color="white", va="bottom", fontsize=8)


def _position(event: Event) -> int:
    return event.start_sample if isinstance(event, CarrierFound) else event.end_sample


def _db(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (FLOOR_DBFS / 10))))
