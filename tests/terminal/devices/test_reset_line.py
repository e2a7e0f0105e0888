"""The reader's reset line: on simulated wires only, never on hardware."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_sim.world.pn532 import Pn532
from host_sim.world.pn532_pty import Pn532Line
from host_sim.world.reader_faults import ReaderFault
from host_sim.world.reset_wire import GpioChip, ResetWire
from host_sim.world.rf_field import RfField
from terminal.config import known_boards, load_board
from terminal.devices.reader_choice import reader_for_path
from terminal.devices.reset_line import (
    LOW_S,
    START_S,
    GpiodLine,
    ResetLine,
    reset_of_board,
    telling,
)
from terminal.errors import ConfigError, DeviceError
from terminal.nfc.errors import ReaderGlitch, ReaderLost


@pytest.fixture
def line() -> Iterator[Pn532Line]:
    with Pn532Line(Pn532(RfField())) as running:
        yield running


def test_a_pulse_is_low_long_enough_and_then_waits_for_the_chip(line: Pn532Line) -> None:
    wire = ResetWire(line)
    slept: list[tuple[float, bool]] = []
    ResetLine("GPIO17", lambda: wire, lambda time_s: slept.append((time_s, wire.low))).pulse()
    assert slept == [(LOW_S, True), (START_S, False)]


def test_a_wait_that_is_cut_short_does_not_leave_the_chip_in_reset(line: Pn532Line) -> None:
    wire = ResetWire(line)

    def interrupted(_time_s: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ResetLine("GPIO17", lambda: wire, interrupted).pulse()
    assert not wire.low


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.EACCES, "group gpio"), (errno.EBUSY, "end that program"), (errno.EIO, "wiring")],
)
def test_a_line_that_the_kernel_refuses_says_what_to_do(
    line: Pn532Line, number: int, remedy: str
) -> None:
    wire = ResetWire(line, OSError(number, "refused"))
    with pytest.raises(DeviceError, match="reader reset line GPIO17") as caught:
        ResetLine("GPIO17", lambda: wire).pulse()
    assert remedy in caught.value.remedy


def test_a_broken_line_is_told_and_keeps_no_reader_from_opening(line: Pn532Line) -> None:
    wire, told = ResetWire(line, OSError(errno.EBUSY, "busy")), list[DeviceError | None]()
    pulse = telling(ResetLine("GPIO17", lambda: wire), told.append)
    pulse()
    assert [error and error.problem for error in told] == ["another program uses it"]
    wire.fault = None
    pulse()
    assert told[1:] == [None], "so that the screen forgets it"
    assert wire.pulses == 1


def test_only_boards_that_wire_the_line_have_one() -> None:
    wired = set()
    for name in known_boards():
        try:
            pin = load_board(name).pins["reader_reset"]
        except ConfigError:  # a panel is no terminal
            continue
        if reset_of_board(pin, lambda _error: None) is not None:
            wired.add(name)
    assert wired == {"raspberry_pi_4", "raspberry_pi_5", "raspberry_pi_zero_2w"}


def test_a_pin_that_this_machine_lacks_names_the_configuration() -> None:
    pytest.importorskip("gpiod", reason="gpiod is not installed (pip install gpiod)")
    told = list[DeviceError | None]()
    pulse = reset_of_board(997, told.append)  # no header has that many
    assert pulse is not None
    pulse()
    (fault,) = told
    assert fault is not None
    assert fault.device == "reader reset line GPIO997"


def test_the_pin_is_found_by_name_on_any_chip_and_never_driven_high() -> None:
    gpiod = pytest.importorskip("gpiod", reason="gpiod is not installed (pip install gpiod)")
    chips = {"/dev/gpiochip0": GpioChip(("ID_SD",)), "/dev/gpiochip4": GpioChip(("X", "GPIO17"))}
    line = GpiodLine("GPIO17", [Path(path) for path in chips], chips.__getitem__)
    line.pull_low()
    line.let_go()
    assert chips["/dev/gpiochip0"].settings == []
    taken = chips["/dev/gpiochip4"].settings
    assert [name for name, _ in taken] == ["GPIO17"] * 3
    shown = [(given.direction, given.bias, given.output_value) for _, given in taken]
    inactive, (to, bias) = gpiod.line.Value.INACTIVE, (gpiod.line.Direction, gpiod.line.Bias)
    assert shown == [
        (to.INPUT, bias.PULL_UP, inactive),
        (to.OUTPUT, bias.AS_IS, inactive),
        (to.INPUT, bias.PULL_UP, inactive),
    ]
    assert all(chip.open == 0 for chip in chips.values())


WITHOUT_GPIOD = """
import sys
sys.modules["gpiod"] = None  # as if it were not installed
from terminal.devices.reset_line import reset_of_board
reset_of_board(17, print)()
"""


def test_without_gpiod_the_remedy_is_to_install_it() -> None:
    words = [sys.executable, "-c", WITHOUT_GPIOD]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "gpiod is not installed; install it: pip install gpiod" in done.stdout
    assert done.stderr == ""


@pytest.mark.end_to_end
def test_a_chip_that_answers_nobody_is_taken_back_by_its_reset_line(
    line: Pn532Line, tmp_path: Path
) -> None:
    line.chip.faults.plan(ReaderFault.MUTE)
    without = reader_for_path(f"tty:{line.path}:pn532")
    with pytest.raises((ReaderLost, ReaderGlitch)):
        without.open()
    wire = ResetWire(line)
    reader = reader_for_path(
        f"tty:{line.path}:pn532", reset=ResetLine("GPIO17", lambda: wire).pulse
    )
    assert "PN532" in reader.open()
    assert wire.pulses == 1
    reader.close()
