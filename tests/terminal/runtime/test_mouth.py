"""The mouth says one thing at a time and never holds anybody up."""

from __future__ import annotations

import threading
from functools import partial

from terminal.runtime.inbox import DeviceState
from terminal.runtime.mouth import DEVICE, MAX_WAITING, Mouth
from tests.terminal.runtime.ports_rig import (
    WAIT_S,
    Inbox,
    Loudspeaker,
    each_in_turn,
    gone,
    started,
    tone,
)

WORKS = DeviceState(DEVICE, None)


def heard(speaker: Loudspeaker) -> list[float]:
    return [float(samples[0]) for samples in speaker.played]


def test_sounds_are_played_in_turn() -> None:
    inbox, speaker = Inbox(), Loudspeaker()
    with started(mouth := Mouth(lambda: speaker, inbox.post)):
        for number in (1, 2, 3):
            mouth.say(partial(tone, number))
        for _ in range(3):
            assert inbox.next(DeviceState) == WORKS
    assert heard(speaker) == [1, 2, 3]
    assert speaker.is_closed


def test_what_is_nothing_is_not_played() -> None:
    inbox, speaker = Inbox(), Loudspeaker()
    with started(mouth := Mouth(lambda: speaker, inbox.post)):
        mouth.say(lambda: None)
        inbox.next(DeviceState)
    assert speaker.played == []


def test_the_oldest_waiting_sound_gives_way() -> None:
    inbox, speaker = Inbox(), Loudspeaker(hold=True)
    with started(mouth := Mouth(lambda: speaker, inbox.post)):
        mouth.say(lambda: tone(0))
        assert speaker.playing.wait(WAIT_S)
        for number in range(1, MAX_WAITING + 3):
            mouth.say(partial(tone, number))
        speaker.release.set()
        for _ in range(MAX_WAITING + 1):
            inbox.next(DeviceState)
    assert heard(speaker) == [0, *range(3, MAX_WAITING + 3)]


def test_a_speaker_that_failed_is_closed_and_opened_again() -> None:
    inbox, broken, good = Inbox(), Loudspeaker(gone("speaker")), Loudspeaker()
    with started(mouth := Mouth(each_in_turn(broken, good), inbox.post)):
        mouth.say(lambda: tone(1))
        assert inbox.next(DeviceState).fault == str(gone("speaker"))
        assert broken.is_closed
        mouth.say(lambda: tone(2))
        assert inbox.next(DeviceState) == WORKS
    assert heard(good) == [2]


def test_stopping_finishes_what_is_playing_and_drops_the_rest() -> None:
    inbox, speaker = Inbox(), Loudspeaker(hold=True)
    mouth = Mouth(lambda: speaker, inbox.post)
    mouth.start()
    mouth.say(lambda: tone(1))
    assert speaker.playing.wait(WAIT_S)
    threading.Timer(0.05, speaker.release.set).start()
    mouth.say(partial(tone, 2))
    mouth.stop()
    assert heard(speaker) == [1]
    assert speaker.is_closed
