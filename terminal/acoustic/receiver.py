"""Samples to events: one stream, all modes at once.

The stream is worked in steps of ``STEP_SAMPLES`` counted from its first sample, whatever the sizes
of the blocks that bring it, so events are the same to the bit for any division into blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from terminal.acoustic.events import SignalQuality
from terminal.acoustic.intake import History, as_samples
from terminal.acoustic.listener import Listener
from terminal.acoustic.modes import MODES, SAMPLE_RATE_HZ
from terminal.acoustic.resample import Resampler, highest_fitting_hz
from terminal.acoustic.transmitter import find_mode
from terminal.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from terminal.acoustic.events import Event
    from terminal.acoustic.modes import Mode

STEP_SAMPLES: Final = 512
QUALITY_STEPS: Final = 48
"""Steps between two reports of the level: about half a second."""
FLUSH_SAMPLES: Final = 16 * STEP_SAMPLES
SILENCE_DBFS: Final = -120.0


class Receiver:
    """Listens for modes in one stream of sound.

    ``modes``: modes or names of modes; by default all that the rate can carry. One receiver is for
    one stream and one thread. Memory does not grow with the stream. Positions in events count
    samples at 48 kHz, whatever ``sample_rate`` the stream has.
    """

    def __init__(
        self, modes: Iterable[Mode | str] | None = None, sample_rate: int = SAMPLE_RATE_HZ
    ) -> None:
        """Start a stream.

        Raises:
            DecodeError: a mode is unknown or needs a higher rate, there is none, or the rate is
                not one of ``terminal.acoustic.resample.RATES_HZ``.
        """
        self._resampler = Resampler(sample_rate)
        self._resampled = sample_rate != SAMPLE_RATE_HZ
        highest_hz = highest_fitting_hz(sample_rate)
        if modes is None:
            chosen = [mode for mode in MODES.values() if mode.highest_hz <= highest_hz]
        else:
            chosen = [find_mode(mode) for mode in modes]
        if not chosen or any(mode.highest_hz > highest_hz for mode in chosen):
            raise DecodeError("modes", f"must name at least one, none above {highest_hz:.0f} Hz")
        self._listeners = [Listener(mode) for mode in chosen]
        longest = max(listener.span_samples for listener in self._listeners)
        self._history = History(longest + FLUSH_SAMPLES)
        self._waiting = np.zeros(0, np.float32)
        self._square_sum = 0.0
        self._peak = 0.0
        self._steps = 0

    def receive(self, samples: NDArray[Any]) -> list[Event]:
        """The events completed by these samples, in order.

        ``samples``: float32 or float64 with full scale 1, or int16, in this machine's byte order;
        shape ``(n,)``, any n, 0 too. Not-a-number and infinity count as silence, what is beyond
        +-16 as +-16. A frame is reported within 30 ms of stream after its last sample if its start
        was clear, else within 120 ms; at the end of a recording call :meth:`flush`.

        Raises:
            DecodeError: not an array, wrong type of number or shape; nothing was taken in.
        """
        taken = as_samples(samples)
        if self._resampled:
            taken = self._resampler.add(taken)
        stream = np.concatenate([self._waiting, taken])
        whole = len(stream) - len(stream) % STEP_SAMPLES
        events: list[Event] = []
        for place in range(0, whole, STEP_SAMPLES):
            events.extend(self._step(stream[place : place + STEP_SAMPLES]))
        self._waiting = stream[whole:].copy()
        return events

    def flush(self) -> list[Event]:
        """The events that silence after the last sample brings; for the end of a recording."""
        return self.receive(np.zeros(2 * FLUSH_SAMPLES, np.float32))

    def _step(self, samples: NDArray[np.float32]) -> list[Event]:
        self._history.add(samples)
        events: list[Event] = []
        for listener in self._listeners:
            events.extend(listener.listen(self._history))
        events.extend(self._quality(samples))
        return events

    def _quality(self, samples: NDArray[np.float32]) -> list[Event]:
        self._square_sum += float(np.square(samples.astype(np.float64)).sum())
        self._peak = max(self._peak, float(np.abs(samples).max()))
        self._steps += 1
        if self._steps % QUALITY_STEPS:
            return []
        rms = (self._square_sum / (QUALITY_STEPS * STEP_SAMPLES)) ** 0.5
        event = SignalQuality(self._history.end, _dbfs(rms), _dbfs(self._peak))
        self._square_sum = self._peak = 0.0
        return [event]


def _dbfs(amplitude: float) -> float:
    return max(float(20 * np.log10(max(amplitude, 1e-9))), SILENCE_DBFS)
