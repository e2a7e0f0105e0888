"""What can wait is done when nobody waits, and at a busy lane a little at a time."""

from __future__ import annotations

from terminal.runtime.inbox import Heard, HostAnswered, Message, PanelData
from terminal.runtime.quiet_moments import HURRIED_STEP_MS, QUIET_MS, QuietMoments
from terminal.sale.view import Carrier
from terminal.sync.exchange import HostRequest

CUSTOMER = Heard(b"presentation", Carrier.TAP)
OTHERS: tuple[Message, ...] = (
    PanelData(b"tick"),
    HostAnswered(HostRequest("POST", "/v1/x", b""), None),
)


def test_the_journal_is_tidied_after_a_silence_of_everybody() -> None:
    for message in (CUSTOMER, *OTHERS):
        moments = QuietMoments(0)
        moments.came(message, 1_000)
        assert not moments.for_journal(QUIET_MS)
        assert moments.for_journal(1_000 + QUIET_MS)


def test_panel_and_host_do_not_keep_the_deny_list_waiting() -> None:
    moments = QuietMoments(0)
    for now_ms in range(0, QUIET_MS, 100):
        for message in OTHERS:
            moments.came(message, now_ms)
    assert moments.for_deny_list(QUIET_MS, waiting=True)


def test_customers_without_a_pause_leave_it_a_step_now_and_then() -> None:
    moments, steps = QuietMoments(0), 0
    for now_ms in range(0, 10 * HURRIED_STEP_MS, 100):
        moments.came(CUSTOMER, now_ms)
        steps += moments.for_deny_list(now_ms, waiting=False)
    assert steps == 9


def test_no_step_is_taken_before_a_customer_who_is_there() -> None:
    moments = QuietMoments(0)
    moments.came(CUSTOMER, HURRIED_STEP_MS)
    assert not moments.for_deny_list(HURRIED_STEP_MS + 1, waiting=True)
