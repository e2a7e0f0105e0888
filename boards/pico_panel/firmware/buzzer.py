"""The buzzer's cues: approval rises, refusal is low and long, so that neither needs the lights."""

from terminal.panel import wire

CUES = {
    wire.CUE_SILENT: (),
    wire.CUE_READING: ((2000, 40),),
    wire.CUE_ACCEPTED: ((1319, 100), (1760, 220)),
    wire.CUE_DECLINED: ((330, 250), (0, 100), (330, 350)),
    wire.CUE_ATTENTION: ((880, 120), (0, 80), (880, 120)),
    wire.CUE_KEY: ((3000, 15),),
}
"""Cue: tones one after the other, (Hz, ms); 0 Hz is a pause."""


class Buzzer:
    """One cue at a time; a new one ends the one before."""

    def __init__(self) -> None:
        self._cue = wire.CUE_SILENT
        self._since_ms = 0

    def play(self, cue: int, now_ms: int) -> None:
        """Begin this cue now."""
        self._cue = cue
        self._since_ms = now_ms

    def step(self, now_ms: int) -> int:
        """The tone to sound now in Hz, 0 for none."""
        left_ms = now_ms - self._since_ms
        for tone_hz, length_ms in CUES[self._cue]:
            if left_ms < length_ms:
                return tone_hz
            left_ms -= length_ms
        self._cue = wire.CUE_SILENT
        return 0
