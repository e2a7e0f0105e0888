"""The thread that fetches deny lists: it gives way, tries again, says what is wrong, and stops."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator

import pytest

from terminal.errors import HostUnreachable
from terminal.journal.deny_view import DenyListRefused
from terminal.runtime.deny_fetch import MOST_YIELD_S, DenyFetch
from terminal.runtime.inbox import DeviceState, Message
from terminal.sync.deny_session import DenyOutcome
from terminal.sync.exchange import HostReply, HostRequest

ASKED = HostRequest("POST", "/v1/x", b"")
DONE = DenyOutcome(2, 1, 0, 90, 0, ())
Fetching = Generator[HostRequest, HostReply, DenyOutcome]


class Fetch:
    """The thread with everything around it written down."""

    def __init__(
        self,
        dialogue: Callable[[bytes], Fetching],
        send: Callable[[HostRequest], HostReply],
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self.posted: list[Message] = []
        self.reported: list[dict[str, object]] = []
        self.begun: list[bytes] = []

        def begin(head: bytes) -> Fetching:
            self.begun.append(head)
            return dialogue(head)

        self.thread = DenyFetch(
            begin,
            send,
            self.posted.append,
            busy=busy,
            report=self.reported.append,
            pauses_s=(0.01, 0.01),
        )
        self.thread.start()

    def until(self, wanted: Callable[[], bool]) -> None:
        ends = time.monotonic() + 5
        while not wanted():
            assert time.monotonic() < ends
            time.sleep(0.002)


def one_piece(_head: bytes) -> Fetching:
    yield ASKED
    return DONE


def refusing(_head: bytes) -> Fetching:
    yield ASKED
    raise DenyListRefused("older")


def answering(_request: HostRequest) -> HostReply:
    return HostReply(200, b"")


def test_what_was_fetched_is_reported_and_not_asked_for_again() -> None:
    fetch = Fetch(one_piece, answering)
    fetch.thread.offer(b"head")
    fetch.until(lambda: bool(fetch.reported))
    fetch.thread.offer(b"head")
    fetch.thread.offer(b"")
    fetch.thread.stop()
    assert fetch.begun == [b"head"]
    assert fetch.reported[0]["event"] == "deny_list_fetched"
    assert fetch.posted == []


def test_a_lost_answer_is_asked_for_again() -> None:
    tries: list[int] = []

    def third_time(_request: HostRequest) -> HostReply:
        tries.append(1)
        if len(tries) < 3:
            raise HostUnreachable("lost")
        return HostReply(200, b"")

    fetch = Fetch(one_piece, third_time)
    fetch.thread.offer(b"head")
    fetch.until(lambda: bool(fetch.reported))
    fetch.thread.stop()
    assert len(fetch.begun) == 1


def test_a_host_out_of_reach_is_no_fault_and_the_next_offer_begins_anew() -> None:
    def nobody(_request: HostRequest) -> HostReply:
        raise HostUnreachable("down")

    fetch = Fetch(one_piece, nobody)
    for times in (1, 2):
        fetch.thread.offer(b"head")
        fetch.until(lambda times=times: len(fetch.begun) == times)  # type: ignore[misc]  # bound
    fetch.thread.stop()
    assert fetch.posted == []


def test_what_is_wrong_is_said_once_and_taken_back_when_it_is_right() -> None:
    wrong = [True]

    def changing(head: bytes) -> Fetching:
        return refusing(head) if wrong[0] else one_piece(head)

    fetch = Fetch(changing, answering)
    for times in (1, 2):
        fetch.thread.offer(b"head")
        fetch.until(lambda times=times: len(fetch.begun) == times)  # type: ignore[misc]  # bound
    wrong[0] = False
    fetch.thread.offer(b"head")
    fetch.until(lambda: bool(fetch.reported) and len(fetch.posted) == 2)
    fetch.thread.stop()
    first, last = fetch.posted
    assert isinstance(first, DeviceState)
    assert first.fault is not None
    assert "older" in first.fault
    assert last == DeviceState("deny list sync", None)


def test_a_piece_waits_while_a_sale_or_an_upload_is_under_way() -> None:
    busy = threading.Event()
    busy.set()
    sent: list[float] = []

    def send(request: HostRequest) -> HostReply:
        sent.append(time.monotonic())
        return answering(request)

    fetch = Fetch(one_piece, send, busy.is_set)
    fetch.thread.offer(b"head")
    fetch.until(lambda: bool(fetch.begun))
    time.sleep(0.1)
    assert sent == []
    busy.clear()
    fetch.until(lambda: bool(sent))
    fetch.thread.stop()


@pytest.mark.slow
def test_a_sale_left_open_stops_no_list() -> None:
    fetch = Fetch(one_piece, answering, lambda: True)
    begun = time.monotonic()
    fetch.thread.offer(b"head")
    fetch.until(lambda: bool(fetch.reported))
    assert time.monotonic() - begun >= 0.9 * MOST_YIELD_S
    fetch.thread.stop()


def test_stopping_does_not_wait_for_a_list() -> None:
    def endless(_head: bytes) -> Fetching:
        while True:
            yield ASKED

    fetch = Fetch(endless, answering)
    fetch.thread.offer(b"head")
    fetch.until(lambda: bool(fetch.begun))
    fetch.thread.stop()
    assert fetch.posted == []
    assert fetch.reported == []
