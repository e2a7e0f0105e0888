"""Coupons, the deny list, and what a terminal's policy says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from host_sim.issuer import Order
from host_sim.refusal import UsageError
from host_sim.registration import TerminalSettings
from terminal.crypto.keys import private_signer
from terminal.payment.coupon import CouponClass, decode_coupon
from terminal.payment.deny_list import DenyKind, coupon_subject
from terminal.payment.verdict import VerdictReason, VerdictStatus
from tests.host_sim.rigs import CNY, START, World

HOLDER = private_signer("P-256", b"\x05" * 32)


def test_a_coupon_is_the_issuers_word_for_what_was_ordered(world: World) -> None:
    sold = world.host.issuer.sell(
        Order(HOLDER.public_key, 5000, CNY, 9, lifetime_h=24, verification_attested=True)
    )
    coupon = decode_coupon(sold.coupon)
    coupon.verify(world.host.office.keys.public("issuer"))
    fields = coupon.fields
    assert (fields.limit_minor, fields.scope, fields.currency) == (5000, 9, CNY)
    assert (fields.not_before_unix_s, fields.not_after_unix_s) == (START - 3_600, START + 86_400)
    assert fields.verification_attested
    assert not fields.key_in_hardware
    assert fields.holder_key is not None
    assert fields.holder_key.data == HOLDER.public_key


def test_selling_is_booked_as_cash_owed_to_the_holder(world: World) -> None:
    sold = world.host.issuer.sell(Order(HOLDER.public_key, 5000, CNY, 9))
    with world.store.unit() as unit:
        balances = {b.account: b.amount_minor for b in unit.money.balances("")}
    assert balances == {"cash": 5000, f"coupon:1/{sold.serial}": -5000}


@pytest.mark.parametrize(
    "order",
    [
        Order(HOLDER.public_key, 0, CNY, 9),
        Order(HOLDER.public_key, 10**12, CNY, 9),
        Order(None, 100, CNY, 9),
        Order(HOLDER.public_key, 100, CNY, 9, coupon_class=CouponClass.BEARER),
        Order(bytes(32), 100, CNY, 9),
        Order(HOLDER.public_key, 100, CNY, 9, not_after_unix_s=10, lifetime_h=9),
    ],
)
def test_an_order_that_cannot_be_a_coupon_is_refused(world: World, order: Order) -> None:
    with pytest.raises(UsageError):
        world.host.issuer.sell(order)
    with world.store.unit() as unit:
        assert unit.money.coupons() == ()


def test_revoking_puts_a_new_policy_on_every_terminal(world: World) -> None:
    till = world.terminal()
    wallet = world.wallet()
    identifier = f"1/{wallet.coupon.serial}"
    assert world.host.issuer.revoke(DenyKind.COUPON, identifier)
    assert not world.host.issuer.revoke(DenyKind.COUPON, identifier)
    assert till.sync(world.door.send).installed_policy == 2
    installed = till.policies().installed()
    assert installed is not None
    assert installed.deny == {coupon_subject(decode_coupon(wallet.coupon_bytes).id)}


def test_a_coupon_taken_against_the_terminals_own_deny_list_waits_for_a_person(
    world: World,
) -> None:
    wallet = world.wallet()
    world.host.issuer.revoke(DenyKind.COUPON, f"1/{wallet.coupon.serial}")
    till = world.terminal()
    entry = till.sell(wallet, 100)
    till.sync(world.door.send)
    verdict = till.verdicts()[entry.index]
    assert (verdict.status, verdict.reason) == (
        VerdictStatus.DISPUTED,
        VerdictReason.COUPON_REVOKED,
    )
    assert world.owed() == 0


def test_a_coupon_revoked_later_is_still_paid_where_nobody_could_know(world: World) -> None:
    till, wallet = world.terminal(), world.wallet()
    till.sell(wallet, 100)
    world.host.issuer.revoke(DenyKind.COUPON, f"1/{wallet.coupon.serial}")
    till.sync(world.door.send)
    assert world.owed() == 100


@pytest.mark.parametrize(
    ("kind", "identifier"),
    [
        (DenyKind.COUPON, "17"),
        (DenyKind.HOLDER, "zz"),
        (DenyKind.CARD, "0"),
        (DenyKind.TERMINAL, "-1"),
        (DenyKind.ISSUER, "70000"),
    ],
)
def test_what_names_nothing_cannot_be_revoked(
    world: World, kind: DenyKind, identifier: str
) -> None:
    with pytest.raises(UsageError, match="does not name"):
        world.host.issuer.revoke(kind, identifier)


def test_a_terminal_id_is_never_given_twice(world: World) -> None:
    world.host.registration.add_terminal("stall", "A", terminal=5)
    with pytest.raises(UsageError, match="given before"):
        world.host.registration.add_terminal("stall", "B", terminal=5)


def test_settings_become_the_next_policy(world: World) -> None:
    till = world.terminal()
    limits = replace(TerminalSettings().limits, floor_limit_minor=7_000)
    assert (
        world.host.registration.set_settings(till.number, TerminalSettings(limits, unattended=True))
        == 2
    )
    till.sync(world.door.send)
    installed = till.policies().installed()
    assert installed is not None
    assert installed.unattended
    assert installed.limits == limits


def test_settings_that_contradict_each_other_are_refused(world: World) -> None:
    with pytest.raises(UsageError, match="no merchant"):
        world.host.registration.add_terminal("nobody", "A")
    with pytest.raises(UsageError, match="there already"):
        world.host.registration.add_merchant("stall", "Again", None, "CNY")
    with pytest.raises(UsageError, match="short name"):
        world.host.registration.add_merchant("Stall!", "Again", None, "CNY")
