"""The failures of others, as regression tests: each is named after what went wrong in the field.

Sources: public issue threads of Odoo (125037, 288974, 152259), ERPNext (11745), Stripe Terminal
(ios 261, 294; android 485), SumUp's documentation, and Bai et al., USENIX Security 2017.
"""

from __future__ import annotations

import pytest

from host_sim.model import EvidenceKind
from host_sim.world.lossy_door import STORM, LossyDoor
from terminal.errors import DecodeError, HostRefused, HostUnreachable, SignatureInvalid
from terminal.payment.verdict import VerdictReason, VerdictStatus
from terminal.sync.exchange import PATH_ENTRIES, HostReply, HostRequest, Send, accepted
from terminal.sync.messages import EntriesRequest, LineState, Upload, decode_entries_reply
from terminal.sync.sealing import seal
from tests.host_sim.rigs import TerminalRig, World

MAX_STORM_SYNCS = 200


def sync_through(rig: TerminalRig, door: LossyDoor) -> int:
    """Sync until a dialogue comes through whole; how many it took."""
    for tries in range(1, MAX_STORM_SYNCS + 1):
        try:
            if rig.sync(door.send).complete:
                return tries
        except (HostUnreachable, HostRefused, DecodeError, SignatureInvalid):
            continue
    raise AssertionError("no dialogue came through")


SEEDS = [pytest.param(seed, marks=() if seed < 2 else pytest.mark.slow) for seed in range(12)]


@pytest.mark.parametrize("seed", SEEDS)
def test_in_any_weather_the_ledger_ends_equal_to_the_journals_each_sale_once(
    memory_world: World, seed: int
) -> None:
    world = memory_world
    tills = [world.terminal(), world.terminal()]
    wallets = [world.wallet() for _ in range(3)]
    doors = [LossyDoor(world.door.send, STORM, seed * 10 + number) for number in range(2)]
    sold = 0
    for round_number in range(4):
        for till, door in zip(tills, doors, strict=True):
            amount = 100 + world.chance.randrange(900)
            till.sell(wallets[(round_number + till.number) % 3], amount)
            sold += amount
            sync_through(till, door)
    assert world.owed() == sold
    for till in tills:
        with world.store.unit() as unit:
            held = unit.custody.leaves(till.number, till.epoch)
        assert [leaf.data for leaf in held] == list(till.journal.leaves())
        assert till.journal.custody().size == till.journal.size
        assert len(till.verdicts()) == till.journal.size
    assert world.host.reconcile().in_order
    assert world.host.evidence() == ()


def test_an_id_used_again_after_power_loss_never_hides_the_next_sale(world: World) -> None:
    """Odoo 125037: the restarted till reuses a number, and the server drops a real order."""
    till = world.terminal()
    till.sell(world.wallet(), 100)
    image = world.copy_of(till, "image")
    lost = till.sell(world.wallet(), 250)
    till.sync(world.door.send)
    reused = image.sell(world.wallet(), 700)
    assert reused.index == lost.index
    outcome = image.sync(world.door.send)
    assert outcome.state is LineState.FORKED
    assert image.verdicts()[reused.index].status is VerdictStatus.SETTLED
    assert world.owed() == 100 + 250 + 700
    kinds = {evidence.kind for evidence in world.host.evidence()}
    assert kinds == {EvidenceKind.FORK_LEAF, EvidenceKind.FORK_CHECKPOINT}


def test_a_sale_lost_by_the_till_but_uploaded_is_still_paid(world: World) -> None:
    """Odoo 288974: what reached the server once is never lost to another device's sync."""
    till = world.terminal()
    image = world.copy_of(till, "image")
    till.sell(world.wallet(), 250)
    till.sync(world.door.send)
    outcome = image.sync(world.door.send)
    assert outcome.state is LineState.ROLLED_BACK
    assert outcome.cosigned_size == 0
    assert world.owed() == 250


def test_a_sale_synced_twice_is_paid_once(world: World) -> None:
    """Odoo 152259: orders appeared twice after a second sync."""
    till = world.terminal()
    till.sell(world.wallet(), 100)
    door = LossyDoor(world.door.send, STORM, seed=7)
    sync_through(till, door)
    assert door.delivered > 3
    assert world.owed() == 100


def test_a_reply_that_never_came_is_asked_for_again(world: World) -> None:
    """ERPNext 11745 and Stripe 485: printed, never synced, no error, no way to force it."""
    till = world.terminal()
    sale = till.sell(world.wallet(), 100)

    def deaf(request: HostRequest) -> HostReply:
        world.door.send(request)
        raise HostUnreachable("the reply was lost")

    with pytest.raises(HostUnreachable):
        till.sync(deaf)
    assert till.journal.unsettled().at_risk_minor == 100
    assert till.sync(world.door.send).complete
    assert till.verdicts()[sale.index].status is VerdictStatus.SETTLED


def test_one_bad_item_blocks_nothing_behind_it(world: World) -> None:
    """SumUp: one bad item in a batch blocks all later sales."""
    till, wallet = world.terminal(), world.wallet()
    first = till.sell(wallet, 100)
    damaged = b"\xff not a presentation"
    bad = till.take(world.wallet().coupon_bytes, till.request(50), damaged, 0, 50)
    last = till.sell(wallet, 200)
    outcome = till.sync(world.door.send)
    assert outcome.complete
    assert outcome.cosigned_size == till.journal.size
    verdicts = till.verdicts()
    assert verdicts[bad.index].reason == VerdictReason.UNREADABLE
    assert verdicts[first.index].status is verdicts[last.index].status is VerdictStatus.SETTLED
    assert world.owed() == 300


