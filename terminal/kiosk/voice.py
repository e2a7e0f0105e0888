"""An announcement as one stretch of sound: cue, pause, phrase, pause, phrase.

A missing voice never silences the cue: what could be made is played, and the fault is told beside
it. Rendered phrases are kept, at most ``MAX_PHRASES`` of them, the longest unused going first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import numpy as np

from terminal.errors import DeviceError
from terminal.kiosk.announcement import Announcement, Cue, Phrase
from terminal.kiosk.cues import (
    SAMPLE_RATE_HZ,
    approval_cue,
    declined_cue,
    replay_cue,
    returned_cue,
)
from terminal.ports import Samples, Speech

MAX_PHRASES: Final = 64
_PAUSE_S: Final = 0.15


@dataclass(frozen=True, slots=True)
class Utterance:
    """``samples`` float32 (n,) at 48 kHz, peak at most 1; ``fault`` where the voice is missing."""

    samples: Samples
    fault: DeviceError | None = None


class Voice:
    """Turns announcements into samples with one ``Speech`` and the merchant's cue.

    Safe to call from several threads; ``speech`` None gives cues alone.
    """

    def __init__(self, speech: Speech | None, cue: str) -> None:
        self._speech = speech
        self._cues = {
            Cue.APPROVED: approval_cue(cue),
            Cue.DECLINED: declined_cue(),
            Cue.REPLAY: replay_cue(),
            Cue.RETURNED: returned_cue(),
        }
        self._phrases: OrderedDict[Phrase, Samples] = OrderedDict()
        self._lock = threading.Lock()

    def utterance(self, announcement: Announcement) -> Utterance:
        """The whole announcement as sound; never raises for a voice that is missing."""
        pause = np.zeros(round(_PAUSE_S * SAMPLE_RATE_HZ), dtype=np.float32)
        parts, fault = [self._cues[announcement.cue]], None
        for phrase in announcement.phrases if self._speech else ():
            try:
                parts += [pause, self._spoken(phrase)]
            except DeviceError as error:
                fault = error
        return Utterance(np.concatenate(parts), fault)

    def _spoken(self, phrase: Phrase) -> Samples:
        with self._lock:
            if phrase in self._phrases:
                self._phrases.move_to_end(phrase)
                return self._phrases[phrase]
        assert self._speech is not None, "phrases are asked for only with a voice"
        samples = self._speech.render(phrase.text, phrase.language)
        with self._lock:
            self._phrases[phrase] = samples
            while len(self._phrases) > MAX_PHRASES:
                self._phrases.popitem(last=False)
        return samples
