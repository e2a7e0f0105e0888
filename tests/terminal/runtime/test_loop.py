"""The loop decides on one thread, publishes what it decided, and announces only what is durable."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from terminal.errors import HostRefused
from terminal.nfc.tap import TapAsk
from terminal.payment.deny_list import card_subject
from terminal.payment.text import ASK, PRESENTATION, decode_ask, from_text, to_text
from terminal.runtime.front_panel import Post
from terminal.runtime.host_link import Syncing
from terminal.runtime.inbox import DeviceState, Heard, HostAnswered
from terminal.sale.view import Carrier, DeskRefused, LineState, Phase, Screen
from terminal.sync.exchange import HostReply, HostRequest
from terminal.sync.session import SyncOutcome
from tests.terminal.payment.stall import pay, policy
from tests.terminal.runtime.loop_rig import running


def test_a_sale_by_sound_is_accepted_then_announced(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db") as rig:
        rig.door.charge(1250)
        rig.runtime.post(Heard(rig.answer(), Carrier.SOUND))
        rig.wait_for("announced")
        assert rig.events() == ["asked", "accepted", "announced"]
        assert rig.ask(lambda: rig.runtime.journal.head.unannounced) == ()


def test_the_screen_shows_the_request_and_then_the_acceptance(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db") as rig:
        rig.door.charge(1250)
        rig.ask(lambda: None)
        waiting = rig.door.screen()
        assert waiting.phase is Phase.WAITING
        assert waiting.ask_text is not None
        kind, data = from_text(waiting.ask_text)
        assert kind == ASK
        assert rig.rig is not None
        assert decode_ask(data)[0] == rig.rig.request.encode()
        rig.door.scan(to_text(PRESENTATION, rig.answer()))
        rig.ask(lambda: None)
        accepted = rig.door.screen()
        assert (accepted.phase, accepted.entry_index) == (Phase.ACCEPTED, 0)
        assert accepted.version > waiting.version
        assert accepted.totals.unsynced_count == 1
        assert accepted.totals.at_risk_minor == 1250


def test_every_open_page_hears_of_a_new_screen(tmp_path: Path) -> None:
    seen: list[Screen] = []
    with running(tmp_path / "journal.db") as rig:
        stop = rig.door.subscribe(seen.append)
        rig.door.charge(1250)
        rig.ask(lambda: None)
        stop()
        rig.door.cancel()
        rig.ask(lambda: None)
    assert seen[-1].phase is Phase.WAITING
    assert [screen.version for screen in seen] == sorted({screen.version for screen in seen})


def test_the_day_lists_sales_and_what_was_given_back(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db") as rig:
        rig.door.charge(1250)
        rig.door.scan(to_text(PRESENTATION, rig.answer()))
        rig.door.refund(0, 250)
        newest, sale = rig.door.today()
        assert (newest.original_index, newest.amount_minor) == (0, 250)
        assert (sale.refundable_minor, sale.state) == (1000, LineState.ACCEPTED_OFFLINE)
        with pytest.raises(DeskRefused):
            rig.door.undo()
        assert rig.wait_for("returned")["amount"] == "CNY 2.50"


def test_undo_voids_the_last_sale(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db") as rig:
        rig.door.charge(1250)
        rig.door.scan(to_text(PRESENTATION, rig.answer()))
        rig.door.undo()
        rig.ask(lambda: None)
        assert rig.door.screen().totals.net_minor == 0


def test_an_accepted_sale_that_was_never_announced_is_shown_until_seen(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with running(path) as rig:
        rig.door.charge(1250)
        assert rig.rig is not None
        till = rig.rig.till
        rig.ask(lambda: till.present(pay(till.sale.request), Carrier.SOUND) if till.sale else None)
    with running(path) as rig:
        rig.ask(lambda: None)
        assert [line.index for line in rig.door.screen().unannounced] == [0]
        with pytest.raises(DeskRefused):
            rig.door.acknowledge(7)
        rig.door.acknowledge(0)
        rig.ask(lambda: None)
        assert rig.door.screen().unannounced == ()


def test_a_device_that_fails_is_one_line_on_the_screen_and_then_none(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db") as rig:
        rig.runtime.post(DeviceState("reader", "reader: gone; plug it in"))
        rig.runtime.post(DeviceState("reader", "reader: gone; plug it in"))
        rig.ask(lambda: None)
        assert rig.door.screen().faults == ("reader: gone; plug it in",)
        rig.runtime.post(DeviceState("reader", None))
        assert rig.events() == ["device_failed", "device_working"]


def test_a_refused_intention_comes_back_to_the_page_that_asked(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db") as rig:
        rig.door.charge(1250)
        with pytest.raises(DeskRefused, match="a sale is open"):
            rig.door.charge(1)


def test_an_unattended_post_asks_every_card_afresh(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db", Post(500, 300)) as rig:
        taps = rig.taps
        assert taps.tap_armed()
        first = rig.ask(taps.tap_ask)
        assert isinstance(first, TapAsk)
        assert rig.ask(taps.tap_ask) == first, "a torn tap asks the same again"
        answer = rig.ask(lambda: taps.tap_presented(rig.answer(), b""))
        assert getattr(answer, "ack", b"")
        second = rig.ask(taps.tap_ask)
        assert isinstance(second, TapAsk)
        assert second.request != first.request


def test_the_identifier_of_the_tapped_card_reaches_the_deny_list(tmp_path: Path) -> None:
    uid = bytes.fromhex("08C01A04")
    with running(tmp_path / "journal.db", Post(500, 300)) as rig:
        rig.ask(rig.taps.tap_ask)
        assert rig.rig is not None
        rig.rig.till.policy = policy(version=4, deny=frozenset({card_subject(uid)}))
        answer = rig.ask(lambda: rig.taps.tap_presented(rig.answer(), uid))
        assert not getattr(answer, "ack", b"")
        assert rig.wait_for("declined")["reasons"] == ["CARD_DENIED"]


def test_without_a_sale_a_stall_asks_a_card_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db") as rig:
        assert not rig.taps.tap_armed()
        assert rig.ask(rig.taps.tap_ask) is None


def test_an_unknown_coupon_alone_makes_the_card_send_all(tmp_path: Path) -> None:
    from terminal.payment.presentation import Alone, decode_presentation

    with running(tmp_path / "journal.db") as rig:
        rig.door.charge(1250)
        full = decode_presentation(rig.answer())
        alone = Alone(full.coupon_id, full.spend, getattr(full, "signature", b"")).encode()
        answer = rig.ask(lambda: rig.taps.tap_presented(alone, b""))
        assert getattr(answer, "again_in_full", False)
        rig.ask(lambda: None)
        assert rig.door.screen().phase is Phase.WAITING


def test_a_host_that_refuses_is_one_line_on_the_screen_until_it_does_not(tmp_path: Path) -> None:
    asked = HostRequest("POST", "/v1/x", b"")
    refusing = [True]

    class Carrying:
        def carry(self, request: HostRequest) -> None:
            """Nobody listens; the test answers."""

    def dialogue() -> Generator[HostRequest, HostReply, SyncOutcome]:
        yield asked
        if refusing.pop(0):
            raise HostRefused("unknown_terminal", "no such terminal")
        yield asked
        raise AssertionError("not asked for")

    with running(tmp_path / "journal.db") as rig:

        def connect() -> None:
            rig.runtime.syncing = Syncing(
                Carrying(), dialogue, every_ms=1_000, monotonic_ms=rig.clock.monotonic_ms
            )

        rig.ask(connect)
        rig.ask(lambda: None)
        rig.runtime.post(HostAnswered(asked, HostReply(403, b"")))
        rig.ask(lambda: None)
        (fault,) = rig.door.screen().faults
        assert "no such terminal" in fault
        assert not rig.door.screen().host_online
        rig.door.charge(1250)
        assert rig.door.screen().phase is Phase.WAITING, "a host costs no sale"
