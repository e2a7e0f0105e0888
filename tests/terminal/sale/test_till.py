"""The till accepts once, remembers before it answers, and answers the same thing the same way."""

from __future__ import annotations

import pytest

from terminal.crypto.keys import parse_public_key
from terminal.journal.draft import NotAllowed
from terminal.journal.entry import EntryKind
from terminal.payment.ack import AckStatus, verify_ack
from terminal.payment.deny_list import card_subject
from terminal.payment.presentation import decode_presentation, spend_digest
from terminal.payment.reasons import Reason
from terminal.sale.open_sale import LIFETIME_MS
from terminal.sale.outcome import Accepted, ConfirmPayer, Refused
from terminal.sale.throttle import BURST
from terminal.sale.view import Carrier
from tests.terminal.payment.stall import TERMINAL, pay, policy, request, signer
from tests.terminal.sale.till_rig import TillRig


def accept(rig: TillRig, amount_minor: int = 1250, from_minor: int = 0) -> Accepted:
    rig.till.open(amount_minor)
    outcome = rig.till.present(rig.answer(from_minor), Carrier.SOUND)
    assert isinstance(outcome, Accepted)
    return outcome


def test_an_accepted_sale_is_in_the_journal_before_it_is_answered(rig: TillRig) -> None:
    accepted = accept(rig)
    entry = rig.journal.entry(accepted.index)
    assert entry.kind is EntryKind.ACCEPTED
    assert rig.journal.head.unannounced == (accepted.index,)


def test_the_ack_verifies_under_the_journal_key_for_this_spend_alone(rig: TillRig) -> None:
    rig.till.open(1250)
    data = rig.answer()
    accepted = rig.till.present(data, Carrier.SOUND)
    assert isinstance(accepted, Accepted)
    key = parse_public_key(signer("journal").public_key, "journal")
    digest = spend_digest(decode_presentation(data))
    ack = verify_ack(rig.till.ack(accepted), key, TERMINAL, digest)
    assert (ack.status, ack.index) == (AckStatus.ACCEPTED, accepted.index)


def test_the_same_presentation_while_open_gets_the_same_entry(rig: TillRig) -> None:
    rig.till.open(1250)
    data = rig.answer()
    first = rig.till.present(data, Carrier.SOUND)
    second = rig.till.present(data, Carrier.SCAN)
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert (second.index, second.again, rig.journal.size) == (first.index, True, 1)


def test_once_the_sale_is_closed_the_recording_is_already_accepted(rig: TillRig) -> None:
    rig.till.open(1250)
    data = rig.answer()
    first = rig.till.present(data, Carrier.SOUND)
    assert isinstance(first, Accepted)
    rig.till.close()
    late = rig.till.present(data, Carrier.SOUND)
    assert isinstance(late, Refused)
    assert late.reasons == (Reason.ALREADY_ACCEPTED,)
    assert late.prior_entry == first.index


def test_the_recording_does_not_pay_the_next_sale_of_the_same_amount(rig: TillRig) -> None:
    rig.till.open(1250)
    data = rig.answer()
    first = rig.till.present(data, Carrier.SOUND)
    rig.till.open(1250)
    outcome = rig.till.present(data, Carrier.SOUND)
    assert isinstance(outcome, Refused)
    assert isinstance(first, Accepted)
    assert outcome.prior_entry == first.index


def test_a_restart_keeps_the_nonce_of_the_open_sale(rig: TillRig) -> None:
    rig.till.open(1250)
    before = rig.request
    rig.reopen()
    assert rig.request == before
    assert isinstance(rig.till.present(rig.answer(), Carrier.TAP), Accepted)


def test_after_a_restart_the_paid_request_still_gets_the_same_answer(rig: TillRig) -> None:
    rig.till.open(1250)
    data = rig.answer()
    first = rig.till.present(data, Carrier.TAP)
    rig.reopen()
    second = rig.till.present(data, Carrier.TAP)
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert (second.index, second.again) == (first.index, True)


def test_a_reboot_closes_the_open_sale(rig: TillRig) -> None:
    rig.till.open(1250)
    rig.clock.boot = b"boot0002"
    rig.reopen()
    assert rig.till.sale is None


def test_a_request_runs_out_and_is_renewed_with_another_nonce(rig: TillRig) -> None:
    rig.till.open(1250)
    stale = rig.answer()
    rig.clock.now_ms += LIFETIME_MS
    assert rig.till.sale is None
    renewed = rig.till.renew()
    assert renewed is not None
    outcome = rig.till.present(stale, Carrier.SOUND)
    assert isinstance(outcome, Refused)
    assert outcome.reasons == (Reason.NOT_FOR_THIS_SALE,)


