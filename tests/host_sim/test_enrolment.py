"""Enrolment from both sides: one use, five tries, fifteen minutes, and never another device."""

from __future__ import annotations

from dataclasses import replace

import pytest

from host_sim.enrolment import CODE_LIFETIME_S, CODE_TRIES
from terminal.errors import DecodeError, HostRefused, HostUnreachable
from terminal.payment.keycert import KeyRole, decode_keycert
from terminal.payment.payee import verify_payee_card
from terminal.sync.enrolment import Enrolled, StoredKeys, enrol_session
from terminal.sync.enrolment_messages import EnrolCode, parse_code
from terminal.sync.exchange import PATH_ENROL, HostReply, HostRequest, Send, run
from tests.host_sim.rigs import START, MemoryKeys, World


@pytest.fixture
def keys(world: World) -> StoredKeys:
    return StoredKeys(MemoryKeys(world.chance))


@pytest.fixture
def code(world: World) -> EnrolCode:
    added = world.host.registration.add_terminal("stall", "Till")
    return parse_code(world.host.enrolment.code(added.terminal).text)


def enrol(world: World, code: EnrolCode, keys: StoredKeys, send: Send | None = None) -> Enrolled:
    return run(enrol_session(code, keys, world.clock.now), send or world.door.send)


def refusal(world: World, code: EnrolCode, keys: StoredKeys) -> str:
    with pytest.raises(HostRefused) as refused:
        enrol(world, code, keys)
    return refused.value.code


def wrong(code: EnrolCode) -> EnrolCode:
    return replace(code, digits=f"{(int(code.digits) + 1) % 10**8:08d}")


def test_a_terminal_gets_everything_it_needs_to_sell(
    world: World, code: EnrolCode, keys: StoredKeys
) -> None:
    enrolled = enrol(world, code, keys)
    assert str(enrolled.origin) == f"host.test/t/{code.terminal}/1"
    assert enrolled.policy.version == 1
    assert enrolled.root_key.data == world.host.office.keys.root.public_key
    payee = verify_payee_card(enrolled.payee_card, world.host.office.keys.public("payee"))
    assert payee.name == "Li's Fruit"
    roles = {decode_keycert(cert).role for cert in enrolled.certs}
    assert roles == {
        KeyRole.DEVICE,
        KeyRole.ISSUER,
        KeyRole.VERDICT,
        KeyRole.MIRROR,
        KeyRole.PAYEE,
    }
    journal = decode_keycert(enrolled.journal_cert)
    assert (journal.role, journal.subject, journal.issuer) == (KeyRole.JOURNAL, code.terminal, 1)


def test_the_code_never_travels(world: World, code: EnrolCode, keys: StoredKeys) -> None:
    bodies: list[bytes] = []

    def listening(request: HostRequest) -> HostReply:
        bodies.append(request.body)
        return world.door.send(request)

    enrol(world, code, keys, listening)
    assert not any(code.digits.encode() in body for body in bodies)


def test_a_wrong_code_counts_down_and_then_locks(
    world: World, code: EnrolCode, keys: StoredKeys
) -> None:
    for _ in range(CODE_TRIES):
        assert refusal(world, wrong(code), keys) == "wrong_code"
    assert refusal(world, code, keys) == "code_locked"


def test_a_code_ends_after_fifteen_minutes(world: World, code: EnrolCode, keys: StoredKeys) -> None:
    world.clock.now = START + CODE_LIFETIME_S
    world.host.office.now()
    world.clock.now += 1
    assert refusal(world, code, keys) == "no_code"


def test_a_code_is_good_for_one_terminal_only(
    world: World, code: EnrolCode, keys: StoredKeys
) -> None:
    enrol(world, code, keys)
    other = StoredKeys(MemoryKeys(world.chance))
    assert refusal(world, code, other) == "other_device"


def test_a_lost_reply_is_given_again_also_later(
    world: World, code: EnrolCode, keys: StoredKeys
) -> None:
    def deaf(request: HostRequest) -> HostReply:
        reply = world.door.send(request)
        if request.path == PATH_ENROL:
            raise HostUnreachable("the reply was lost")
        return reply

    with pytest.raises(HostUnreachable):
        enrol(world, code, keys, deaf)
    world.clock.now += 60
    assert enrol(world, code, keys).origin.epoch == 1


def test_another_host_than_the_codes_is_refused_by_the_terminal(
    world: World, code: EnrolCode, keys: StoredKeys
) -> None:
    strange = replace(code, root_fingerprint="A" * 16)
    with pytest.raises(DecodeError, match="fingerprint"):
        enrol(world, strange, keys)


def test_an_id_never_goes_to_another_device(
    world: World, code: EnrolCode, keys: StoredKeys
) -> None:
    enrol(world, code, keys)
    again = parse_code(world.host.enrolment.code(code.terminal).text)
    assert refusal(world, again, StoredKeys(MemoryKeys(world.chance))) == "other_device"


def test_enrolling_again_begins_a_new_epoch_with_a_new_journal_key(
    world: World, code: EnrolCode, keys: StoredKeys
) -> None:
    first = enrol(world, code, keys)
    again = parse_code(world.host.enrolment.code(code.terminal).text)
    second = enrol(world, again, keys)
    assert second.origin.epoch == 2
    journal_keys = {
        decode_keycert(cert).key.data for cert in (first.journal_cert, second.journal_cert)
    }
    assert len(journal_keys) == 2


def test_the_old_epochs_sales_still_settle_after_a_new_one(world: World) -> None:
    old = world.terminal()
    old.sell(world.wallet(), 100)
    new = world.enrol(old.number, old.keys)
    new.sell(world.wallet(), 50)
    assert old.sync(world.door.send).complete
    assert new.sync(world.door.send).complete
    assert world.owed() == 150


def test_a_reply_changed_on_the_way_is_refused(
    world: World, code: EnrolCode, keys: StoredKeys
) -> None:
    other = parse_code(
        world.host.enrolment.code(world.host.registration.add_terminal("stall", "B").terminal).text
    )
    theirs: list[HostReply] = []

    def keeping(request: HostRequest) -> HostReply:
        theirs.append(world.door.send(request))
        return theirs[-1]

    enrol(world, other, StoredKeys(MemoryKeys(world.chance)), keeping)

    def swapping(request: HostRequest) -> HostReply:
        reply = world.door.send(request)
        return theirs[-1] if request.path == PATH_ENROL else reply

    with pytest.raises(DecodeError):
        enrol(world, code, keys, swapping)
