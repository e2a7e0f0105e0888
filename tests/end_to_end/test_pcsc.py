"""Taps through PC/SC on the real service: pcscd and its virtual reader, privately started.

Needs the Debian packages ``pcscd`` and ``vsmartcard-vpcd``, and pyscard; without them these tests
are skipped, and continuous integration counts that as a failure.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from host_sim.demo.cast import assemble
from host_sim.demo.stage import Stage
from host_sim.world.card_state import CardFile
from host_sim.world.pcsc_daemon import SOCKET_VARIABLE, PcscDaemon, why_not_here
from host_sim.world.tags import Type2Tag
from host_sim.world.vpcd_card import (
    CONTACT_ATR,
    NoApplication,
    TagBehindReader,
    Tear,
    VpcdCard,
    open_vpcd_card,
    storage_atr,
)
from terminal.devices.pcsc_reader import PcscReader
from terminal.nfc.errors import ReaderLost
from terminal.nfc.ndef_coupon import coupon_message
from terminal.nfc.polling import FieldState, PollingLoop
from terminal.nfc.reader import CardFound, CardKind
from terminal.nfc.tap import CardsRefused, ReaderDown, ReaderUp, TapAnswer, TapDone, TapTorn
from terminal.payment.presentation import decode_presentation
from tests.booth import RECOVERY_S, open_files
from tests.cards import (
    PAYEE_CARD,
    UID,
    RecordingDesk,
    card_with_coupon,
    request_for,
    stored_card,
)

FIRST = "pcsc:Virtual PCD 00 00"
TAG_UID = bytes.fromhex("04A1B2C3D4E580")
LACKING = why_not_here()

pytestmark = [pytest.mark.end_to_end, pytest.mark.skipif(bool(LACKING), reason=LACKING)]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PcscDaemon]:
    """A private pcscd that this process's PC/SC library finds."""
    with PcscDaemon(tmp_path_factory.mktemp("pcsc")) as running:
        os.environ[SOCKET_VARIABLE] = running.socket
        yield running
        del os.environ[SOCKET_VARIABLE]


