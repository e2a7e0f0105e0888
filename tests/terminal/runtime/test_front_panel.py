"""Lights follow outcomes and the barrier a commit, on the real firmware's logic."""

from __future__ import annotations

import pytest

from boards.pico_panel.firmware.panel import Panel
from terminal.panel import wire
from terminal.panel.events import BarrierConfirmed, LinkLost, PanelEvent
from terminal.payment.reasons import Reason
from terminal.runtime.front_panel import FrontPanel, Post
from terminal.runtime.wire import Wire
from terminal.sale.outcome import Accepted, Asked, Cleared, Refused, Returned, Telling
from terminal.sale.view import Carrier
from tests.terminal.runtime.ports_rig import Cable, Inbox

STEP_MS = 5
POST = Post(500, 300)
ACCEPTED = Accepted(4, 500, Carrier.TAP, "042", bytes(32), bytes(32))
AGAIN = Accepted(4, 500, Carrier.TAP, "042", bytes(32), bytes(32), again=True)


class ShortWire(Wire):
    """No thread and no cable: what is written is in the panel at once."""

    def __init__(self) -> None:
        super().__init__(Cable, Inbox().post)
        self.sent = b""

    def write(self, data: bytes) -> None:
        self.sent += data


class Rig:
    """The loop's side and the panel's, in a time of our own, linked."""

    def __init__(self, post: Post | None = None) -> None:
        self.now_ms = 1_000
        self.wire = ShortWire()
        self.panel = Panel(1, 0, True, self.now_ms)
        self.front = FrontPanel(self.wire, 7, lambda: self.now_ms, post)
        self.events: list[PanelEvent] = []
        self.opened_ms = 0
        self.pass_ms(2_000)
        assert self.panel.linked
        assert self.front.fault is None

    def pass_ms(self, length_ms: int) -> None:
        for _ in range(length_ms // STEP_MS):
            self.now_ms += STEP_MS
            self.panel.receive(self.wire.sent, self.now_ms)
            self.wire.sent = b""
            relay = self.panel.relay
            self.opened_ms += STEP_MS * relay
            self.panel.step(self.now_ms, 0, False, relay, relay)
            self.events += self.front.receive(self.panel.data_to_send())
            self.events += self.front.advance()

    def tell(self, telling: Telling) -> int:
        """The light a moment after an outcome."""
        self.front.tell(telling)
        self.pass_ms(100)
        return self.panel.light


@pytest.mark.parametrize(
    ("telling", "light"),
    [
        (Asked(b"request", 500), wire.LIGHT_WAITING),
        (ACCEPTED, wire.LIGHT_ACCEPTED),
        (AGAIN, wire.LIGHT_ACCEPTED),
        (Refused((Reason.EXPIRED,), Carrier.TAP, verified=True), wire.LIGHT_DECLINED),
        (Refused((Reason.UNKNOWN_OR_DAMAGED,), Carrier.SOUND, verified=False), wire.LIGHT_IDLE),
        (Returned(5, 4, 250), wire.LIGHT_IDLE),
        (Cleared(), wire.LIGHT_IDLE),
    ],
)
def test_each_outcome_has_its_light(telling: Telling, light: int) -> None:
    assert Rig().tell(telling) == light


def test_the_barrier_opens_for_an_acceptance_at_a_post_and_names_its_entry() -> None:
    rig = Rig(POST)
    rig.tell(ACCEPTED)
    rig.pass_ms(1_000)
    confirmed = [event for event in rig.events if isinstance(event, BarrierConfirmed)]
    assert [event.job for event in confirmed] == [4]
    assert abs(rig.opened_ms - POST.barrier_ms) <= 4 * STEP_MS


def test_the_barrier_stays_shut_for_what_was_announced_before() -> None:
    rig = Rig(POST)
    rig.tell(AGAIN)
    rig.pass_ms(1_000)
    assert rig.opened_ms == 0


def test_a_stall_has_no_barrier_to_open() -> None:
    rig = Rig()
    rig.tell(ACCEPTED)
    rig.pass_ms(1_000)
    assert rig.opened_ms == 0


def test_a_card_in_the_field_is_shown_before_any_verdict() -> None:
    rig = Rig(POST)
    rig.front.card_seen()
    rig.pass_ms(50)
    assert (rig.panel.light, rig.opened_ms) == (wire.LIGHT_READING, 0)


@pytest.mark.parametrize("waiting", [True, False])
def test_a_stop_is_shown_until_selling_goes_on(waiting: bool) -> None:
    rig = Rig()
    rig.front.stopped()
    rig.pass_ms(5_000)
    assert rig.panel.light == wire.LIGHT_STOPPED
    rig.front.resumed(waiting=waiting)
    rig.pass_ms(100)
    assert rig.panel.light == (wire.LIGHT_WAITING if waiting else wire.LIGHT_IDLE)


def test_a_broken_line_is_a_fault_until_the_panel_is_back() -> None:
    rig = Rig()
    assert any(isinstance(event, LinkLost) for event in rig.front.gone())
    assert rig.front.fault is not None
    assert rig.front.wait_s() >= 0
    rig.pass_ms(4_000)
    assert rig.front.fault is None
