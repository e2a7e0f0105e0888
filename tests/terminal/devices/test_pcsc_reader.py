"""The PC/SC driver over a service in memory: cards, and everything that is not a card."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import pytest

from host_sim.world.direct_reader import HandClock
from host_sim.world.pcsc import PcscCard, PcscWorld
from host_sim.world.tags import NdefApplication, Type2Tag
from host_sim.world.vpcd_card import CONTACT_ATR, NoApplication, TagBehindReader, storage_atr
from terminal.devices.nfcpy_reader import NfcpyReader
from terminal.devices.pcsc_reader import PcscReader
from terminal.devices.pcsc_service import Code
from terminal.devices.reader_choice import reader_for_path
from terminal.errors import ConfigError
from terminal.nfc.card_session import SELECT
from terminal.nfc.errors import CardLost, ReaderLost
from terminal.nfc.ndef_coupon import coupon_message
from terminal.nfc.polling import FieldState, PollingLoop
from terminal.nfc.reader import CardFound, CardKind
from tests.cards import UID, MemoryOfCard, RecordingDesk, card_with_coupon, pcsc_card, request_for

TAG_UID = bytes.fromhex("04A1B2C3D4E580")


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
    world.place(pcsc_card(), "ACS SAM 01 00")
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
    world.place(pcsc_card(memory))
    loop.turn()
    assert desk.names() == ["ReaderUp", "CardSeen", "TapDone"]
    assert memory.state.next_minor == 1250
    assert memory.state.answers[-1].ack
    world.remove()
    loop.turn()
    loop.turn()
    assert loop.state is FieldState.SEARCHING
    desk.request = request_for(number=2)
    world.place(pcsc_card(memory))
    loop.turn()
    assert memory.state.next_minor == 2500
    loop.close()
    assert world.clients == 0


def test_a_card_left_lying_is_not_disturbed_again() -> None:
    world, desk = PcscWorld(), RecordingDesk()
    loop = PollingLoop(PcscReader("pcsc", service=world.client), desk, HandClock().monotonic_ms)
    loop.turn()
    world.place(pcsc_card())
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
    world.place(pcsc_card())
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
        (storage_atr(2), UID, CardKind.CLASSIC),
        (storage_atr(0x26), UID, CardKind.CLASSIC),
        (storage_atr(0x3A), UID, CardKind.TYPE_2),
        (storage_atr(0xF004), UID, CardKind.OTHER),
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
    world.place(PcscCard(pcsc_card().application, b""))
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


def test_a_type_4_tag_is_read_where_the_desk_takes_bearer_coupons() -> None:
    world, desk = PcscWorld(), RecordingDesk(bearer=True)
    loop = PollingLoop(PcscReader("pcsc", service=world.client), desk, HandClock().monotonic_ms)
    loop.turn()
    world.place(PcscCard(NdefApplication(coupon_message(b"a bearer coupon")), TAG_UID))
    loop.turn()
    assert desk.presentations == [b"a bearer coupon"]
    loop.close()


@dataclass
class WeakTag:
    """A tag at the edge of the field: the reader reports the reads of these numbers as failed."""

    tag: TagBehindReader
    failing: frozenset[int]
    reads: int = 0

    def power_off(self) -> None:
        self.tag.power_off()

    def process(self, command: bytes) -> bytes:
        self.reads += 1
        return b"\x63\x00" if self.reads in self.failing else self.tag.process(command)


def weak(*failing: int) -> WeakTag:
    message = coupon_message(b"a bearer coupon")
    return WeakTag(TagBehindReader(Type2Tag(TAG_UID, message)), frozenset(failing))


@pytest.mark.parametrize("read", range(1, 5))
def test_a_read_that_failed_once_is_made_again(read: int) -> None:
    world, desk = PcscWorld(), RecordingDesk(bearer=True)
    loop = PollingLoop(PcscReader("pcsc", service=world.client), desk, HandClock().monotonic_ms)
    loop.turn()
    world.place(PcscCard(weak(read), TAG_UID, storage_atr(3)))
    loop.turn()
    assert desk.names() == ["ReaderUp", "CardSeen", "TapDone"]
    loop.close()


@pytest.mark.parametrize("read", range(1, 4))
def test_a_tag_lost_at_any_read_is_torn_and_read_when_presented_again(read: int) -> None:
    world, desk = PcscWorld(), RecordingDesk(bearer=True)
    loop = PollingLoop(PcscReader("pcsc", service=world.client), desk, HandClock().monotonic_ms)
    loop.turn()
    world.place(PcscCard(weak(read, read + 1), TAG_UID, storage_atr(3)))
    loop.turn()
    assert desk.names()[-1] == "TapTorn"
    assert desk.presentations == []
    loop.turn()
    assert desk.presentations == [b"a bearer coupon"]
    loop.close()


def test_where_the_desk_takes_none_a_tag_is_not_read_at_all() -> None:
    world, desk = PcscWorld(), RecordingDesk()
    loop = PollingLoop(PcscReader("pcsc", service=world.client), desk, HandClock().monotonic_ms)
    loop.turn()
    tag = weak()
    world.place(PcscCard(tag, TAG_UID, storage_atr(3)))
    loop.turn()
    assert desk.names() == ["ReaderUp", "CardsRefused"]
    assert tag.reads == 0
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
