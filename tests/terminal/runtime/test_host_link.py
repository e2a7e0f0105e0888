"""Talking with the host never holds up a sale and always begins again."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from terminal.errors import HostRefused, HostUnreachable
from terminal.runtime.host_link import FIRST_PAUSE_MS, HostThread, Syncing
from terminal.runtime.inbox import DeviceState, HostAnswered, Message
from terminal.sync.exchange import HostReply, HostRequest
from terminal.sync.messages import LineState
from terminal.sync.session import SyncOutcome

EVERY_MS = 30_000
ASKED = HostRequest("POST", "/v1/x", b"")
OK = HostAnswered(ASKED, HostReply(200, b""))
DONE = SyncOutcome(LineState.CONSISTENT, 1, 0, 0, 0, None, ())


class Clock:
    now_ms = 0

    def monotonic_ms(self) -> int:
        return self.now_ms


class Carried:
    """Keeps what it was asked to carry, instead of a thread."""

    def __init__(self) -> None:
        self.requests: list[HostRequest] = []

    def carry(self, request: HostRequest) -> None:
        self.requests.append(request)


def dialogue(refuse: bool = False) -> Generator[HostRequest, HostReply, SyncOutcome]:
    yield ASKED
    if refuse:
        raise HostRefused("unknown_terminal", "no such terminal")
    yield ASKED
    return DONE


def syncing(clock: Clock, *, refuse: bool = False) -> tuple[Syncing, Carried]:
    carried = Carried()
    made = Syncing(
        carried, lambda: dialogue(refuse), every_ms=EVERY_MS, monotonic_ms=clock.monotonic_ms
    )
    return made, carried


def test_a_dialogue_runs_reply_by_reply_to_its_outcome() -> None:
    made, carried = syncing(Clock())
    made.advance()
    assert made.answered(OK) is None
    assert made.answered(OK) == DONE
    assert (len(carried.requests), made.online) == (2, True)


def test_the_next_dialogue_begins_after_the_usual_interval() -> None:
    clock = Clock()
    made, carried = syncing(clock)
    made.advance()
    made.answered(OK)
    made.answered(OK)
    clock.now_ms = EVERY_MS - 1
    made.advance()
    assert len(carried.requests) == 2
    clock.now_ms = EVERY_MS
    made.advance()
    assert len(carried.requests) == 3


def test_an_unreachable_host_is_tried_again_soon_then_less_often() -> None:
    clock = Clock()
    made, carried = syncing(clock)
    gaps = []
    for _ in range(6):
        before = clock.now_ms
        made.advance()
        while len(carried.requests) == 0:
            clock.now_ms += 500
            made.advance()
        gaps.append(clock.now_ms - before)
        carried.requests.clear()
        made.answered(HostAnswered(ASKED, None))
    assert gaps[1] == FIRST_PAUSE_MS
    assert gaps == sorted(gaps)
    assert max(gaps) <= EVERY_MS
    assert not made.online


def test_a_refusal_is_kept_in_words_and_tried_again() -> None:
    made, _ = syncing(Clock(), refuse=True)
    made.advance()
    made.answered(OK)
    assert made.problem == "unknown_terminal: no such terminal"
    assert not made.online


def test_an_abandoned_dialogue_ignores_a_late_reply() -> None:
    made, _ = syncing(Clock())
    made.advance()
    made.abandon()
    assert made.answered(OK) is None


def test_the_thread_says_so_when_nobody_answered() -> None:
    heard: list[Message] = []

    def nobody(_request: HostRequest) -> HostReply:
        raise HostUnreachable("refused")

    thread = HostThread(nobody, heard.append)
    thread.start()
    thread.carry(ASKED)
    thread.stop()
    assert heard == [HostAnswered(ASKED, None)]


def test_a_late_reply_to_an_abandoned_dialogue_is_not_fed_to_the_next() -> None:
    clock = Clock()
    made, carried = syncing(clock)
    late = HostAnswered(HostRequest("POST", "/v1/x", b""), HostReply(200, b""))
    made.advance()
    made.abandon()
    clock.now_ms += EVERY_MS
    made.advance()
    assert made.answered(late) is None
    assert len(carried.requests) == 2, "the dialogue did not move"
    assert made.answered(OK) is None
    assert made.answered(OK) == DONE


def test_the_hosts_time_counts_from_the_first_reply_of_its_dialogue() -> None:
    """A long upload must not make the host's clock look slow."""
    clock = Clock()
    made, _ = syncing(clock)
    made.advance()
    clock.now_ms = 400
    made.answered(OK)
    clock.now_ms = 95_000
    assert made.answered(OK) == DONE
    assert made.heard_ms == 400


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_ours_in_the_thread_is_on_the_screen_and_ends_the_dialogue() -> None:
    heard: list[Message] = []

    def broken(_request: HostRequest) -> HostReply:
        raise ValueError("ours")

    thread = HostThread(broken, heard.append)
    thread.start()
    thread.carry(ASKED)
    thread.stop()
    answered, state = heard
    assert answered == HostAnswered(ASKED, None)
    assert isinstance(state, DeviceState)
    assert state.fault is not None