def test_sale_numbers_rise_over_restarts(rig: TillRig) -> None:
    first = rig.till.open(100)
    rig.reopen()
    second = rig.till.open(100)
    assert second.number == first.number + 1


@pytest.mark.parametrize("bit", [0, 77, 500, 900])
def test_a_changed_bit_is_unknown_or_damaged_or_not_for_this_sale(rig: TillRig, bit: int) -> None:
    rig.till.open(1250)
    data = bytearray(rig.answer())
    data[bit // 8] ^= 1 << (bit % 8)
    outcome = rig.till.present(bytes(data), Carrier.SOUND)
    assert isinstance(outcome, Refused)
    assert not outcome.verified
    assert rig.journal.size == 0
    assert rig.till.unverified_count == 1


def test_noise_without_a_sale_is_refused_and_leaves_no_entry(rig: TillRig) -> None:
    assert isinstance(rig.till.present(b"\x00" * 40, Carrier.SOUND), Refused)
    assert rig.journal.size == 0


def test_a_genuine_decline_is_an_entry_with_its_reasons(rig: TillRig) -> None:
    rig.till.open(5_001)
    outcome = rig.till.present(rig.answer(), Carrier.SOUND)
    assert isinstance(outcome, Refused)
    assert Reason.OVER_FLOOR_LIMIT in outcome.reasons
    entry = rig.journal.entry(0)
    assert entry.kind is EntryKind.DECLINED
    assert entry.reasons == tuple(map(int, outcome.reasons))


def test_declines_beyond_the_rate_are_answered_and_not_remembered(rig: TillRig) -> None:
    rig.till.open(5_001)
    data = rig.answer()
    for _ in range(3 * BURST):
        assert isinstance(rig.till.present(data, Carrier.SOUND), Refused)
    assert rig.journal.size == BURST


def test_above_the_second_limit_the_seller_confirms_the_payer(rig: TillRig) -> None:
    rig.till.open(3_500)
    data = rig.answer()
    assert isinstance(rig.till.present(data, Carrier.SOUND), ConfirmPayer)
    assert rig.journal.size == 0
    confirmed = rig.till.present(data, Carrier.SOUND, seller_confirmed=True)
    assert isinstance(confirmed, Accepted)


def test_refunds_never_exceed_the_sale(rig: TillRig) -> None:
    sale = accept(rig)
    assert rig.till.refund(sale.index, 1_000).amount_minor == 1_000
    with pytest.raises(NotAllowed):
        rig.till.refund(sale.index, 251)
    assert rig.till.refund(sale.index, 250).original == sale.index


def test_a_refund_never_lowers_what_the_coupon_has_spent(rig: TillRig) -> None:
    sale = accept(rig)
    rig.till.void(sale.index)
    rig.till.open(1250)
    again = rig.till.present(pay(rig.request, 0), Carrier.SOUND)
    assert isinstance(again, Refused)
    assert Reason.ALREADY_ACCEPTED in again.reasons


def test_a_presentation_for_another_terminal_is_not_for_this_sale(rig: TillRig) -> None:
    rig.till.open(1250)
    recorded = pay(request(1250, sale=99))
    outcome = rig.till.present(recorded, Carrier.SOUND)
    assert isinstance(outcome, Refused)
    assert outcome.reasons == (Reason.NOT_FOR_THIS_SALE,)


def test_a_new_policy_holds_from_the_next_presentation(rig: TillRig) -> None:
    rig.till.open(1250)
    rig.till.policy = policy(version=4, floor_limit_minor=1_000, unknown_clock_cap_minor=500)
    outcome = rig.till.present(rig.answer(), Carrier.SOUND)
    assert isinstance(outcome, Refused)
    assert outcome.reasons == (Reason.OVER_FLOOR_LIMIT,)


def test_another_spend_does_not_pay_a_sale_that_is_paid(rig: TillRig) -> None:
    rig.till.open(1250)
    first = rig.till.present(rig.answer(), Carrier.SOUND)
    second = rig.till.present(rig.answer(1250), Carrier.SCAN)
    assert isinstance(first, Accepted)
    assert isinstance(second, Refused)
    assert second.reasons == (Reason.SALE_ALREADY_PAID,)
    assert rig.journal.head.sum_count == 1


def test_a_card_on_the_deny_list_is_declined_by_its_identifier(rig: TillRig) -> None:
    uid = bytes.fromhex("08C01A04")
    rig.till.policy = policy(version=4, deny=frozenset({card_subject(uid)}))
    rig.till.open(1250)
    answer = rig.answer()
    denied = rig.till.present(answer, Carrier.TAP, card_uid=uid)
    assert isinstance(denied, Refused)
    assert denied.reasons == (Reason.CARD_DENIED,)
    other = rig.till.present(answer, Carrier.TAP, card_uid=uid[::-1])
    assert isinstance(other, Accepted)
