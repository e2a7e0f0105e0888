"""Simulated devices for the threads that wait on them, and an inbox that a test can wait at."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

import numpy as np

from terminal.errors import DeviceError
from terminal.ports import Samples
from terminal.runtime.inbox import Message

WAIT_S = 10.0
M = TypeVar("M")


def gone(device: str) -> DeviceError:
    return DeviceError(device, "gone", "plug it in")


class Inbox:
    """Takes what a thread posts."""

    def __init__(self) -> None:
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()

    def post(self, message: Message) -> None:
        self._messages.put(message)

    def next(self, kind: type[M]) -> M:
        """The next message, which must be of this kind."""
        message = self._messages.get(timeout=WAIT_S)
        assert isinstance(message, kind), message
        return message

    def wait_for(self, wanted: Message) -> None:
        """Let others pass until this one comes."""
        while self._messages.get(timeout=WAIT_S) != wanted:
            pass

    def is_empty(self) -> bool:
        return self._messages.empty()


class Tape:
    """A microphone that plays blocks, and then is silent or fails."""

    def __init__(
        self, blocks: Iterable[Samples], then: Exception | None = None, rate_hz: int = 48_000
    ) -> None:
        self._blocks = iter(blocks)
        self._then = then
        self.sample_rate_hz = rate_hz
        self.is_closed = False
        self._nothing = threading.Event()

    def read(self, timeout_s: float) -> Samples | None:
        block = next(self._blocks, None)
        if block is not None:
            return block
        if self._then is not None:
            raise self._then
        self._nothing.wait(min(timeout_s, 0.005))
        return None

    def dropped_samples(self) -> int:
        return 0

    def close(self) -> None:
        self.is_closed = True


class Loudspeaker:
    """Keeps what it was asked to play; ``hold`` makes it play until released."""

    sample_rate_hz = 48_000

    def __init__(self, fault: Exception | None = None, *, hold: bool = False) -> None:
        self.played: list[Samples] = []
        self.playing = threading.Event()
        self.release = threading.Event()
        self.is_closed = False
        self._fault = fault
        if not hold:
            self.release.set()

    def play(self, samples: Samples) -> None:
        self.playing.set()
        assert self.release.wait(WAIT_S)
        if self._fault is not None:
            raise self._fault
        self.played.append(samples)

    def close(self) -> None:
        self.is_closed = True


class Cable:
    """A serial line in memory; ``break_it`` makes both directions fail from now on."""

    def __init__(self) -> None:
        self.written = b""
        self.is_closed = False
        self._incoming: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._is_broken = False

    def arrive(self, data: bytes) -> None:
        self._incoming.put(data)

    def break_it(self) -> None:
        self._is_broken = True
        self._incoming.put(None)

    def read(self, timeout_s: float) -> bytes:
        try:
            data = self._incoming.get(timeout=timeout_s)
        except queue.Empty:
            return b""
        if data is None:
            raise gone("panel")
        return data

    def write(self, data: bytes) -> None:
        if self._is_broken:
            raise gone("panel")
        self.written += data

    def close(self) -> None:
        self.is_closed = True


class Starts(Protocol):
    """A thread of the runtime."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


@contextmanager
def started(part: Starts) -> Iterator[None]:
    """Run a thread for as long as this lasts; it must end."""
    part.start()
    try:
        yield
    finally:
        part.stop()


def each_in_turn(*opened: M | Exception) -> Callable[[], M]:
    """What opening a device gives, time after time; the last again and again."""
    left = list(opened)

    def open_it() -> M:
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Exception):
            raise found
        return found

    return open_it


def tone(number: int) -> Samples:
    """A sound to tell from others."""
    return np.full(4, number, dtype=np.float32)


def in_blocks(samples: Samples, size: int = 4800) -> Iterator[Samples]:
    for start in range(0, samples.size, size):
        yield samples[start : start + size]
