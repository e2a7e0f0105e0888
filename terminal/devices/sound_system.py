"""Every sound device of one process behind one door, so that a device plugged in again is found.

PortAudio lists devices once, when it starts, and may start again only while no stream is open. So
whoever survives an unplugged microphone opens everything through one ``SoundSystem``: after a
fault, it looks for devices again as soon as nothing is open.

Invariant: the list is refreshed only while no microphone is open and no sound is playing.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from terminal.devices.audio import Microphone, Speaker
from terminal.devices.audio_device import refresh_devices
from terminal.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.ports import Samples, SampleSink, SampleSource


class SoundSystem:
    """Opens microphones and speakers; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._open = 0
        self._stale = False

    def microphone(self, device: str | int | None = None) -> SampleSource:
        """As ``Microphone``, found again after it was unplugged.

        Raises:
            DeviceError: no such device now, or it does not offer 48 kHz.
        """
        with self._lock, self._noting_faults():
            self._look_again()
            source = Microphone(device)
            self._open += 1
            return _OpenMicrophone(source, self)

    def speaker(self, device: str | int | None = None) -> SampleSink:
        """As ``Speaker``, found again after it was unplugged.

        Raises:
            DeviceError: no such device now, or it does not offer 48 kHz.
        """
        with self._lock, self._noting_faults():
            self._look_again()
            return _GuardedSpeaker(Speaker(device), self)

    def released(self) -> None:
        """One stream fewer is open."""
        with self._lock:
            self._open -= 1

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """A stream is open for as long as this lasts; a fault makes the list stale."""
        with self._lock:
            self._open += 1
        try:
            with self._noting_faults():
                yield
        finally:
            self.released()

    @contextmanager
    def _noting_faults(self) -> Iterator[None]:
        try:
            yield
        except DeviceError:
            with self._lock:
                self._stale = True
            raise

    def faulted(self) -> None:
        """A device went away: look for devices again before the next one is opened."""
        with self._lock:
            self._stale = True

    def _look_again(self) -> None:
        if self._stale and self._open == 0:
            refresh_devices()
            self._stale = False


class _OpenMicrophone:
    """A microphone that tells its system of its fault and of its end."""

    def __init__(self, source: SampleSource, system: SoundSystem) -> None:
        self._source, self._system, self._closed = source, system, False

    @property
    def sample_rate_hz(self) -> int:
        return self._source.sample_rate_hz

    def read(self, timeout_s: float) -> Samples | None:
        try:
            return self._source.read(timeout_s)
        except DeviceError:
            self._system.faulted()
            raise

    def dropped_samples(self) -> int:
        return self._source.dropped_samples()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._source.close()
            self._system.released()


class _GuardedSpeaker:
    """A speaker that holds its system still while it plays."""

    def __init__(self, sink: SampleSink, system: SoundSystem) -> None:
        self._sink, self._system = sink, system

    @property
    def sample_rate_hz(self) -> int:
        return self._sink.sample_rate_hz

    def play(self, samples: Samples) -> None:
        with self._system.in_use():
            self._sink.play(samples)

    def close(self) -> None:
        self._sink.close()
