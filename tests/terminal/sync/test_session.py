"""The dialogue against hosts that lie, refuse or answer for another: nothing false is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.crypto.keys import private_signer
from terminal.crypto.notes import cosign, split_note
from terminal.errors import HostRefused, SignatureInvalid
from terminal.payment.verdict import Verdict, VerdictStatus, sign_verdict
from terminal.sync import messages
from terminal.sync.exchange import (
    PATH_ENTRIES,
    PATH_MIRROR,
    PATH_OPEN,
    PATH_POLICY,
    HostReply,
    HostRequest,
    Send,
    encode_refusal,
)
from terminal.sync.host_time import sign_host_time
from terminal.sync.session import JUDGED_MARK, batches, unjudged
from tests.host_sim.rigs import TerminalRig, World

STRANGER = private_signer("Ed25519", b"\x07" * 32)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture
def till(world: World) -> TerminalRig:
    till = world.terminal()
    till.sell(world.wallet(), 100)
    return till


def replacing(world: World, path: str, body: bytes, status: int = 200) -> Send:
    """The host, but for one path."""

    def send(request: HostRequest) -> HostReply:
        reply = world.door.send(request)
        return HostReply(status, body) if request.path == path else reply

    return send


def judged_by_a_stranger(till: TerminalRig, index: int) -> bytes:
    entry = till.journal.entry(index)
    verdict = Verdict(
        till.number, till.epoch, index, entry.leaf(), VerdictStatus.SETTLED, 0, till.clock.now
    )
    judged = messages.Judged(index, entry.leaf(), sign_verdict(verdict, STRANGER))
    return messages.EntriesReply((judged,)).encode()


def test_a_strangers_verdict_is_never_recorded(world: World, till: TerminalRig) -> None:
    outcome = till.sync(replacing(world, PATH_ENTRIES, judged_by_a_stranger(till, 1)))
    assert till.verdicts() == {}
    assert not outcome.complete
    assert "verdict" in outcome.problems[0]


def test_a_verdict_about_another_entry_is_never_recorded(world: World, till: TerminalRig) -> None:
    sale = till.journal.entry(1)
    answers: list[messages.Judged] = []

    def swapped(request: HostRequest) -> HostReply:
        reply = world.door.send(request)
        if request.path != PATH_ENTRIES:
            return reply
        answers.extend(messages.decode_entries_reply(reply.body).items)
        mixed = messages.Judged(sale.index, sale.leaf(), answers[0].verdict)
        return HostReply(200, messages.EntriesReply((mixed,)).encode())

    outcome = till.sync(swapped)
    assert till.verdicts() == {}
    assert "another entry" in outcome.problems[0]


def test_a_strangers_cosignature_is_never_recorded(world: World, till: TerminalRig) -> None:
    note = till.journal.checkpoint()
    forged = cosign(note, world.host.office.mirror_name, STRANGER, till.clock.now)
    body = messages.MirrorReply(messages.MirrorOutcome.COSIGNED, 2, forged).encode()
    outcome = till.sync(replacing(world, PATH_MIRROR, body))
    assert till.journal.cosigned() is None
    assert outcome.cosigned_size == 0
    assert "cosignature" in outcome.problems[-1]


def test_a_cosignature_of_another_checkpoint_is_never_recorded(
    world: World, till: TerminalRig
) -> None:
    till.sync(world.door.send)
    before = till.journal.cosigned()
    assert before is not None
    till.sell(world.wallet(), 5)
    body = messages.MirrorReply(messages.MirrorOutcome.COSIGNED, 2, before).encode()
    outcome = till.sync(replacing(world, PATH_MIRROR, body))
    assert till.journal.cosigned() == before
    assert outcome.cosigned_size == 0
    assert split_note(before)[0] != split_note(till.journal.checkpoint())[0]


def test_the_time_of_an_earlier_dialogue_is_refused(world: World, till: TerminalRig) -> None:
    old = sign_host_time(5, str(till.enrolled.origin), bytes(8), world.host.office.keys.verdict)
    body = messages.OpenReply(messages.LineState.CONSISTENT, 0, old, 1).encode()
    with pytest.raises(SignatureInvalid):
        till.sync(replacing(world, PATH_OPEN, body))


def test_an_older_policy_is_never_installed(world: World, till: TerminalRig) -> None:
    world.host.registration.publish_all()
    body = messages.PolicyReply(till.enrolled.policy_bytes).encode()
    outcome = till.sync(replacing(world, PATH_POLICY, body))
    assert outcome.installed_policy is None
    assert "not newer" in outcome.problems[0]


def test_another_terminals_policy_is_never_installed(world: World, till: TerminalRig) -> None:
    other = world.terminal()
    world.host.registration.publish_all()
    with world.store.unit() as unit:
        theirs = unit.registry.policy(other.number, 2)
    assert theirs is not None
    body = messages.PolicyReply(theirs).encode()
    outcome = till.sync(replacing(world, PATH_POLICY, body))
    assert outcome.installed_policy is None
    assert str(other.number) in outcome.problems[0]


def test_an_item_the_host_cannot_take_holds_up_no_other(world: World, till: TerminalRig) -> None:
    """A batch that is refused is sent again one by one; what is refused alone is skipped."""
    poison = till.sell(world.wallet(), 7)
    good = till.sell(world.wallet(), 9)

    def choking(request: HostRequest) -> HostReply:
        if request.path == PATH_ENTRIES and poison.data in request.body:
            return HostReply(500, encode_refusal("internal", "the host failed"))
        return world.door.send(request)

    outcome = till.sync(choking)
    assert set(till.verdicts()) == {0, 1, good.index}
    assert outcome.problems[0].startswith(f"entry {poison.index}:")
    assert till.sync(world.door.send).complete
    assert world.owed() == 116


def test_a_host_that_cannot_work_now_ends_the_dialogue(world: World, till: TerminalRig) -> None:
    busy = replacing(world, PATH_ENTRIES, encode_refusal("store", "busy"), status=503)
    with pytest.raises(HostRefused) as refused:
        till.sync(busy)
    assert refused.value.code == "store"
    assert till.sync(world.door.send).complete


def test_only_entries_without_a_verdict_are_sent(world: World, till: TerminalRig) -> None:
    assert unjudged(till.journal, till.journal.size) == (0, 1)
    till.sync(world.door.send)
    assert unjudged(till.journal, till.journal.size) == ()
    assert till.journal.kept(JUDGED_MARK) == (2).to_bytes(8, "big")
    sale = till.sell(world.wallet(), 5)
    assert unjudged(till.journal, till.journal.size) == (sale.index,)


def test_uploads_are_bounded_in_number_and_bytes(world: World, till: TerminalRig) -> None:
    entry = till.journal.entry(1)
    found = list(batches([entry] * 300))
    assert sum(map(len, found)) == 300
    for batch in found:
        assert len(batch) <= messages.MAX_ENTRIES
        assert sum(len(one.data) for one in batch) <= messages.MAX_UPLOAD_BYTES


@pytest.mark.slow
def test_many_entries_come_through_in_several_uploads(world: World, till: TerminalRig) -> None:
    wallet = world.wallet()
    for _ in range(2 * messages.MAX_ENTRIES):
        till.sell(wallet, 1)
    outcome = till.sync(world.door.send)
    assert outcome.complete
    assert outcome.sent_count == till.journal.size
    assert world.owed() == 100 + 2 * messages.MAX_ENTRIES
