"""Each outcome is announced as what it is: a refund never sounds like a sale."""

from __future__ import annotations

import numpy as np
import pytest

from terminal.compose.voice import announce, speaker_of_outcomes
from terminal.config import Voice
from terminal.kiosk.announcement import Cue
from terminal.payment.reasons import Reason
from terminal.sale.outcome import (
    Accepted,
    Asked,
    Cleared,
    ConfirmPayer,
    Refused,
    Replayed,
    Returned,
    Telling,
)
from terminal.sale.view import Carrier

CNY = 156
LANGUAGES = ("en", "zh")
ACCEPTED = Accepted(4, 1250, Carrier.SOUND, "042", bytes(32), bytes(32))
REFUND, VOID = Returned(5, 4, 250), Returned(6, 4, 1250, void=True)


@pytest.mark.parametrize(
    ("telling", "cue", "words"),
    [
        (ACCEPTED, Cue.APPROVED, "Accepted, twelve yuan fifty"),
        (Refused((Reason.EXPIRED,), Carrier.TAP, verified=True), Cue.DECLINED, "Expired"),
        (Replayed(ACCEPTED), Cue.REPLAY, "4"),
        (REFUND, Cue.RETURNED, "Given back, two yuan fifty"),
        (VOID, Cue.RETURNED, "oid"),
    ],
    ids=["accepted", "declined", "replay", "refund", "void"],
)
def test_each_outcome_has_its_own_cue_and_words(telling: Telling, cue: Cue, words: str) -> None:
    said = announce(telling, CNY, LANGUAGES)
    assert said is not None
    assert said.cue is cue
    assert [phrase.language for phrase in said.phrases] == list(LANGUAGES)
    assert words in said.phrases[0].text


def test_a_void_and_a_refund_are_said_in_different_words() -> None:
    refund, void = announce(REFUND, CNY, LANGUAGES), announce(VOID, CNY, LANGUAGES)
    assert refund is not None
    assert void is not None
    assert [a.text == b.text for a, b in zip(refund.phrases, void.phrases, strict=True)] == [
        False,
        False,
    ]


@pytest.mark.parametrize("telling", [Asked(b"request", 1250), Cleared(), ConfirmPayer("042")])
def test_what_is_on_the_screen_alone_is_not_spoken(telling: Telling) -> None:
    assert announce(telling, CNY, LANGUAGES) is None
    assert speaker_of_outcomes(Voice(enabled=False), CNY)(telling) is None


def test_without_a_voice_the_cue_is_still_heard() -> None:
    speak = speaker_of_outcomes(Voice(enabled=False), CNY)
    samples = speak(ACCEPTED)
    assert samples is not None
    assert samples.dtype == np.float32
    assert 0.1 < float(np.abs(samples).max()) <= 1.0
