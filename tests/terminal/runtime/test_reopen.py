"""A write that fails anywhere stops selling, never the terminal; then the disk's word is truth."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from host_sim.world.faults import Action, Fault, FaultyDisk
from terminal.errors import JournalError, KumquatError, OutcomeUnknown
from terminal.journal.detail import Cited
from terminal.journal.entry import EntryKind
from terminal.nfc.tap import TapAnswer, TapAsk
from terminal.panel.events import BarrierUnconfirmed, EmergencyChanged, Unconfirmed
from terminal.payment.text import PRESENTATION, to_text
from terminal.runtime.door import DeskDoor
from terminal.runtime.front_panel import Post
from terminal.runtime.host_link import Syncing
from terminal.runtime.inbox import Call, Heard, HostAnswered, Stop
from terminal.runtime.loop import REOPEN_MS
from terminal.runtime.panel_duties import PanelDuties
from terminal.sale.view import Carrier, DeskRefused, Phase
from terminal.sync.exchange import HostReply, HostRequest
from terminal.sync.messages import LineState
from terminal.sync.session import SyncOutcome
from tests.terminal.runtime.loop_rig import LoopRig, running

NUMBERS = itertools.count()
AT_COMMIT = [
    Fault("wal-write", 1, Action.FAIL),
    Fault("wal-write", 1, Action.TEAR),
    Fault("wal-sync", 1, Action.FAIL),
    Fault("wal-sync", 1, Action.TEAR),
]


@pytest.fixture
def disk() -> Iterator[FaultyDisk]:
    made = FaultyDisk(f"reopen-{next(NUMBERS)}")
    yield made
    made.unregister()


@pytest.fixture
def rig(tmp_path: Path, disk: FaultyDisk) -> Iterator[LoopRig]:
    with running(tmp_path / "journal.db", disk=disk) as made:
        yield made


def accepted(rig: LoopRig) -> list[int]:
    """The accepted entries in the journal now."""
    entries = rig.ask(lambda: rig.runtime.journal.entries())
    assert isinstance(entries, tuple)
    return [entry.index for entry in entries if entry.kind is EntryKind.ACCEPTED]


def count(rig: LoopRig, name: str) -> int:
    return rig.events().count(name)


@pytest.mark.parametrize("fault", AT_COMMIT, ids=lambda fault: f"{fault.call}-{fault.action.value}")
def test_a_cut_sale_is_taken_once_and_told_once(
    rig: LoopRig, disk: FaultyDisk, fault: Fault
) -> None:
    rig.door.charge(1250)
    answer = rig.answer()
    disk.arm(fault)
    rig.runtime.post(Heard(answer, Carrier.SOUND))
    rig.wait_for("reopened")
    assert (count(rig, "accepted"), count(rig, "announced")) == (0, 0), "told before it was known"
    found = accepted(rig)
    shown = rig.door.screen()
    assert [line.index for line in shown.unannounced] == found
    rig.runtime.post(Heard(answer, Carrier.SOUND))
    rig.wait_for("announced")
    rig.runtime.post(Heard(answer, Carrier.SOUND))
    assert accepted(rig) == [0]
    assert count(rig, "announced") == 1
    first, second = (each for each in rig.log if each["event"] == "accepted")
    assert (first["again"], second["again"]) == (False, True)
    assert rig.door.screen().unannounced == ()


def test_a_sale_that_cannot_be_opened_stops_selling_and_not_the_terminal(
    rig: LoopRig, disk: FaultyDisk
) -> None:
    disk.arm(Fault("wal-write", 1, Action.FAIL))
    with pytest.raises(KumquatError):
        rig.door.charge(1250)
    rig.wait_for("reopened")
    rig.door.charge(1250)
    assert rig.door.screen().phase is Phase.WAITING


def test_an_acknowledgement_that_cannot_be_kept_is_asked_for_again(
    rig: LoopRig, disk: FaultyDisk
) -> None:
    rig.door.charge(1250)
    assert rig.rig is not None
    till = rig.rig.till
    answer = rig.answer()
    rig.ask(lambda: till.present(answer, Carrier.SOUND))
    disk.arm(Fault("wal-write", 1, Action.FAIL))
    with pytest.raises(OutcomeUnknown):
        rig.door.acknowledge(0)
    rig.wait_for("reopened")
    assert [line.index for line in rig.door.screen().unannounced] == [0]
    rig.door.acknowledge(0)
    assert rig.door.screen().unannounced == ()


def test_a_refund_of_unknown_outcome_is_on_the_list_or_it_is_not(
    rig: LoopRig, disk: FaultyDisk
) -> None:
    rig.door.charge(1250)
    rig.door.scan(to_text(PRESENTATION, rig.answer()))
    disk.arm(Fault("wal-sync", 1, Action.TEAR))
    with pytest.raises(DeskRefused):
        rig.door.refund(0, 250)
    rig.wait_for("reopened")
    assert [line.amount_minor for line in rig.door.today()] == [250, 1250]


def test_a_mark_that_cannot_be_kept_shows_the_sale_again(rig: LoopRig, disk: FaultyDisk) -> None:
    """Announced, and no longer known to be: shown once more, and never sold once more."""
    rig.door.charge(1250)
    answer = rig.answer()
    rig.when["accepted"] = lambda: disk.arm(Fault("wal-write", 1, Action.FAIL))
    rig.runtime.post(Heard(answer, Carrier.SOUND))
    rig.wait_for("reopened")
    assert accepted(rig) == [0]
    assert [line.index for line in rig.door.screen().unannounced] == [0]


def test_a_card_that_paid_a_cut_sale_is_let_through_and_not_charged_twice(
    tmp_path: Path, disk: FaultyDisk
) -> None:
    with running(tmp_path / "journal.db", Post(500, 300), disk) as rig:
        taps = rig.taps
        asked = rig.ask(taps.tap_ask)
        assert isinstance(asked, TapAsk)
        answer = rig.answer()
        disk.arm(Fault("wal-sync", 1, Action.TEAR))
        assert rig.ask(lambda: taps.tap_presented(answer, b"")) == TapAnswer()
        rig.wait_for("reopened")
        assert rig.ask(taps.tap_ask) == asked
        acked = rig.ask(lambda: taps.tap_presented(answer, b""))
        assert getattr(acked, "ack", b"")
        assert rig.wait_for("accepted")["again"] is False
        assert accepted(rig) == [0]
        after = rig.ask(taps.tap_ask)
        assert isinstance(after, TapAsk)
        assert after.request != asked.request


def test_while_the_disk_is_away_the_page_says_so_and_the_seller_is_refused(
    rig: LoopRig, disk: FaultyDisk
) -> None:
    rig.door.charge(1250)
    answer = rig.answer()
    rig.refused_openings = 2
    disk.arm(Fault("wal-sync", 1, Action.FAIL))
    rig.runtime.post(Heard(answer, Carrier.SOUND))
    rig.ask(lambda: None)
    stopped = rig.door.screen()
    assert (stopped.phase, stopped.ask_text, stopped.amount_minor) == (Phase.STOPPED, None, None)
    attempts: tuple[Callable[[], None], ...] = (
        lambda: rig.door.charge(1),
        lambda: rig.door.void(0),
        rig.door.repeat_last,
    )
    for refused in attempts:
        with pytest.raises(DeskRefused):
            refused()
    with pytest.raises(JournalError):
        rig.door.today()
    with pytest.raises(JournalError):
        rig.door.acknowledge(0)
    rig.door.cancel()
    assert rig.ask(rig.taps.tap_ask) is None
    for _ in range(2):
        rig.clock.now_ms += REOPEN_MS
        rig.ask(lambda: None)
    rig.wait_for("reopened")
    rig.ask(lambda: None)
    assert rig.door.screen().phase in (Phase.IDLE, Phase.WAITING)
    assert rig.door.today() is not None


def test_what_happened_at_the_barrier_meanwhile_is_remembered_after(
    rig: LoopRig, disk: FaultyDisk
) -> None:
    duties = PanelDuties(rig.runtime, rig.log.append)  # type: ignore[arg-type]  # a list takes any event
    rig.ask(rig.runtime.desk.stop)
    rig.wait_for("reopened")

    def opened_by_hand_while_stopped() -> None:
        rig.runtime.desk.stop()
        duties.take((EmergencyChanged(True), EmergencyChanged(False)))
        duties.take((BarrierUnconfirmed(0, Unconfirmed.NO_LINK),))

    rig.ask(opened_by_hand_while_stopped)
    rig.clock.now_ms += REOPEN_MS
    rig.ask(lambda: None)
    rig.ask(duties.catch_up)
    entries = rig.ask(lambda: rig.runtime.journal.entries())
    assert isinstance(entries, tuple)
    assert [entry.kind for entry in entries] == [
        EntryKind.MANUAL_OPEN,
        EntryKind.BARRIER_UNCONFIRMED,
    ]
    assert entries[1].presentation == Cited(0).encode()


def test_a_sync_that_cannot_be_recorded_begins_afresh(rig: LoopRig, disk: FaultyDisk) -> None:
    asked = HostRequest("POST", "/v1/x", b"")
    done = SyncOutcome(LineState.CONSISTENT, 1, 0, 0, 0, None, ())
    carried: list[HostRequest] = []

    class Carrying:
        def carry(self, request: HostRequest) -> None:
            carried.append(request)

    def dialogue() -> Generator[HostRequest, HostReply, SyncOutcome]:
        yield asked
        rig.runtime.journal.record_contact(1)
        return done

    def connect() -> None:
        rig.runtime.syncing = Syncing(
            Carrying(), dialogue, every_ms=1_000, monotonic_ms=rig.clock.monotonic_ms
        )

    rig.ask(connect)
    rig.ask(lambda: None)
    disk.arm(Fault("wal-write", 1, Action.FAIL))
    rig.runtime.post(HostAnswered(asked, HostReply(200, b"")))
    rig.wait_for("reopened")
    rig.clock.now_ms += 2_000
    rig.ask(lambda: None)
    rig.ask(lambda: None)
    assert len(carried) == 2


def test_the_terminals_own_request_heard_by_its_microphone_is_no_decline(rig: LoopRig) -> None:
    rig.door.charge(1250)
    assert rig.rig is not None
    rig.runtime.post(Heard(rig.rig.request.encode(), Carrier.SOUND))
    rig.ask(lambda: None)
    assert rig.door.screen().phase is Phase.WAITING
    assert rig.events() == ["asked"]


def test_an_intention_that_was_given_up_is_never_done(rig: LoopRig) -> None:
    """The seller is told to try again: were the first refund done too, it were given twice."""
    rig.door.charge(1250)
    rig.door.scan(to_text(PRESENTATION, rig.answer()))
    hurried = DeskDoor(rig.runtime, answer_timeout_s=0.02)
    busy: Future[bool] = Future()
    rig.runtime.post(Call(lambda: busy.result(10), Future()))
    with pytest.raises(DeskRefused, match="busy"):
        hurried.refund(0, 250)
    busy.set_result(True)
    assert len(rig.door.today()) == 1


def test_an_intention_under_way_is_waited_for(rig: LoopRig) -> None:
    hurried = DeskDoor(rig.runtime, answer_timeout_s=0.02)
    busy: Future[bool] = Future()
    with pytest.raises(DeskRefused, match="look at today's list"):
        hurried._ask(lambda: busy.result(10))
    busy.set_result(True)


def test_after_the_end_everybody_who_asks_is_told_so_at_once(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db") as rig:
        waiting: Future[None] = Future()
        rig.runtime.post(Stop())
        rig.runtime.post(Call(lambda: None, waiting))
        with pytest.raises(DeskRefused, match="stopping"):
            waiting.result(10)
    with pytest.raises(DeskRefused, match="stopping"):
        rig.door.charge(1)


def test_a_fault_of_ours_ends_the_loop_with_the_journal_closed(tmp_path: Path) -> None:
    rig = LoopRig(tmp_path / "journal.db")
    answer: Future[object] = Future()
    rig.runtime.post(Call(lambda: 1 // 0, answer))
    with pytest.raises(ZeroDivisionError):
        rig.runtime.run()
    assert isinstance(answer.exception(), ZeroDivisionError)
    with running(tmp_path / "journal.db") as again:
        again.door.charge(1)
