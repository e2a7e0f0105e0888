"""Custody, verdict and money of one terminal that does nothing wrong, and of damaged messages."""

from __future__ import annotations

from pathlib import Path

from terminal.crypto.notes import open_note
from terminal.payment.verdict import VerdictReason, VerdictStatus
from terminal.sync.messages import LineState
from terminal.sync.policies import mirror_verifier
from tests.host_sim.rigs import START, World


def test_a_day_of_sales_is_settled_and_cosigned(world: World) -> None:
    till, wallet = world.terminal(), world.wallet()
    sales = [till.sell(wallet, amount) for amount in (1250, 300, 45)]
    outcome = till.sync(world.door.send)
    assert outcome.complete
    assert outcome.state is LineState.CONSISTENT
    assert outcome.host_time_unix_s == START
    assert outcome.cosigned_size == till.journal.size == 4
    assert outcome.judged_count == 4
    verdicts = till.verdicts()
    assert all(verdicts[sale.index].status is VerdictStatus.SETTLED for sale in sales)
    assert world.owed() == 1250 + 300 + 45
    assert till.journal.unsettled().at_risk_minor == 0
    assert world.host.reconcile().in_order


def test_the_cosigned_checkpoint_is_the_mirrors_word_on_our_own(world: World) -> None:
    till = world.terminal()
    till.sell(world.wallet(), 100)
    till.sync(world.door.send)
    cosigned = till.journal.cosigned()
    assert cosigned is not None
    opened = open_note(cosigned, (mirror_verifier(till.enrolled.policy),))
    assert opened.checkpoint.size == till.journal.size
    assert opened.cosigned_unix_s == ((world.host.office.mirror_name, START),)


def test_a_spend_alone_is_verified_with_the_coupon_the_issuer_has(world: World) -> None:
    till, wallet = world.terminal(), world.wallet()
    till.sell(wallet, 100)
    alone = till.sell(wallet, 200, alone=True)
    till.sync(world.door.send)
    assert till.verdicts()[alone.index].status is VerdictStatus.SETTLED
    assert world.owed() == 300


def test_syncing_again_sends_nothing_and_changes_nothing(world: World) -> None:
    till = world.terminal()
    till.sell(world.wallet(), 100)
    till.sync(world.door.send)
    again = till.sync(world.door.send)
    assert again.complete
    assert again.sent_count == 0
    assert world.owed() == 100


def test_a_refund_is_owed_to_the_holder_and_taken_from_the_merchant(world: World) -> None:
    till, wallet = world.terminal(), world.wallet()
    sale = till.sell(wallet, 1000)
    back = till.refund(sale, 400)
    till.sync(world.door.send)
    assert till.verdicts()[back.index].status is VerdictStatus.SETTLED
    assert world.owed() == 600
    (due,) = world.host.settlement.refunds()
    assert (due.serial, due.amount_minor) == (wallet.coupon.serial, 400)
    assert world.host.reconcile().in_order


def test_a_newer_policy_comes_in_the_same_dialogue(world: World) -> None:
    till = world.terminal()
    assert world.host.registration.publish_all() == {till.number: 2}
    outcome = till.sync(world.door.send)
    assert outcome.installed_policy == 2
    installed = till.policies().installed()
    assert installed is not None
    assert installed.version == 2
    assert till.sync(world.door.send).installed_policy is None


def test_a_stale_policy_is_not_installed(world: World) -> None:
    till = world.terminal()
    world.host.registration.publish_all()
    world.clock.now += till.enrolled.policy.limits.staleness_s + 1
    outcome = till.sync(world.door.send)
    assert outcome.installed_policy is None
    assert "policy" in outcome.problems[0]


def test_an_expired_coupon_is_judged_by_the_entrys_time_not_the_syncs(world: World) -> None:
    till = world.terminal()
    wallet = world.wallet(not_after_unix_s=START + 60)
    good = till.sell(wallet, 100)
    world.clock.now += 61
    late = till.sell(wallet, 100)
    world.clock.now += 86_400
    till.sync(world.door.send)
    assert till.verdicts()[good.index].status is VerdictStatus.SETTLED
    assert till.verdicts()[late.index].reason == VerdictReason.EXPIRED


def test_a_spend_beyond_its_coupon_is_refused(world: World) -> None:
    till, wallet = world.terminal(), world.wallet(limit_minor=100)
    over = till.sell(wallet, 101)
    till.sync(world.door.send)
    assert till.verdicts()[over.index].status is VerdictStatus.REFUSED
    assert world.owed() == 0


def test_a_signature_for_another_request_is_refused(world: World) -> None:
    till, wallet = world.terminal(), world.wallet()
    stolen = wallet.answer(till.request(100), 100)
    entry = till.take(wallet.coupon_bytes, till.request(100), stolen, 0, 100)
    till.sync(world.door.send)
    assert till.verdicts()[entry.index].reason == VerdictReason.SIGNATURE_INVALID
    assert world.owed() == 0
    assert world.host.reconcile().in_order


def test_a_coupon_our_key_never_signed_is_refused(world: World) -> None:
    till = world.terminal()
    other = World(_folder(world), seed=2)
    entry = till.sell(other.wallet(), 100)
    other.close()
    till.sync(world.door.send)
    assert till.verdicts()[entry.index].status is VerdictStatus.REFUSED


def _folder(world: World) -> Path:
    folder = world.folder / "other"
    folder.mkdir()
    return folder
