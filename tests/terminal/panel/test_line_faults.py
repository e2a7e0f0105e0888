"""Terminal and panel over a line that loses, doubles, changes and delays frames."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boards.pico_panel.firmware import lights
from terminal.panel import wire
from terminal.panel.events import BarrierConfirmed, KeyPressed, LinkLost
from terminal.panel.messages import Cue, Light
from tests.terminal.panel.both_ends import BothEnds, Cable, linked, outcomes, sound

KEY_5 = 1 << wire.KEYS.index(b"5")


def is_linked(both: BothEnds) -> bool:
    return both.linked


@pytest.mark.parametrize("late_ms", [200, 800, 1200, 3000, 10_000])
def test_a_line_that_gets_slower_and_slower_is_not_obeyed_late(late_ms: int) -> None:
    """Heartbeats keep coming, each a little later than the last: no silence gives it away."""
    both = linked()
    while both.delay_ms < late_ms:
        both.delay_ms += 100
        both.run(500)
    both.pulse(1)
    both.accept(hold_ms=50)
    asked_ms = both.now_ms
    while both.now_ms < asked_ms + 3 * late_ms + 3000:
        both.step()
        if both.driven:
            assert both.now_ms <= asked_ms + wire.FRESH_MS + 200
    assert both.rises == (late_ms < wire.FRESH_MS)


def test_a_burst_that_a_buffer_lets_go_late_is_not_obeyed() -> None:
    both = linked()
    both.delay_ms = 3000
    both.pulse(1)
    both.accept()
    both.run(6000)
    assert both.rises == 0
    assert not any(lit & lights.ACCEPTED for lit in both.lit)
    both.delay_ms = 0
    both.run_until(partial(is_linked, both), limit_ms=10_000)
    both.pulse(2)
    both.run(500)
    assert both.rises == 1


def scenario(both: BothEnds) -> None:
    """A sale at a toll point, keys included."""
    both.run(200)
    assert both.session is not None
    both.session.show(Light.READING, Cue.READING)
    both.run(100)
    both.pulse(41)
    both.accept(hold_ms=300)
    both.keys_down = KEY_5
    both.run(300)
    both.keys_down = 0
    both.run(400)


def dropped(_frame: bytes, _number: int) -> list[bytes]:
    return []


def doubled(frame: bytes, _number: int) -> list[bytes]:
    return [frame, frame]


def changed(frame: bytes, number: int) -> list[bytes]:
    spoilt = bytearray(frame)
    spoilt[1 + number % (len(frame) - 2)] ^= 0x20
    return [bytes(spoilt)]


def cut_short(frame: bytes, number: int) -> list[bytes]:
    return [frame[: 1 + number % (len(frame) - 1)]]


def after_noise(frame: bytes, number: int) -> list[bytes]:
    return [bytes([number % 255 + 1]) * (number % 7), frame]


def whole(frame: bytes, _number: int) -> list[bytes]:
    return [frame]


Fault = Callable[[bytes, int], list[bytes]]
FAULTS: tuple[Fault, ...] = (dropped, doubled, changed, cut_short, after_noise)


def hitting(faults: dict[int, Fault]) -> Cable:
    """A cable that does this to these frames, counted from its first."""
    return lambda number, frame: faults.get(number, whole)(frame, number)


@pytest.mark.parametrize("fault", FAULTS)
def test_one_faulty_frame_anywhere_costs_nothing(fault: Fault) -> None:
    clean = BothEnds()
    scenario(clean)
    assert clean.frames > 20
    for hit in range(clean.frames):
        both = BothEnds(hitting({hit: fault}))
        both.run_until(partial(is_linked, both))
        scenario(both)
        assert both.rises == 1, f"frame {hit}"
        assert [type(outcome) for outcome in outcomes(both)] == [BarrierConfirmed], f"frame {hit}"
        assert both.events.count(KeyPressed("5")) == 1, f"frame {hit}"
        assert not [e for e in both.events if isinstance(e, LinkLost)], f"frame {hit}"


@given(st.lists(st.sampled_from((whole, *FAULTS)), max_size=60))
def test_after_any_faults_the_next_sale_is_right(faults: list[Fault]) -> None:
    both = BothEnds(hitting(dict(enumerate(faults))))
    scenario(both)
    assert both.rises <= 1
    both.run_until(lambda: both.frames >= len(faults), limit_ms=60_000)
    both.run(3000)
    both.run_until(partial(is_linked, both))
    assert len(outcomes(both)) == 1, "every pulse has one outcome"
    both.events.clear()
    before = both.rises
    both.pulse(42)
    both.accept()
    both.run(1000)
    assert both.rises == before + 1
    assert [type(outcome) for outcome in outcomes(both)] == [BarrierConfirmed]


HAPPENINGS = ("fault", "pulse", "accept", "key", "emergency", "reset", "pause")


def happen(both: BothEnds, what: str, number: int) -> None:
    match what:
        case "fault":
            both.cable = hitting(dict.fromkeys(range(10**4), FAULTS[number % len(FAULTS)]))
        case "pulse":
            both.pulse(both.now_ms)
        case "accept":
            both.accept()
        case "key":
            both.keys_down = number
        case "emergency":
            both.emergency = not both.emergency
        case "reset":
            both.panel, both.driven = both.new_panel(number), False


@given(st.lists(st.tuples(st.sampled_from(HAPPENINGS), st.integers(0, 255)), max_size=25))
def test_no_history_opens_the_barrier_unasked_or_leaves_it_open(
    history: list[tuple[str, int]],
) -> None:
    both = BothEnds()
    for what, number in history:
        happen(both, what, number)
        both.run(20 + 5 * number)
        assert both.driven or not both.emergency, "the emergency input always wins"
        both.cable = sound
    # A reset during an emergency opens it once more: by the input, not by a command.
    openers = sum(what in {"pulse", "emergency", "reset"} for what, _ in history)
    assert both.rises <= openers
    both.emergency = False
    both.session = None
    both.run(2500)
    assert not both.driven
    assert both.panel.light == wire.LIGHT_NO_TERMINAL
