"""The PC/SC driver over a service in memory: cards, and everything that is not a card."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from host_sim.world.card_application import KumquatApplication
from host_sim.world.direct_reader import HandClock
from host_sim.world.pcsc import PcscCard, PcscWorld
from host_sim.world.tags import Type2Tag
from host_sim.world.vpcd_card import CONTACT_ATR, NoApplication, TagBehindReader, storage_atr
from terminal.devices.nfcpy_reader import NfcpyReader
from terminal.devices.pcsc_reader import PcscReader
from terminal.devices.pcsc_service import Code
from terminal.devices.reader_choice import reader_for_path
from terminal.errors import ConfigError
from terminal.nfc.card_session import SELECT
from terminal.nfc.errors import CardLost, ReaderGlitch, ReaderLost
from terminal.nfc.ndef_coupon import coupon_message
from terminal.nfc.polling import FieldState, PollingLoop
from terminal.nfc.reader import CardFound, CardKind
from terminal.nfc.tap import ReaderDown
from tests.cards import UID, MemoryOfCard, RecordingDesk, card_with_coupon, request_for

TAG_UID = bytes.fromhex("04A1B2C3D4E580")


def kumquat_card(memory: MemoryOfCard | None = None) -> PcscCard:
    return PcscCard(KumquatApplication(memory or MemoryOfCard(card_with_coupon())), UID)


def opened(world: PcscWorld, path: str = "pcsc") -> PcscReader:
    reader = PcscReader(path, service=world.client)
    reader.open()
    return reader


# --- paths and readers ------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["pcsc", "pcsc:ACR122", "pcsc:ACS ACR122U PICC Interface 00 00"])
def test_a_pcsc_path_chooses_this_driver(path: str) -> None:
    assert isinstance(reader_for_path(path), PcscReader)


@pytest.mark.parametrize("path", ["tty:/dev/ttyS0:pn532", "usb"])
def test_every_other_path_chooses_nfcpy(path: str) -> None:
    assert isinstance(reader_for_path(path), NfcpyReader)


@pytest.mark.parametrize("path", ["pcsc:", "pcsc:a\nb", "pcscd", "pcsc:" + "x" * 101])
def test_a_path_that_names_no_reader_is_a_mistake_in_the_configuration(path: str) -> None:
    with pytest.raises(ConfigError, match=r"reader\.path"):
        reader_for_path(path)


def test_the_only_reader_needs_no_name() -> None:
    reader = PcscReader("pcsc", service=PcscWorld().client)
    assert reader.open() == "Reader 00 00 through PC/SC"
    reader.close()


def test_of_two_readers_one_must_be_named() -> None:
    world = PcscWorld({"ACS PICC 00 00": None, "ACS SAM 01 00": None})
    with pytest.raises(ReaderLost, match=r"2 readers.*ACS PICC.*ACS SAM.*name one of them"):
        opened(world)
    with pytest.raises(ReaderLost, match=r"no such reader \(there: ACS PICC"):
        opened(world, "pcsc:SCM")
    assert world.clients == 0
    reader = opened(world, "pcsc:picc")
    world.place(kumquat_card(), "ACS SAM 01 00")
    assert reader.sense() is None, "the other reader's card"
    reader.close()


WITHOUT_PYSCARD = """
import sys
sys.modules["smartcard"] = None  # as if it were not installed
from terminal.devices.reader_choice import reader_for_path
from terminal.errors import DeviceError
try:
    reader_for_path("pcsc").open()
except DeviceError as error:
    print(type(error).__name__, error.remedy)
