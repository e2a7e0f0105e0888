"""The virtual sound card says what it lacks before it starts anything."""

from __future__ import annotations

import pytest

from host_sim.world.sound_card import VirtualSoundCard, missing_parts
from terminal.errors import DeviceError


def test_a_machine_without_the_programs_is_told_their_names() -> None:
    assert missing_parts(search_path="")[:4] == ("pulseaudio", "pactl", "parec", "pacat")


def test_a_sink_has_a_plain_name() -> None:
    with pytest.raises(ValueError, match="letters"):
        VirtualSoundCard(("a; load-module",))


def test_a_card_that_is_not_started_has_no_process() -> None:
    with pytest.raises(DeviceError, match="not started"):
        _ = VirtualSoundCard(("air",)).pid
