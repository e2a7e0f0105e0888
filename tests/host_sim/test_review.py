"""A dispute ends with a person's word, and the terminal learns it at its next sync."""

from __future__ import annotations

import pytest

from host_sim.refusal import UsageError
from terminal.journal.entry import Entry
from terminal.payment.verdict import VerdictStatus
from tests.host_sim.rigs import TerminalRig, World


def disputed_sale(world: World) -> tuple[TerminalRig, Entry]:
    """An overlap that broke the floor limit: genuine, but held."""
    first, second, wallet = world.terminal(), world.terminal(), world.wallet()
    first.sell(wallet, 1000)
    entry = second.sell(wallet, second.enrolled.policy.limits.floor_limit_minor + 1, start=0)
    first.sync(world.door.send)
    second.sync(world.door.send)
    return second, entry


def test_paying_a_dispute_moves_the_money_and_tells_the_terminal(world: World) -> None:
    till, entry = disputed_sale(world)
    (dispute,) = world.host.review.disputes()
    assert (dispute.terminal, dispute.index) == (till.number, entry.index)
    world.host.review.resolve(till.number, till.epoch, entry.index, pay=True)
    assert till.sync(world.door.send).complete
    assert till.verdicts()[entry.index].status is VerdictStatus.SETTLED
    assert world.owed() == 1000 + 20_001
    with world.store.unit() as unit:
        (claim,) = unit.money.balances("claim:")
    assert claim.amount_minor == 1000
    assert world.host.review.disputes() == ()
    assert till.sync(world.door.send).sent_count == 0
    assert world.host.reconcile().in_order


def test_refusing_a_dispute_moves_nothing(world: World) -> None:
    till, entry = disputed_sale(world)
    world.host.review.resolve(till.number, till.epoch, entry.index, pay=False)
    till.sync(world.door.send)
    assert till.verdicts()[entry.index].status is VerdictStatus.REFUSED
    assert world.owed() == 1000
    assert world.host.reconcile().in_order


def test_a_refund_of_a_disputed_sale_waits_for_the_decision(world: World) -> None:
    till, entry = disputed_sale(world)
    back = till.refund(entry, 500)
    till.sync(world.door.send)
    assert back.index not in till.verdicts()
    world.host.review.resolve(till.number, till.epoch, entry.index, pay=True)
    till.sync(world.door.send)
    assert till.verdicts()[back.index].status is VerdictStatus.SETTLED
    assert world.owed() == 1000 + 20_001 - 500


def test_what_is_not_disputed_cannot_be_resolved(world: World) -> None:
    till, _ = disputed_sale(world)
    with pytest.raises(UsageError, match="no such dispute"):
        world.host.review.resolve(till.number, till.epoch, 0, pay=True)