"""


def test_without_pyscard_the_remedy_is_to_install_it() -> None:
    words = [sys.executable, "-c", WITHOUT_PYSCARD]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "ReaderLost install it: pip install 'kumquat[pcsc]'\n"
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("code", "problem", "remedy"),
    [
        (Code.NO_SERVICE, "does not run", "systemctl start"),
        (Code.NOT_ALLOWED, "refuses this user", "polkit"),
        (Code.NO_READERS, "no reader found", "cable"),
    ],
)
def test_a_service_that_gives_no_reader_says_what_to_do(
    code: Code, problem: str, remedy: str
) -> None:
    world = PcscWorld(faults={"readers": [code]})
    with pytest.raises(ReaderLost, match=problem) as caught:
        opened(world)
    assert remedy in caught.value.remedy
    assert world.clients == 0, "nothing is left open"


# --- cards ------------------------------------------------------------------------------------


def test_a_whole_tap_through_the_polling_loop() -> None:
    world, desk, memory = PcscWorld(), RecordingDesk(), MemoryOfCard(card_with_coupon())
    loop = PollingLoop(PcscReader("pcsc", service=world.client), desk, HandClock().monotonic_ms)
    loop.turn()
    world.place(kumquat_card(memory))
    loop.turn()
    assert desk.names() == ["ReaderUp", "CardSeen", "TapDone"]
    assert memory.state.next_minor == 1250
    assert memory.state.answers[-1].ack
    world.remove()
    loop.turn()
    loop.turn()
    assert loop.state is FieldState.SEARCHING
    desk.request = request_for(number=2)
    world.place(kumquat_card(memory))
    loop.turn()
    assert memory.state.next_minor == 2500
    loop.close()
    assert world.clients == 0


def test_a_card_left_lying_is_not_disturbed_again() -> None:
    world, desk = PcscWorld(), RecordingDesk()
    loop = PollingLoop(PcscReader("pcsc", service=world.client), desk, HandClock().monotonic_ms)
    loop.turn()
    world.place(kumquat_card())
    loop.turn()
    world.calls.clear()
    for _ in range(5):
        loop.turn()
    assert world.calls == ["status"] * 5
    assert desk.names().count("TapDone") == 1
    loop.close()


def test_release_makes_the_card_forget_its_session() -> None:
    world = PcscWorld()
    reader = opened(world)
    world.place(kumquat_card())
    assert reader.sense() == CardFound(UID, b"", 0x20)
    reader.activate(500)
    assert reader.exchange(SELECT, 500)[-2:] == b"\x90\x00"
    reader.release()
    reader.activate(500)
    assert reader.exchange(bytes.fromhex("80CA000100"), 500) == b"\x69\x85", "SELECT first"
    reader.close()


@pytest.mark.parametrize(
    ("atr", "uid", "kind"),
    [
        (storage_atr(1), UID, CardKind.CLASSIC),
        (storage_atr(3), UID, CardKind.TYPE_2),
        (CONTACT_ATR, b"", CardKind.OTHER),
    ],
)
def test_kinds_that_cannot_pay_are_told_apart(atr: bytes, uid: bytes, kind: CardKind) -> None:
    world = PcscWorld()
    reader = opened(world)
    world.place(PcscCard(NoApplication(), UID, atr))
    found = reader.sense()
    assert isinstance(found, CardFound)
    assert (found.uid, found.kind) == (uid, kind)
    reader.close()


def test_a_reader_that_tells_no_identifier_is_good_enough() -> None:
    world = PcscWorld()
    reader = opened(world)
    world.place(PcscCard(kumquat_card().application, b""))
    assert reader.sense() == CardFound(b"", b"", 0x20)
    reader.close()


def test_a_type_2_tag_is_read_where_the_desk_takes_bearer_coupons() -> None:
    world, desk = PcscWorld(), RecordingDesk(bearer=True)
    loop = PollingLoop(PcscReader("pcsc", service=world.client), desk, HandClock().monotonic_ms)
    loop.turn()
    tag = Type2Tag(TAG_UID, coupon_message(b"a bearer coupon"))
    world.place(PcscCard(TagBehindReader(tag), TAG_UID, storage_atr(3)))
    loop.turn()
    assert desk.names() == ["ReaderUp", "CardSeen", "TapDone"]
    assert desk.presentations == [b"a bearer coupon"]
    loop.close()


def test_a_tag_that_its_reader_cannot_read_is_a_lost_card() -> None:
    world = PcscWorld()
    reader = opened(world)
    world.place(PcscCard(NoApplication(), TAG_UID, storage_atr(3)))
    reader.sense()
    reader.select_tag()
    with pytest.raises(CardLost, match="6E00"):
        reader.read_pages(3, 500)
    reader.close()


# --- what goes wrong --------------------------------------------------------------------------


@pytest.mark.parametrize("code", [Code.REMOVED_CARD, Code.NOT_TRANSACTED, Code.RESET_CARD])
def test_a_card_taken_away_in_the_middle_is_a_lost_card(code: Code) -> None:
    world = PcscWorld()
    reader = opened(world)
    world.place(kumquat_card())
    reader.sense()
    reader.activate(500)
    world.faults["transmit"] = [code]
    world.calls.clear()
    with pytest.raises(CardLost):
        reader.exchange(SELECT, 500)
    reader.release()
    assert world.calls == ["transmit", "leave"], "what is gone is not reset"
    assert reader.sense() == CardFound(UID, b"", 0x20), "looked at anew"
    assert world.calls[2:] == ["status", "connect", "transmit"]
    reader.close()


def test_a_card_gone_before_its_reset_is_no_fault() -> None:
    world = PcscWorld(faults={"reset": [Code.REMOVED_CARD]})
    reader = opened(world)
    world.place(kumquat_card())
    reader.sense()
    reader.release()
    reader.close()


@pytest.mark.parametrize("call", ["connect", "transmit"])
def test_a_card_gone_while_it_is_looked_at_was_never_there(call: str) -> None:
    world = PcscWorld(faults={call: [Code.REMOVED_CARD]})
    reader = opened(world)
    world.place(kumquat_card())
    assert reader.sense() is None
    assert reader.sense() == CardFound(UID, b"", 0x20)
    assert world.calls.count("connect") == 2, "a dead connection is not used again"
    reader.close()


def test_a_card_that_another_program_holds_is_a_glitch() -> None:
    world = PcscWorld(faults={"connect": [Code.SHARING_VIOLATION]})
    reader = opened(world)
    world.place(kumquat_card())
    with pytest.raises(ReaderGlitch, match="another program"):
        reader.sense()
    reader.close()


def test_an_unknown_code_is_a_glitch_that_names_it() -> None:
    world = PcscWorld(faults={"status": [0x8010ABCD]})
    reader = opened(world)
    with pytest.raises(ReaderGlitch, match="8010ABCD"):
        reader.sense()
    reader.close()


def test_an_unplugged_reader_is_lost_and_comes_back() -> None:
    world, desk = PcscWorld(), RecordingDesk()
    loop = PollingLoop(PcscReader("pcsc", service=world.client), desk, HandClock().monotonic_ms)
    loop.turn()
    slots, world.slots = world.slots, {}
    for _ in range(3):
        loop.turn()
    assert loop.state is FieldState.DOWN
    down = next(event for event in desk.events if isinstance(event, ReaderDown))
    assert "unplugged" in str(down.error)
    world.slots = slots
    world.place(kumquat_card())
    loop.turn()
    loop.turn()
    assert desk.names() == ["ReaderUp", "ReaderDown", "ReaderUp", "CardSeen", "TapDone"]
    loop.close()
    assert world.clients == 0


def test_a_service_that_stops_is_lost_and_comes_back() -> None:
    world = PcscWorld()
    reader = opened(world)
    world.running = False
    with pytest.raises(ReaderLost, match="does not run"):
        reader.sense()
    with pytest.raises(ReaderLost, match="does not run"):
        reader.open()
    world.running = True
    reader.open()
    assert reader.sense() is None
    reader.close()


def test_a_command_that_never_comes_back_ends_at_the_deadline() -> None:
    world = PcscWorld()
    reader = opened(world)
    world.place(kumquat_card())
    reader.sense()
    reader.activate(500)
    world.stuck = threading.Event()
    start = time.monotonic()
    with pytest.raises(CardLost, match="too slow"):
        reader.exchange(SELECT, 50)
    reader.release()
    for attempt in (reader.sense, reader.open, reader.open):
        with pytest.raises(ReaderLost, match="still waits for its last card"):
            attempt()
    assert time.monotonic() - start < 1.0
    assert world.clients == 1, "the call still holds it"
    world.stuck.set()
    until = time.monotonic() + 5
    while world.clients:
        assert time.monotonic() < until
        time.sleep(0.005)
    world.stuck = None
    reader.open()
    assert reader.sense() is not None
    reader.close()


def test_a_reader_that_is_not_open_is_lost() -> None:
    reader = PcscReader("pcsc", service=PcscWorld().client)
    reader.close()
    with pytest.raises(ReaderLost, match="not open"):
        reader.sense()