def test_bytes_that_are_no_entry_are_kept_and_refused(world: World) -> None:
    till = world.terminal()
    good = till.sell(world.wallet(), 100)
    request = EntriesRequest((Upload(5, b"garbage"), Upload(good.index, good.data)))
    sealed = seal(
        PATH_ENTRIES, str(till.enrolled.origin), request.encode(), till.keys.journal(till.epoch)
    )
    reply = decode_entries_reply(accepted(world.door.send(sealed)))
    assert len(reply.items) == 2
    with world.store.unit() as unit:
        held = unit.custody.leaf(till.number, till.epoch, 5, reply.items[0].leaf)
    assert held is not None
    assert held.data == b"garbage"
    assert held.status == VerdictStatus.REFUSED
    assert world.owed() == 100


def test_a_recorded_spend_played_at_another_terminal_is_never_paid(world: World) -> None:
    """Bai et al.: a recorded sound token spent elsewhere while it is valid."""
    till, thief, wallet = world.terminal(), world.terminal(), world.wallet()
    request = till.request(100)
    recorded = wallet.answer(request, 100)
    till.take(wallet.coupon_bytes, request, recorded, 0, 100)
    played = thief.take(wallet.coupon_bytes, thief.request(100), recorded, 0, 100)
    copied = thief.take(wallet.coupon_bytes, request, recorded, 100, 100)
    till.sync(world.door.send)
    thief.sync(world.door.send)
    assert thief.verdicts()[played.index].status is VerdictStatus.REFUSED
    assert thief.verdicts()[copied.index].status is VerdictStatus.REFUSED
    assert world.owed() == 100


def test_two_terminals_that_took_the_same_interval_are_both_paid(world: World) -> None:
    """Both followed policy and could not know of each other; the holder signed twice."""
    first, second, wallet = world.terminal(), world.terminal(), world.wallet()
    first.sell(wallet, 1000)
    twice = second.sell(wallet, 800, start=400)
    first.sync(world.door.send)
    second.sync(world.door.send)
    verdict = second.verdicts()[twice.index]
    assert (verdict.status, verdict.reason) == (VerdictStatus.SETTLED, VerdictReason.DOUBLE_SPENT)
    assert world.owed() == 1800
    (evidence,) = world.host.evidence()
    assert evidence.kind is EvidenceKind.OVERLAP
    assert evidence.against == f"holder:1/{wallet.coupon.serial}"
    assert evidence.amount_minor == 600
    with world.store.unit() as unit:
        (claim,) = unit.money.balances("claim:")
    assert claim.amount_minor == 600
    assert world.host.reconcile().in_order


def test_an_overlap_that_broke_policy_waits_for_a_person(world: World) -> None:
    first, second, wallet = world.terminal(), world.terminal(), world.wallet()
    first.sell(wallet, 1000)
    over = second.sell(wallet, second.enrolled.policy.limits.floor_limit_minor + 1, start=0)
    first.sync(world.door.send)
    second.sync(world.door.send)
    assert second.verdicts()[over.index].status is VerdictStatus.DISPUTED
    assert world.owed() == 1000


def test_a_fork_never_voids_a_valid_spend_and_pays_it_once(world: World) -> None:
    till, wallet = world.terminal(), world.wallet()
    image = world.copy_of(till, "image")
    request = till.request(300)
    answer = wallet.answer(request, 300)
    in_first = till.take(wallet.coupon_bytes, request, answer, 0, 300)
    other = image.sell(world.wallet(), 50)
    in_second = image.take(wallet.coupon_bytes, request, answer, 0, 300)
    till.sync(world.door.send)
    image.sync(world.door.send)
    assert till.verdicts()[in_first.index].status is VerdictStatus.SETTLED
    assert image.verdicts()[other.index].status is VerdictStatus.SETTLED
    again = image.verdicts()[in_second.index]
    assert (again.status, again.reason) == (VerdictStatus.SETTLED, VerdictReason.ALREADY_SETTLED)
    assert world.owed() == 350


def test_a_clone_cannot_stop_the_terminal_it_was_copied_from(world: World) -> None:
    till = world.terminal()
    clone = world.copy_of(till, "clone")
    till.sell(world.wallet(), 100)
    clone.sell(world.wallet(), 200)
    clone.sell(world.wallet(), 300)
    clone.journal.keep("sync.judged", bytes(8))
    upload = EntriesRequest(tuple(Upload(e.index, e.data) for e in clone.journal.entries()))
    sealed = seal(
        PATH_ENTRIES, str(clone.enrolled.origin), upload.encode(), clone.keys.journal(clone.epoch)
    )
    assert till.sync(world.door.send).complete
    world.door.send(sealed)
    till.sell(world.wallet(), 400)
    assert till.sync(world.door.send).complete
    assert world.owed() == 1000
    assert till.journal.custody().size == till.journal.size


def test_the_host_never_cosigns_a_history_it_does_not_hold(world: World) -> None:
    till = world.terminal()
    till.sell(world.wallet(), 100)
    outcome = till.sync(_without_entries(world))
    assert outcome.cosigned_size == 0
    assert till.journal.cosigned() is None
    assert till.sync(world.door.send).cosigned_size == till.journal.size


def _without_entries(world: World) -> Send:
    """A host that loses its custody between the upload and the wish for a cosignature."""

    def send(request: HostRequest) -> HostReply:
        reply = world.door.send(request)
        if request.path == PATH_ENTRIES:
            with world.store.unit() as unit:
                for journal in unit.custody.journals():
                    unit.custody.clear_line(journal.terminal, journal.epoch, 0)
        return reply

    return send
