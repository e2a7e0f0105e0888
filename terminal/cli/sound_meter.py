"""What is being heard, as one line for a person: level, mode, SNR and bit rate."""

from __future__ import annotations

from typing import Final

from terminal.acoustic import CarrierFound, Event, FrameReceived, FrameRejected, SignalQuality

SAMPLE_RATE_HZ: Final = 48_000


def bit_rate_bits_per_s(frame: FrameReceived) -> float:
    """Payload bits over the time that the whole burst took, its start and checks included."""
    return 8 * len(frame.payload) * SAMPLE_RATE_HZ / (frame.end_sample - frame.start_sample)


class SoundMeter:
    """Follows the events of one receiver; ``line`` is what it says now."""

    def __init__(self) -> None:
        self._level = "level    …"
        self._burst = "nothing heard yet"

    def take(self, event: Event) -> None:
        """The next event, in order."""
        match event:
            case SignalQuality():
                self._level = f"level {event.rms_dbfs:6.1f} dBFS, peak {event.peak_dbfs:6.1f} dBFS"
            case CarrierFound():
                self._burst = f"{event.mode}, a burst began"
            case FrameReceived():
                self._burst = describe_frame(event)
            case FrameRejected():
                self._burst = f"{event.mode}, not understood: {event.reason.value}"

    @property
    def line(self) -> str:
        return f"{self._level} | {self._burst}"


def describe_frame(frame: FrameReceived) -> str:
    """Mode, SNR, bit rate and size of a frame."""
    rate = f"{bit_rate_bits_per_s(frame):.0f} bit/s"
    return f"{frame.mode}, SNR {frame.snr_db:.1f} dB, {rate}, {len(frame.payload)} bytes"
