"""Permits by number at the host: issued, carried in one policy, settled once, given back."""

from __future__ import annotations

import pytest

from host_sim.model import NumberPermit
from host_sim.permit_office import PermitOrder, number_of
from host_sim.refusal import UsageError
from host_sim.registration import TerminalSettings
from terminal.crypto.keys import PublicKey, parse_public_key
from terminal.errors import JournalCorrupt
from terminal.journal.draft import EntryDraft
from terminal.journal.entry import Entry, EntryKind
from terminal.journal.export import read_export
from terminal.journal.verify import TrustedKeys, check_export
from terminal.payment.deny_list import DenyKind
from terminal.payment.permit import decode_permit
from terminal.payment.policy import decode_policy
from terminal.payment.presentation import Numbered
from terminal.payment.verdict import VerdictReason, VerdictStatus
from tests.host_sim.rigs import TerminalRig, World

NUMBER = bytes.fromhex("04A1B2C3D4E580")
TAKES = TerminalSettings(number_cap_minor=2_000)


def issue(world: World, rig: TerminalRig, limit_minor: int = 30_000) -> NumberPermit:
    return world.host.permits.issue(PermitOrder(NUMBER, rig.number, limit_minor))


def rig_key(rig: TerminalRig) -> PublicKey:
    return parse_public_key(rig.keys.journal(rig.epoch).public_key, "journal")


def passage(
    rig: TerminalRig,
    permit: NumberPermit,
    start: int = 0,
    taken: int = 500,
    asked: int = 500,
    policy: int = 1,
) -> Entry:
    """A sale by the number, straight into the journal; the decision is tested elsewhere."""
    presentation = Numbered(decode_permit(permit.permit), start, taken)
    with rig.journal.transaction() as transaction:
        return transaction.append(
            EntryDraft(
                EntryKind.ACCEPTED,
                policy,
                request=rig.request(asked),
                presentation=presentation.encode(),
                coupon_digest=presentation.coupon.digest,
                spend=presentation.spend_id,
            )
        )


def test_a_permit_reaches_its_terminal_and_no_other_in_the_next_policy(world: World) -> None:
    lane, other = world.terminal(settings=TAKES), world.terminal(settings=TAKES)
    permit = issue(world, lane)
    for rig in (lane, other):
        assert rig.sync(world.door.send).problems == ()
    named = [rig.policies().installed() for rig in (lane, other)]
    assert [bool(policy and policy.permit_of(NUMBER)) for policy in named] == [True, False]
    assert world.host.permits.permits(lane.number) == (permit,)


def test_a_terminal_takes_no_number_until_its_cap_is_set(world: World) -> None:
    rig = world.terminal()
    issue(world, rig)
    with world.store.unit() as unit:
        data = unit.registry.policy(rig.number, 2)
    assert data is not None
    assert decode_policy(data, rig.enrolled.root_key).number_permits is None


def test_passages_are_settled_once_and_what_is_left_goes_back(world: World) -> None:
    rig = world.terminal(settings=TAKES)
    permit = issue(world, rig)
    for start in (0, 500):
        passage(rig, permit, start)
    rig.sync(world.door.send)
    assert {one.status for one in rig.verdicts().values()} == {VerdictStatus.SETTLED}
    assert world.owed() == 1_000
    (gap,) = world.host.settlement.gaps()
    assert (gap.start_minor, gap.stop_minor) == (1_000, 30_000)
    world.clock.now = gap.due_unix_s + 1
    assert world.host.settlement.give_back_gaps()[0].amount_minor == 29_000
    assert world.host.reconcile().in_order


@pytest.mark.parametrize(("start", "taken", "asked"), [(0, 500, 400), (29_900, 500, 500)])
def test_a_passage_of_another_amount_or_beyond_the_limit_is_refused(
    world: World, start: int, taken: int, asked: int
) -> None:
    rig = world.terminal(settings=TAKES)
    entry = passage(rig, issue(world, rig), start, taken, asked)
    rig.sync(world.door.send)
    assert rig.verdicts()[entry.index].reason == VerdictReason.OUTSIDE_POLICY
    assert world.owed() == 0


def test_another_terminal_cannot_sell_by_it(world: World) -> None:
    rig, other = world.terminal(settings=TAKES), world.terminal(settings=TAKES)
    entry = passage(other, issue(world, rig))
    other.sync(world.door.send)
    assert other.verdicts()[entry.index].reason == VerdictReason.OUTSIDE_POLICY


def test_a_card_on_the_deny_list_that_was_taken_is_held_for_a_person(world: World) -> None:
    rig = world.terminal(settings=TAKES)
    permit = issue(world, rig)
    world.host.issuer.revoke(DenyKind.CARD, NUMBER.hex())
    rig.sync(world.door.send)
    installed = rig.policies().installed()
    assert installed is not None
    entry = passage(rig, permit, policy=installed.version)
    rig.sync(world.door.send)
    assert rig.verdicts()[entry.index].status == VerdictStatus.DISPUTED


def test_a_second_permit_for_a_card_needs_the_first_withdrawn(world: World) -> None:
    rig = world.terminal(settings=TAKES)
    issue(world, rig)
    with pytest.raises(UsageError, match="withdraw"):
        issue(world, rig)
    assert world.host.permits.withdraw(rig.number, NUMBER) == 3
    with pytest.raises(UsageError, match="no permit"):
        world.host.permits.withdraw(rig.number, NUMBER)
    issue(world, rig)


@pytest.mark.parametrize("text", ["", "04A1", "no hex!!", "04A1B2C3D4"])
def test_what_is_no_number_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="no card's number"):
        number_of(text)
    assert number_of("04:a1:b2:c3:d4:e5:80") == NUMBER


def test_a_number_that_changes_at_every_visit_is_refused(world: World) -> None:
    rig = world.terminal(settings=TAKES)
    with pytest.raises(UsageError, match="drawn anew"):
        world.host.permits.issue(PermitOrder(bytes.fromhex("08112233"), rig.number, 500))


def test_an_export_proves_a_passage_with_public_keys_and_says_that_it_is_clonable(
    world: World,
) -> None:
    rig = world.terminal(settings=TAKES)
    passage(rig, issue(world, rig))
    found = read_export(rig.journal, host_root=rig.enrolled.root_key, cose=True)
    report = check_export(found, TrustedKeys(journal=rig_key(rig)))
    assert (report.accepted_count, report.clonable_count) == (1, 1)


def test_an_export_with_a_passage_nobody_asked_for_is_wrong(world: World) -> None:
    rig = world.terminal(settings=TAKES)
    entry = passage(rig, issue(world, rig), taken=600, asked=500)
    found = read_export(rig.journal, host_root=rig.enrolled.root_key)
    with pytest.raises(JournalCorrupt) as wrong:
        check_export(found, TrustedKeys(journal=rig_key(rig)))
    assert wrong.value.index == entry.index
