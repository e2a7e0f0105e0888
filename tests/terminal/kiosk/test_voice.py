"""An announcement becomes sound; a voice that is missing never silences the cue."""

from __future__ import annotations

import numpy as np
import pytest

from terminal.errors import DeviceError
from terminal.kiosk.announcement import Announcement, Cue, Phrase, accepted
from terminal.kiosk.cues import approval_cue, declined_cue
from terminal.kiosk.voice import MAX_PHRASES, Voice
from terminal.ports import Samples


class ToneSpeech:
    """A voice that says every text as one level, and counts what it was asked."""

    def __init__(self, missing: frozenset[str] = frozenset()) -> None:
        self.said: list[tuple[str, str]] = []
        self._missing = missing

    def render(self, text: str, language: str) -> Samples:
        if language in self._missing:
            raise DeviceError("voice", f"no voice for {language}", "install one")
        self.said.append((language, text))
        return np.full(len(text) * 100, 0.5, dtype=np.float32)


def test_the_merchants_cue_comes_before_the_words() -> None:
    speech = ToneSpeech()
    sound = Voice(speech, "bamboo").utterance(accepted(1250, 156, ("en", "zh"))).samples
    cue = approval_cue("bamboo")
    assert np.array_equal(sound[: cue.size], cue)
    assert [language for language, _ in speech.said] == ["en", "zh"]
    assert sound.dtype == np.float32
    assert sound.size > cue.size + sum(100 * len(text) for _, text in speech.said)


def test_a_missing_language_leaves_the_cue_and_the_other_language() -> None:
    said = Voice(ToneSpeech(frozenset({"zh"})), "dew").utterance(accepted(100, 156, ("en", "zh")))
    assert said.fault is not None
    assert "zh" in str(said.fault)
    assert said.samples.size > approval_cue("dew").size


def test_without_any_voice_the_cue_is_played_alone() -> None:
    said = Voice(None, "dew").utterance(Announcement(Cue.DECLINED, (Phrase("en", "Declined."),)))
    assert said.fault is None
    assert np.array_equal(said.samples, declined_cue())


def test_a_phrase_is_rendered_once_and_the_cache_is_bounded() -> None:
    speech = ToneSpeech()
    voice = Voice(speech, "dew")
    for amount_minor in (100, 100, *range(100, 100 * (MAX_PHRASES + 2), 100)):
        voice.utterance(accepted(amount_minor, 156, ("en",)))
    assert len(speech.said) == MAX_PHRASES + 1
    voice.utterance(accepted(100, 156, ("en",)))
    assert len(speech.said) == MAX_PHRASES + 2, "the longest unused was dropped"


@pytest.mark.parametrize("cue", list(Cue))
def test_every_cue_can_be_played(cue: Cue) -> None:
    sound = Voice(None, "temple").utterance(Announcement(cue, ())).samples
    assert sound.size
    assert float(np.max(np.abs(sound))) <= 1.0
