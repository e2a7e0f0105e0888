"""The PC/SC driver when something goes wrong: cards torn away, readers and services gone."""

from __future__ import annotations

import threading
import time

import pytest

from host_sim.world.direct_reader import HandClock
from host_sim.world.pcsc import PcscClient, PcscWorld
from terminal.devices.pcsc_reader import PcscReader
from terminal.devices.pcsc_service import Code
from terminal.nfc.card_session import SELECT
from terminal.nfc.errors import CardLost, ReaderGlitch, ReaderLost
from terminal.nfc.polling import FieldState, PollingLoop
from terminal.nfc.reader import CardFound
from terminal.nfc.tap import ReaderDown
from tests.cards import UID, RecordingDesk, pcsc_card


def opened(world: PcscWorld) -> PcscReader:
    reader = PcscReader("pcsc", service=world.client)
    reader.open()
    return reader


@pytest.mark.parametrize("code", [Code.REMOVED_CARD, Code.NOT_TRANSACTED, Code.RESET_CARD])
def test_a_card_taken_away_in_the_middle_is_a_lost_card(code: Code) -> None:
    world = PcscWorld()
    reader = opened(world)
    world.place(pcsc_card())
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
    world.place(pcsc_card())
    reader.sense()
    reader.release()
    reader.close()


@pytest.mark.parametrize("call", ["connect", "transmit"])
def test_a_card_gone_while_it_is_looked_at_was_never_there(call: str) -> None:
    world = PcscWorld(faults={call: [Code.REMOVED_CARD]})
    reader = opened(world)
    world.place(pcsc_card())
    assert reader.sense() is None
    assert reader.sense() == CardFound(UID, b"", 0x20)
    assert world.calls.count("connect") == 2, "a dead connection is not used again"
    reader.close()


def test_a_card_that_another_program_holds_is_a_glitch() -> None:
    world = PcscWorld(faults={"connect": [Code.SHARING_VIOLATION]})
    reader = opened(world)
    world.place(pcsc_card())
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
    world.place(pcsc_card())
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
    world.place(pcsc_card())
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


def test_a_service_that_comes_up_too_late_is_let_go_of() -> None:
    world, gate = PcscWorld(), threading.Event()

    def late() -> PcscClient:
        gate.wait()
        return world.client()

    reader = PcscReader("pcsc", service=late, service_timeout_s=0.05)
    with pytest.raises(ReaderLost, match="silent"):
        reader.open()
    gate.set()
    until = time.monotonic() + 5
    while "close" not in world.calls:
        assert time.monotonic() < until
        time.sleep(0.005)
    assert world.clients == 0
    assert reader.open() == "Reader 00 00 through PC/SC"
    reader.close()
