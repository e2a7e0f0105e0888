"""What a receiver reports: frozen values, in the order of the samples that caused them.

Positions count samples at 48 kHz from the first one given to the receiver. None of these values
says anything about the meaning of a payload.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class RejectReason(Enum):
    """Why a burst that was heard gave no payload."""

    CHECKSUM = "checksum does not match"
    """Start and end of a frame were heard, but what lies between could not be decoded."""

    NO_END = "no end heard"
    """A start was heard clearly and no end came within the longest frame: told when that would be
    over, 1.7 to 14 s after the start by mode, so a stream that ends sooner never says it."""


@dataclass(frozen=True, slots=True)
class CarrierFound:
    """The start of a burst was heard clearly; ``start_sample`` is its first sample.

    ``snr_db`` is a rough least value for the band from 0 to 24 kHz, from eight symbols that count
    for 15 dB each at most: never above -6 dB in ``counter``, however well it is heard.
    """

    mode: str
    start_sample: int
    snr_db: float


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """A whole frame whose checksum holds.

    ``payload`` has 1 to 255 bytes. ``snr_db`` is signal over noise in the whole band from 0 to
    24 kHz while the burst was on; it rises no further at about 9 dB in ``counter``, 11 in ``fast``,
    4 in ``robust``, 6 in ``inaudible``. ``end_sample`` is the position after its last sample.
    """

    payload: bytes
    mode: str
    snr_db: float
    start_sample: int
    end_sample: int


@dataclass(frozen=True, slots=True)
class FrameRejected:
    """A burst was heard and gave no payload."""

    reason: RejectReason
    mode: str
    end_sample: int


@dataclass(frozen=True, slots=True)
class SignalQuality:
    """Level of what is heard, about twice a second: RMS and peak in dB under full scale."""

    end_sample: int
    rms_dbfs: float
    peak_dbfs: float


Event = CarrierFound | FrameReceived | FrameRejected | SignalQuality
