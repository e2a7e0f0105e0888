"""The ear hears for ever: a microphone that goes away is said once and tried again."""

from __future__ import annotations

import numpy as np
import pytest

from terminal.acoustic import modulate
from terminal.errors import ConfigError
from terminal.runtime.ear import DEVICE, Ear
from terminal.runtime.inbox import DeviceState, Heard
from terminal.sale.view import Carrier
from tests.terminal.runtime.ports_rig import Inbox, Tape, each_in_turn, gone, in_blocks, started

PAYLOAD = b"kumquat"
BURST = np.concatenate([modulate(PAYLOAD, "counter"), np.zeros(24_000, dtype=np.float32)])
WORKS = DeviceState(DEVICE, None)
FAILED = DeviceState(DEVICE, str(gone("microphone")))


def test_a_burst_becomes_a_payload_in_the_inbox() -> None:
    inbox, tape = Inbox(), Tape(in_blocks(BURST))
    with started(Ear(lambda: tape, inbox.post, ["counter"])):
        assert inbox.next(DeviceState) == WORKS
        assert inbox.next(Heard) == Heard(PAYLOAD, Carrier.SOUND)
    assert tape.is_closed


def test_a_microphone_that_comes_back_is_heard_again() -> None:
    inbox = Inbox()
    broken = Tape(in_blocks(BURST[:4800]), then=gone("microphone"))
    opened = each_in_turn(broken, gone("microphone"), Tape(in_blocks(BURST)))
    with started(Ear(opened, inbox.post, ["counter"], first_pause_s=0.001)):
        assert inbox.next(DeviceState) == WORKS
        assert inbox.next(DeviceState) == FAILED
        assert inbox.next(DeviceState) == FAILED
        assert inbox.next(DeviceState) == WORKS
        assert inbox.next(Heard).payload == PAYLOAD
    assert broken.is_closed


def test_half_a_burst_before_the_fault_is_not_joined_to_what_comes_after() -> None:
    inbox, half = Inbox(), BURST.size // 3
    broken = Tape(in_blocks(BURST[:half]), then=gone("microphone"))
    rest = Tape(in_blocks(BURST[half:]), then=gone("microphone"))
    opened = each_in_turn(broken, rest, Tape(in_blocks(BURST)))
    with started(Ear(opened, inbox.post, ["counter"], first_pause_s=0.001)):
        for seen in (WORKS, FAILED, WORKS, FAILED, WORKS):
            assert inbox.next(DeviceState) == seen
        assert inbox.next(Heard).payload == PAYLOAD


def test_an_unknown_mode_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"audio\.listen: 'loud' is none of: .*counter"):
        Ear(lambda: Tape(()), Inbox().post, ["loud"])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_ear_that_a_fault_of_ours_ends_says_so() -> None:
    inbox = Inbox()
    with started(Ear(lambda: Tape((), then=ValueError("ours")), inbox.post, ["counter"])):
        assert inbox.next(DeviceState) == WORKS
        fault = inbox.next(DeviceState).fault
    assert fault is not None
    assert "start the terminal again" in fault
