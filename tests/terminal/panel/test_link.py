"""Numbering, acknowledgement and repetition on one side of a link."""

from __future__ import annotations

from terminal.panel.link import MAX_ATTEMPTS, QUEUE_LENGTH, REPEAT_MS, Link, next_number


def test_numbers_run_from_1_to_255_and_around() -> None:
    number, seen = 0, []
    for _ in range(256):
        number = next_number(number)
        seen.append(number)
    assert seen == [*range(1, 256), 1]


def test_one_message_is_under_way_at_a_time() -> None:
    link = Link()
    assert link.queue(0x10, b"a")
    assert link.queue(0x11, b"b")
    assert link.due(0) == (1, 0x10, b"a")
    assert link.due(1) is None
    link.acknowledged(1)
    assert link.due(1) == (2, 0x11, b"b")


def test_a_message_is_repeated_until_it_is_acknowledged_or_given_up() -> None:
    link = Link()
    link.queue(0x10, b"a")
    sent = [now_ms for now_ms in range(3000) if link.due(now_ms)]
    assert sent == [REPEAT_MS * attempt for attempt in range(MAX_ATTEMPTS)]
    assert not link.exhausted(sent[-1] + REPEAT_MS - 1)
    assert link.exhausted(sent[-1] + REPEAT_MS)


def test_only_the_number_under_way_acknowledges_it() -> None:
    link = Link()
    link.queue(0x10, b"a")
    link.due(0)
    for attempt, number in enumerate((0, 2, 255), 1):
        link.acknowledged(number)
        assert link.due(REPEAT_MS * attempt) == (1, 0x10, b"a")
    link.acknowledged(1)
    assert link.wake_ms() is None


def test_a_number_is_taken_once_and_in_order() -> None:
    link = Link()
    assert link.take(1)
    assert not link.take(1)
    assert not link.take(3)
    assert link.take(2)
    assert link.heard == 2


def test_a_doubled_message_is_acknowledged_again() -> None:
    link = Link()
    link.take(1)
    link.ack_owed = False
    link.take(1)
    assert link.ack_owed


def test_the_queue_has_an_end() -> None:
    link = Link()
    assert all(link.queue(0x10, bytes([n])) for n in range(QUEUE_LENGTH))
    assert not link.queue(0x10, b"too many")
    assert link.queued() == QUEUE_LENGTH


def test_what_is_urgent_goes_next() -> None:
    link = Link()
    link.queue(0x10, b"first")
    link.queue(0x10, b"second")
    link.queue(0x12, b"pulse", urgent=True)
    assert link.due(0) == (1, 0x12, b"pulse")


def test_it_says_when_to_come_again() -> None:
    link = Link()
    assert link.wake_ms() is None
    link.queue(0x10, b"a")
    assert link.wake_ms() == 0
    link.due(500)
    assert link.wake_ms() == 500 + REPEAT_MS
