"""After the commit everybody is told, each thing as what it is, and nothing twice aloud."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from terminal.payment.reasons import Reason
from terminal.ports import Samples
from terminal.runtime.announcer import Announcer, Voices, describe
from terminal.runtime.mouth import Mouth
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
from tests.terminal.payment.stall import CNY
from tests.terminal.runtime.ports_rig import Inbox, Loudspeaker, started, tone

ACCEPTED = Accepted(4, 1250, Carrier.SOUND, "042", bytes(32), bytes(32))
AGAIN = Accepted(4, 1250, Carrier.SOUND, "042", bytes(32), bytes(32), again=True)
GENUINE = Refused((Reason.EXPIRED,), Carrier.SOUND, verified=True)
NOISE = Refused((Reason.UNKNOWN_OR_DAMAGED,), Carrier.SOUND, verified=False)
ASKED = Asked(b"request", 1250)
VOICE, ASK, ACK = 1.0, 2.0, 3.0


def played(*tellings: Telling, ask: bool = True, ack: bool = True) -> list[float]:
    """The kinds of sound played for these outcomes, in order."""
    speaker = Loudspeaker()
    mouth = Mouth(lambda: speaker, Inbox().post)
    last = Loudspeaker()

    def burst(number: float) -> Samples:
        return tone(int(number))

    voices = Voices(
        mouth,
        lambda _: burst(VOICE),
        (lambda _: burst(ASK)) if ask else None,
        (lambda _: burst(ACK)) if ack else None,
    )
    announcer = Announcer(lambda _: None, voices, None)
    with started(mouth):
        for telling in tellings:
            announcer.tell(telling, CNY)

        def done() -> Samples | None:
            last.playing.set()
            return None

        mouth.say(done)
        assert last.playing.wait(10)
    return [float(samples[0]) for samples in speaker.played]


@pytest.mark.parametrize(
    ("telling", "sounds"),
    [
        (ASKED, [ASK]),
        (ACCEPTED, [ACK, VOICE]),
        (AGAIN, [ACK]),
        (GENUINE, [VOICE]),
        (NOISE, []),
        (Replayed(ACCEPTED), [VOICE]),
        (Returned(5, 4, 250), [VOICE]),
        (Cleared(), []),
        (ConfirmPayer("042"), []),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_outcome_has_its_sounds(telling: Telling, sounds: list[float]) -> None:
    assert played(telling) == sounds


def test_a_terminal_that_does_not_speak_in_bursts_speaks_in_words_alone() -> None:
    assert played(ASKED, ACCEPTED, ask=False, ack=False) == [VOICE]


def test_the_log_has_plain_values_and_says_what_was_given_back() -> None:
    log: list[Mapping[str, object]] = []
    announcer = Announcer(log.append, None, None)
    announcer.tell(Returned(5, 4, 250), CNY)
    announcer.tell(Returned(6, 4, 1000, void=True), CNY)
    assert [(event["kind"], event["amount"], event["original"]) for event in log] == [
        ("refund", "CNY 2.50", 4),
        ("void", "CNY 10.00", 4),
    ]


@pytest.mark.parametrize(
    "telling", [ACCEPTED, NOISE, ASKED, Cleared(), ConfirmPayer("042"), Replayed(ACCEPTED)]
)
def test_the_log_never_holds_a_presentation_or_an_ack(telling: Telling) -> None:
    event = describe(telling, CNY)
    assert "event" in event
    assert ACCEPTED.leaf.hex() not in str(event)
