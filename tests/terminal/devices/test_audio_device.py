"""Choosing a sound device by what a person typed."""

from __future__ import annotations

import pytest

from terminal.devices.audio_device import SoundDevice, choose_device, require_rate
from terminal.errors import DeviceError

DEVICES = (
    SoundDevice(0, "USB Audio: - (hw:1,0)", 1, 2),
    SoundDevice(1, "HDMI: 0 (hw:0,3)", 0, 8),
    SoundDevice(2, "stall_air_mic", 32, 32),
    SoundDevice(3, "stall_air_mic_two", 32, 32),
)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (0, 0),
        ("3", 3),
        ("usb", 0),
        ("USB Audio", 0),
        ("stall_air_mic", 2),
        ("two", 3),
        (None, None),
        ("", None),
        ("default", None),
    ],
)
def test_a_device_is_found_by_number_name_or_unique_part(
    wanted: str | int | None, index: int | None
) -> None:
    assert choose_device(wanted, DEVICES, "input") == index


@pytest.mark.parametrize("wanted", ["hdmi", 1, "9", "nothing"])
def test_a_device_that_cannot_hear_is_no_microphone(wanted: str | int) -> None:
    with pytest.raises(DeviceError, match="no such input device; there are: 0 USB Audio"):
        choose_device(wanted, DEVICES, "input")


def test_a_part_that_fits_several_is_refused_with_their_names() -> None:
    with pytest.raises(DeviceError, match="fits several") as refused:
        choose_device("stall", DEVICES, "output")
    assert "2 stall_air_mic, 3 stall_air_mic_two" in refused.value.remedy


def test_no_device_at_all_is_said_plainly() -> None:
    with pytest.raises(DeviceError, match="there are: none"):
        choose_device("x", (), "output")


def test_another_rate_is_refused_in_one_line() -> None:
    require_rate("microphone", 48_000)
    with pytest.raises(DeviceError, match="44100 Hz; only 48000 Hz"):
        require_rate("microphone", 44_100)
