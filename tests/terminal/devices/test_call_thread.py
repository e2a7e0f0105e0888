"""Calls that block, and an owner that does not wait for ever."""

from __future__ import annotations

import threading

import pytest

from terminal.devices.call_thread import CallThread, Overdue

SOON_S = 5.0


def test_a_call_gives_its_value_or_its_error() -> None:
    thread = CallThread("test")
    assert thread.call(lambda: 7, SOON_S) == 7
    with pytest.raises(ZeroDivisionError):
        thread.call(lambda: 1 // 0, SOON_S)
    assert thread.call(lambda: 8, SOON_S) == 8
    thread.end(lambda: None, SOON_S)
    assert thread.ended(0.0)


def test_a_late_call_is_given_up_and_what_was_queued_behind_it_never_happens() -> None:
    thread, gate, done = CallThread("test"), threading.Event(), []
    with pytest.raises(Overdue):
        thread.call(gate.wait, 0.01)
    assert thread.busy
    with pytest.raises(Overdue):
        thread.call(lambda: done.append("late"), 0.01)
    thread.end(lambda: done.append("end"), 0.0)
    assert not thread.ended(0.0)
    assert done == []
    gate.set()
    thread.end(lambda: None, SOON_S)
    assert done == ["end"]
    assert not thread.busy
