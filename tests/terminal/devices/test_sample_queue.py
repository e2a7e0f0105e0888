"""The queue between the sound thread and ours: order, bound, and an exact account of losses."""

from __future__ import annotations

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from terminal.devices.sample_queue import SampleQueue
from terminal.ports import Samples


def block(start: int, size: int = 480) -> Samples:
    return np.arange(start, start + size, dtype=np.float32)


@given(bound=st.integers(1, 5), puts=st.lists(st.booleans(), max_size=40))
def test_every_sample_put_is_taken_waiting_or_dropped(bound: int, puts: list[bool]) -> None:
    queue, position, taken = SampleQueue(bound), 0, [np.zeros(0, np.float32)]
    for is_put in puts:
        if is_put:
            queue.put(block(position, 10))
            position += 10
        else:
            out = queue.take(0.0)
            taken += [] if out is None else [out]
    while (out := queue.take(0.0)) is not None:
        taken.append(out)
    heard = np.concatenate(taken)
    assert heard.size + queue.dropped_samples() == position
    assert np.all(np.diff(heard) > 0), "in the order they were heard"


def test_a_late_reader_loses_the_oldest_sound() -> None:
    queue = SampleQueue(2)
    for start in (0, 480, 960):
        queue.put(block(start))
    first = queue.take(0.0)
    assert first is not None
    assert first[0] == 480
    assert queue.dropped_samples() == 480


def test_what_the_driver_lost_is_counted_too() -> None:
    queue = SampleQueue(2)
    queue.put(block(0), lost_before=480)
    assert queue.dropped_samples() == 480
    assert queue.take(0.0) is not None


def test_the_end_is_told_after_the_last_block() -> None:
    queue = SampleQueue(4)
    queue.put(block(0))
    queue.end()
    ended = [queue.ended]
    assert queue.take(0.0) is not None
    assert [*ended, queue.ended] == [False, True]
    assert queue.take(5.0) is None, "and nobody waits any more"


def test_a_waiting_reader_is_woken_by_a_block() -> None:
    queue = SampleQueue(4)
    writer = threading.Thread(target=queue.put, args=(block(0),))
    writer.start()
    assert queue.take(5.0) is not None
    writer.join()
