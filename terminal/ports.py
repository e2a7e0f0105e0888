"""The seams between what decides and what touches a device.

Ports speak in bytes, arrays and integers, so that any room may take one as an argument; a port that
speaks of a room's own types is declared in that room. Real devices implement them in
``terminal.devices``, the simulated world in ``host_sim.world``; both are named in compose alone.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""One channel of sound, shape ``(n,)``, float32, full scale at 1.0."""

RandomBytes = Callable[[int], bytes]
"""``random_bytes(n)`` gives n unpredictable bytes: ``os.urandom`` at the edge, seeded in tests."""


class ClockQuality(IntEnum):
    """How far a wall clock is to be trusted, worst first, so that they compare."""

    UNKNOWN = 0
    HOST = 1
    RTC = 2
    NTP = 3


class Clock(Protocol):
    """Wall time with its quality, and a monotonic time that no adjustment moves."""

    def unix_s(self) -> int:
        """Whole seconds since 1970-01-01T00:00:00Z."""

    def quality(self) -> ClockQuality:
        """What the wall time rests on just now."""

    def monotonic_ms(self) -> int:
        """Milliseconds since an arbitrary start within this boot."""

    def boot_id(self) -> bytes:
        """Eight bytes that differ between boots, so monotonic times are never mixed."""


class Signer(Protocol):
    """One private key that can sign; the key itself never leaves its store."""

    @property
    def public_key(self) -> bytes:
        """32 bytes: Ed25519 (RFC 8032). 33 bytes: P-256, compressed (SEC 1, 2.3.3)."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes: the Ed25519 signature, or ES256 as r followed by s (RFC 9053, 2.1)."""


class KeyStore(Protocol):
    """Private keys by label. Every key has one role; its label is that role."""

    def labels(self) -> frozenset[str]:
        """The labels of the keys held."""

    def create(self, label: str, algorithm: str) -> Signer:
        """Make a key, store it durably, then give its signer; ``algorithm`` Ed25519 or P-256.

        Raises:
            KeyStoreError: the label is taken or the algorithm unknown.
        """

    def signer(self, label: str) -> Signer:
        """The signer of a key that exists.

        Raises:
            KeyStoreError: no such label.
        """


class SampleSource(Protocol):
    """A microphone: blocks of samples in the order they were heard, none skipped unsaid."""

    @property
    def sample_rate_hz(self) -> int: ...

    def read(self, timeout_s: float) -> Samples | None:
        """The next block, or None when none arrived in time.

        Raises:
            DeviceError: the device is gone.
        """

    def dropped_samples(self) -> int:
        """How many samples were lost so far (overruns)."""

    def close(self) -> None: ...


class SampleSink(Protocol):
    """A loudspeaker."""

    @property
    def sample_rate_hz(self) -> int: ...

    def play(self, samples: Samples) -> None:
        """Play to the end, then return.

        Raises:
            DeviceError: the device is gone.
        """

    def close(self) -> None: ...


class CardLink(Protocol):
    """An activated card, one command and one response at a time (ISO/IEC 7816-4)."""

    def exchange(self, command_apdu: bytes, timeout_ms: int) -> bytes:
        """The response APDU, status word included.

        Raises:
            CardLost: the card was taken away, or was too slow (see ``terminal.nfc``).
        """


class SerialLink(Protocol):
    """A byte stream to the front panel."""

    def read(self, timeout_s: float) -> bytes:
        """Whatever arrived, empty when nothing did in time.

        Raises:
            DeviceError: the device is gone.
        """

    def write(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            DeviceError: the device is gone.
        """

    def close(self) -> None: ...


class Speech(Protocol):
    """A voice."""

    def render(self, text: str, language: str) -> Samples:
        """The text as sound at 48 kHz, peak at most 1; ``language`` is BCP 47.

        Raises:
            DeviceError: no voice is installed for the language.
        """
