"""nfcpy's real PN532 driver against a simulated chip behind a pty: taps, and every known fault.

Each fault of the table in docs/how-to/readers.md is played, and the next good tap must come within
two seconds of its end.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_sim.world.card import open_card
from host_sim.world.card_state import CardFile
from host_sim.world.reader_faults import ReaderFault
from terminal.devices.nfcpy_reader import NfcpyReader, check_reader_path
from terminal.errors import ConfigError
from terminal.nfc.errors import ReaderLost
from terminal.nfc.tap import ReaderDown, TapTorn
from terminal.payment.presentation import decode_presentation
from tests.booth import RECOVERY_S, Booth, booth_in, open_files
from tests.cards import request_for

end_to_end = pytest.mark.end_to_end


@pytest.mark.parametrize(
    "path",
    ["tty:/dev/ttyS0:pn532", "tty:/dev/pts/3:pn532", "usb", "usb:072f:2200", "tty:USB0:arygon"],
)
def test_paths_of_readers(path: str) -> None:
    check_reader_path(path)


@pytest.mark.parametrize(
    "path",
    ["", "tty:/dev/ttyS0:acr122", "tty:/dev/x;reboot:pn532", "tty:/dev/$(reboot):pn532", "udp"],
)
def test_a_path_that_names_no_reader_is_a_mistake_in_the_configuration(path: str) -> None:
    with pytest.raises(ConfigError, match=r"reader\.path"):
        check_reader_path(path)


def test_a_reader_that_is_not_there_is_lost_and_leaves_nothing_open(tmp_path: Path) -> None:
    before = open_files()
    reader = NfcpyReader(f"tty:{tmp_path}/none:pn532")
    for _ in range(3):
        with pytest.raises(ReaderLost):
            reader.open()
    reader.close()
    assert open_files() == before


@pytest.fixture
def booth(tmp_path: Path) -> Iterator[Booth]:
    with booth_in(tmp_path) as ready:
        yield ready


@end_to_end
def test_a_tap_takes_at_most_eight_chip_commands(booth: Booth) -> None:
    booth.loop.turn()
    before = len(booth.line.chip.commands)
    booth.line.place(booth.card)
    booth.loop.turn()
    assert booth.desk.names() == ["ReaderUp", "CardSeen", "TapDone"]
    used = booth.line.chip.commands[before:]
    assert used == [0x4A, 0x54, 0x42, 0x42, 0x42, 0x42, 0x32]
    assert decode_presentation(booth.desk.presentations[0]).spend.amount_minor == 1250


@end_to_end
def test_the_line_runs_at_its_highest_speed(booth: Booth) -> None:
    assert booth.line.chip.baud == 921600
    booth.loop.close()
    assert booth.line.chip.baud == 115200, "so that the next process can open it"


KILLED = """
import sys, time
from terminal.devices.nfcpy_reader import NfcpyReader
print(NfcpyReader(sys.argv[1]).open(), flush=True)
time.sleep(60)
"""


@end_to_end
def test_a_chip_left_at_high_speed_by_a_killed_process_is_taken_back(booth: Booth) -> None:
    booth.loop.close()
    path = f"tty:{booth.line.path}:pn532"
    with subprocess.Popen([sys.executable, "-c", KILLED, path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"PN532" in process.stdout.readline()
        process.kill()
    assert booth.line.chip.baud == 921600
    assert booth.tap() < RECOVERY_S


@end_to_end
def test_a_card_survives_processes_and_answers_the_same_again(booth: Booth) -> None:
    booth.tap()
    booth.tap(open_card(booth.card_path))
    first, second = booth.desk.presentations
    assert first == second
    booth.desk.request = request_for(number=2)
    booth.tap(open_card(booth.card_path))
    assert decode_presentation(booth.desk.presentations[2]).spend.from_minor == 1250


@end_to_end
def test_the_reader_pulled_out_and_plugged_in_again(booth: Booth) -> None:
    booth.tap()
    booth.line.unplug()
    booth.until(lambda: booth.count(ReaderDown) == 1)
    time.sleep(0.3)
    booth.line.plug_in()
    assert booth.tap() < RECOVERY_S


@end_to_end
def test_the_reader_pulled_out_in_the_middle_of_a_tap(booth: Booth) -> None:
    booth.desk.when_asked = booth.line.unplug
    booth.line.place(booth.card)
    booth.until(lambda: booth.count(ReaderDown) >= 1)
    assert booth.count(TapTorn) == 1
    booth.desk.when_asked = lambda: None
    booth.line.remove(booth.card)
    booth.line.plug_in()
    assert booth.tap() < RECOVERY_S


@end_to_end
@pytest.mark.parametrize("times", [1, 2, 5])
@pytest.mark.parametrize(
    "fault",
    [
        ReaderFault.TRUNCATED,
        ReaderFault.CORRUPTED,
        ReaderFault.LOST,
        ReaderFault.LOST_ACK,
        ReaderFault.NOISE,
        ReaderFault.BROWN_OUT,
    ],
)
def test_a_fault_of_the_line_while_looking(booth: Booth, fault: ReaderFault, times: int) -> None:
    booth.line.chip.faults.plan(fault, times)
    booth.until(lambda: len(booth.line.chip.faults.struck) == times, limit_s=5)
    assert booth.tap() < RECOVERY_S


@end_to_end
@pytest.mark.parametrize("after", range(7))
@pytest.mark.parametrize(
    "fault", [ReaderFault.TRUNCATED, ReaderFault.CORRUPTED, ReaderFault.LOST, ReaderFault.BROWN_OUT]
)
def test_a_fault_of_the_line_at_any_command_of_a_tap(
    booth: Booth, fault: ReaderFault, after: int
) -> None:
    booth.line.chip.faults.plan(fault, after=after)
    assert booth.tap() < RECOVERY_S
    assert len(set(booth.desk.presentations)) == 1
    assert CardFile(booth.card_path).read().next_minor == 1250, "paid once"


@end_to_end
def test_a_reader_that_answers_nothing_is_noticed_and_taken_back(booth: Booth) -> None:
    booth.line.chip.faults.plan(ReaderFault.MUTE)
    booth.until(lambda: booth.count(ReaderDown) == 1)
    booth.line.chip.faults.mend()
    assert booth.tap() < RECOVERY_S


@end_to_end
@pytest.mark.slow
def test_many_taps_under_random_faults_pay_once_each_and_leak_nothing(booth: Booth) -> None:
    booth.tap()
    open_before = open_files()
    booth.line.chip.faults.randomise(seed=7, rate=0.05)
    for number in range(2, 42):
        booth.desk.request = request_for(100, number=number)
        booth.tap(limit_s=10)
    booth.line.chip.faults.mend()
    assert CardFile(booth.card_path).read().next_minor == 1250 + 40 * 100
    assert len({decode_presentation(data).spend_id for data in booth.desk.presentations}) == 41
    booth.tap()
    assert open_files() <= open_before
