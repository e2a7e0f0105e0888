"""Settlement, gaps and refunds come from the ledger alone, and happen once."""

from __future__ import annotations

import pytest

from host_sim.refusal import UsageError
from terminal.payment.verdict import VerdictReason, VerdictStatus
from tests.host_sim.rigs import START, World


def test_a_merchant_is_paid_what_it_is_owed_once(world: World) -> None:
    till = world.terminal()
    till.sell(world.wallet(), 1250)
    till.sync(world.door.send)
    (made,) = world.host.settlement.settle()
    assert (made.merchant, made.number, made.amount_minor) == ("stall", 1, 1250)
    assert world.host.settlement.settle() == ()
    till.sell(world.wallet(), 50)
    till.sync(world.door.send)
    (second,) = world.host.settlement.settle("stall")
    assert (second.number, second.amount_minor) == (2, 50)
    assert world.host.settlement.settlements("stall") == (made, second)
    assert world.host.reconcile().in_order


def test_a_refund_after_settlement_is_taken_from_the_next(world: World) -> None:
    till = world.terminal()
    sale = till.sell(world.wallet(), 1000)
    till.sync(world.door.send)
    world.host.settlement.settle()
    till.refund(sale, 400)
    till.sync(world.door.send)
    assert world.owed() == -400
    assert world.host.settlement.settle() == ()


def test_a_merchant_nobody_knows_is_a_usage_error(world: World) -> None:
    with pytest.raises(UsageError, match="no merchant"):
        world.host.settlement.owed("nobody")


def test_a_gap_goes_back_only_after_expiry_and_the_offline_horizon(world: World) -> None:
    till = world.terminal()
    wallet = world.wallet(1000, not_after_unix_s=START + 60)
    till.sell(wallet, 300)
    till.sync(world.door.send)
    (gap,) = world.host.settlement.gaps()
    assert (gap.start_minor, gap.stop_minor, gap.due) == (300, 1000, False)
    assert world.host.settlement.give_back_gaps() == ()
    world.clock.now = gap.due_unix_s + 1
    (given,) = world.host.settlement.give_back_gaps()
    assert given.amount_minor == 700
    assert world.host.settlement.give_back_gaps() == ()
    assert world.host.settlement.gaps() == ()
    (due,) = world.host.settlement.refunds()
    assert due.amount_minor == 700
    assert world.host.reconcile().in_order


def test_a_spend_that_comes_after_its_gap_was_given_back_is_paid_and_claimed(world: World) -> None:
    till = world.terminal()
    till.sell(world.wallet(1000, not_after_unix_s=START + 60), 300)
    (gap,) = world.host.settlement.gaps()
    world.clock.now = gap.due_unix_s + 1
    world.host.settlement.give_back_gaps()
    till.sync(world.door.send)
    assert world.owed() == 300
    with world.store.unit() as unit:
        (claim,) = unit.money.balances("claim:")
    assert claim.amount_minor == 300
    assert world.host.reconcile().in_order


def test_refunds_of_one_sale_never_exceed_it_whichever_journal_they_come_from(
    world: World,
) -> None:
    till = world.terminal()
    sale = till.sell(world.wallet(), 1000)
    image = world.copy_of(till, "image")
    till.refund(sale, 700)
    twice = image.refund(sale, 600)
    till.sync(world.door.send)
    image.sync(world.door.send)
    verdict = image.verdicts()[twice.index]
    assert verdict.status is VerdictStatus.REFUSED
    assert verdict.reason == VerdictReason.REFUND_EXCEEDS_SALE
    assert world.owed() == 300


def test_a_refund_that_arrives_before_its_sale_waits_for_it(world: World) -> None:
    from terminal.sync.exchange import PATH_ENTRIES, accepted
    from terminal.sync.messages import EntriesRequest, Upload, decode_entries_reply
    from terminal.sync.sealing import seal

    till = world.terminal()
    sale = till.sell(world.wallet(), 1000)
    back = till.refund(sale, 100)
    early = EntriesRequest((Upload(back.index, back.data),)).encode()
    sealed = seal(PATH_ENTRIES, str(till.enrolled.origin), early, till.keys.journal(1))
    (item,) = decode_entries_reply(accepted(world.door.send(sealed))).items
    assert item.verdict == b""
    assert till.sync(world.door.send).complete
    assert till.verdicts()[back.index].status is VerdictStatus.SETTLED
    assert world.owed() == 900
