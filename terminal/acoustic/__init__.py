"""Sound in and out: payload bytes to samples and back. Knows nothing of payments.

``modulate`` makes a burst, a ``Receiver`` is fed samples and gives frozen events. Imports numpy,
scipy.fft and ``terminal.errors`` only, so that the folder lifts out as a library.
"""

from __future__ import annotations

from terminal.acoustic.events import (
    CarrierFound,
    Event,
    FrameReceived,
    FrameRejected,
    RejectReason,
    SignalQuality,
)
from terminal.acoustic.modes import MODES, Mode
from terminal.acoustic.receiver import Receiver
from terminal.acoustic.transmitter import modulate

__all__ = [
    "MODES",
    "CarrierFound",
    "Event",
    "FrameReceived",
    "FrameRejected",
    "Mode",
    "Receiver",
    "RejectReason",
    "SignalQuality",
    "modulate",
]