@dataclass
class Counter:
    """A loop over the first virtual reader."""

    service: PcscDaemon
    desk: RecordingDesk = field(default_factory=RecordingDesk)

    def __post_init__(self) -> None:
        self.loop = PollingLoop(PcscReader(FIRST), self.desk, lambda: time.monotonic_ns() // 10**6)
        self.loop.turn()

    def until(self, wanted: Callable[[], bool], limit_s: float = RECOVERY_S) -> float:
        """Turn the loop until something holds; how long that took."""
        start = time.monotonic()
        while not wanted():
            assert time.monotonic() - start < limit_s, self.desk.names()
            time.sleep(self.loop.turn() / 1000)
        return time.monotonic() - start

    def count(self, kind: type) -> int:
        return sum(isinstance(event, kind) for event in self.desk.events)

    def tap(self, card: VpcdCard) -> float:
        """Place a card until it has paid, then take it away; how long the first took."""
        done = self.count(TapDone)
        with card:
            took_s = self.until(lambda: self.count(TapDone) > done)
        self.until(lambda: self.loop.state is FieldState.SEARCHING)
        return took_s


@pytest.fixture
def counter(service: PcscDaemon) -> Iterator[Counter]:
    ready = Counter(service)
    yield ready
    ready.loop.close()


@pytest.mark.parametrize("algorithm", ["Ed25519", "P-256"])
def test_a_card_pays_and_keeps_its_ack(counter: Counter, tmp_path: Path, algorithm: str) -> None:
    path = stored_card(tmp_path, card_with_coupon(algorithm))
    counter.desk.payee_card = PAYEE_CARD
    counter.tap(open_vpcd_card(path, counter.service.ports[0]))
    assert counter.desk.names() == ["ReaderUp", "CardSeen", "TapDone", "FieldClear"]
    done = counter.desk.events[2]
    assert isinstance(done, TapDone)
    assert done.acknowledged
    assert done.card == CardFound(UID, b"", 0x20)
    kept = CardFile(path).read()
    assert (kept.next_minor, kept.answers[-1].payee_card) == (1250, PAYEE_CARD)
    assert decode_presentation(counter.desk.presentations[0]).spend.amount_minor == 1250


def test_a_long_ack_goes_through_in_a_chain(counter: Counter, tmp_path: Path) -> None:
    path, ack = stored_card(tmp_path), bytes(range(256)) * 4
    counter.desk.answers = [TapAnswer(ack)]
    counter.tap(open_vpcd_card(path, counter.service.ports[0]))
    assert CardFile(path).read().answers[-1].ack == ack


@pytest.mark.parametrize("tear", [Tear.BEFORE, Tear.AFTER])
@pytest.mark.parametrize("command", [1, 2, 3])
def test_a_card_torn_away_at_any_command_pays_once(
    counter: Counter, tmp_path: Path, tear: Tear, command: int
) -> None:
    path = stored_card(tmp_path)
    card = open_vpcd_card(path, counter.service.ports[0])
    card.tear(tear, command)
    card.place()
    counter.until(lambda: counter.count(TapTorn) + counter.count(TapDone) > 0)
    if not counter.count(TapDone):
        counter.until(lambda: counter.loop.state is FieldState.SEARCHING)
        counter.tap(card)
    card.remove()
    assert len(set(counter.desk.presentations)) == 1
    assert CardFile(path).read().next_minor == 1250


def test_a_card_that_never_answers_is_given_up_at_the_deadline(
    counter: Counter, tmp_path: Path
) -> None:
    card = open_vpcd_card(stored_card(tmp_path), counter.service.ports[0])
    card.tear(Tear.MUTE, 2)
    card.place()
    counter.until(lambda: len(card.commands) == 2)
    took_s = counter.until(lambda: counter.count(TapTorn) == 1)
    assert took_s < 1.3, "the deadline of a tap"
    counter.until(lambda: counter.count(ReaderDown) == 1)
    down = next(event for event in counter.desk.events if isinstance(event, ReaderDown))
    assert "take all cards away" in str(down.error)
    card.remove()
    assert counter.tap(card) < RECOVERY_S


def test_of_two_readers_one_must_be_named(service: PcscDaemon, tmp_path: Path) -> None:
    with pytest.raises(ReaderLost, match="2 readers have such a name"):
        PcscReader("pcsc").open()
    first, second = PcscReader(FIRST), PcscReader("pcsc:pcd 00 01")
    first.open()
    second.open()
    with open_vpcd_card(stored_card(tmp_path), service.ports[1]):
        until = time.monotonic() + RECOVERY_S
        while second.sense() is None:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert first.sense() is None
    first.close()
    second.close()


def test_the_service_stopped_and_started_again(counter: Counter, tmp_path: Path) -> None:
    path = stored_card(tmp_path)
    counter.tap(open_vpcd_card(path, counter.service.ports[0]))
    counter.service.stop()
    counter.until(lambda: counter.count(ReaderDown) == 1)
    down = next(event for event in counter.desk.events if isinstance(event, ReaderDown))
    assert "the PC/SC service" in down.error.problem
    assert "systemctl" in down.error.remedy
    counter.service.start()
    counter.until(lambda: counter.count(ReaderUp) == 2)
    counter.desk.request = request_for(number=2)
    assert counter.tap(open_vpcd_card(path, counter.service.ports[0])) < RECOVERY_S
    assert CardFile(path).read().next_minor == 2500


@pytest.mark.parametrize(
    ("atr", "uid", "kind"),
    [
        (storage_atr(1), UID, CardKind.CLASSIC),
        (storage_atr(3), TAG_UID, CardKind.TYPE_2),
        (CONTACT_ATR, b"", CardKind.OTHER),
    ],
)
def test_kinds_that_cannot_pay_are_refused(
    counter: Counter, atr: bytes, uid: bytes, kind: CardKind
) -> None:
    with VpcdCard(NoApplication(), uid, counter.service.ports[0], atr=atr):
        counter.until(lambda: counter.count(CardsRefused) == 1)
    refused = next(event for event in counter.desk.events if isinstance(event, CardsRefused))
    assert isinstance(refused.cards, CardFound)
    assert (refused.cards.uid, refused.cards.kind) == (uid, kind)
    counter.until(lambda: counter.loop.state is FieldState.SEARCHING)


def test_a_bearer_coupon_is_read_off_a_type_2_tag(counter: Counter) -> None:
    counter.desk.bearer = True
    tag = TagBehindReader(Type2Tag(TAG_UID, coupon_message(b"a bearer coupon")))
    counter.tap(VpcdCard(tag, TAG_UID, counter.service.ports[0], atr=storage_atr(3)))
    assert counter.desk.presentations == [b"a bearer coupon"]


def test_kumquat_tap_names_the_card(service: PcscDaemon, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "terminal", "tap", "--reader", FIRST, "--seconds", "5", "--json"]
    with open_vpcd_card(stored_card(tmp_path), service.ports[0]):
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    facts = json.loads(done.stdout.splitlines()[-1])
    assert facts["uid"] == UID.hex()
    assert facts["kind"] == "ISO_DEP"
    assert facts["coupon"] == "000700000001"


@pytest.mark.slow
def test_a_whole_terminal_sells_through_it(service: PcscDaemon, tmp_path: Path) -> None:
    with Stage.build(tmp_path, "simulated") as stage:
        cast = assemble(stage)
        config = stage.state("toll") / "config.toml"
        text, changed = re.subn(r'"tty:.*:pn532"', f'"{FIRST}"', config.read_text())
        assert changed == 1
        config.write_text(text)
        terminal = stage.terminal("toll")
        terminal.expect("panel", what="LinkUp", timeout_s=30)
        with open_vpcd_card(Path(cast.card), service.ports[0]):
            accepted = terminal.expect("accepted", carrier="tap")
            terminal.expect("barrier_opened", entry=accepted["entry"])
        service.stop()
        terminal.expect("device_failed", device="reader")
        service.start()
        terminal.expect("device_working", device="reader")


@pytest.mark.slow
def test_many_taps_leak_nothing(counter: Counter, tmp_path: Path) -> None:
    path = stored_card(tmp_path)
    card = open_vpcd_card(path, counter.service.ports[0])
    counter.tap(card)
    before = open_files()
    for number in range(2, 12):
        counter.desk.request = request_for(100, number=number)
        counter.tap(card)
    assert CardFile(path).read().next_minor == 1250 + 10 * 100
    assert open_files() <= before
