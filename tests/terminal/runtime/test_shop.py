"""What a dialogue with the host changes: the clock by an entry, the policy at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.crypto.keys import parse_public_key
from terminal.journal.deep_check import deep_check
from terminal.journal.detail import ClockCorrected, decode_detail
from terminal.journal.entry import EntryKind
from terminal.payment.policy import sign_policy
from terminal.ports import ClockQuality
from terminal.runtime.shop import HOST_ANCHOR, Shop
from terminal.sale.timekeeper import CLOCK_TOLERANCE_S, Timekeeper, decode_anchor
from terminal.sync.host_time import sign_host_time, verify_host_time
from terminal.sync.policies import Policies
from tests.terminal.payment.stall import NOW, TERMINAL, policy, signer
from tests.terminal.sale.till_rig import TillRig

ORIGIN = f"host.example/t/{TERMINAL}/1"
NONCE = b"\x07" * 8
EARLY = policy(issued_at_unix_s=NOW - 30_000)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[TillRig]:
    made = TillRig(tmp_path / "journal.db", policy=EARLY)
    made.clock.trusted = ClockQuality.RTC
    made.journal.install_policy(sign_policy(EARLY, signer("root")), EARLY.version)
    yield made
    made.journal.close()


def shop_of(rig: TillRig) -> Shop:
    root = parse_public_key(signer("root").public_key, "root")
    policies = Policies(rig.journal, root, TERMINAL)
    timekeeper = Timekeeper(rig.clock, built_unix_s=0)
    rig.till._timekeeper = timekeeper
    return Shop(rig.journal, rig.till, rig.desk, timekeeper, policies)


def hear(rig: TillRig, shop: Shop, unix_s: int) -> int | None:
    evidence = NONCE + sign_host_time(unix_s, ORIGIN, NONCE, signer("verdict"))
    return shop.hear_host(unix_s, evidence, rig.clock.monotonic_ms())


def test_a_host_that_agrees_leaves_no_entry(rig: TillRig) -> None:
    shop = shop_of(rig)
    for unix_s in (NOW, NOW + 3_600, NOW - CLOCK_TOLERANCE_S + 3_600):
        assert hear(rig, shop, unix_s) is None
    assert rig.journal.size == 1


def test_a_host_that_sets_the_clock_back_is_an_entry_with_its_word(rig: TillRig) -> None:
    shop = shop_of(rig)
    index = hear(rig, shop, NOW - 7_200)
    assert index == 1
    entry = rig.journal.entry(1)
    assert (entry.kind, entry.time_unix_s, entry.quality) == (
        EntryKind.CLOCK_CORRECTED,
        NOW - 7_200,
        ClockQuality.HOST,
    )
    detail = decode_detail(entry)
    assert isinstance(detail, ClockCorrected)
    assert (detail.before_unix_s, detail.after_unix_s) == (NOW, NOW - 7_200)
    nonce, message = detail.evidence[:8], detail.evidence[8:]
    key = parse_public_key(signer("verdict").public_key, "verdict")
    assert verify_host_time(message, key, ORIGIN, nonce) == NOW - 7_200
    deep_check(rig.journal)


def test_after_a_correction_sales_are_at_the_hosts_time_and_it_is_not_corrected_again(
    rig: TillRig,
) -> None:
    shop = shop_of(rig)
    hear(rig, shop, NOW - 7_200)
    moment = rig.till.moment()
    assert (moment.unix_s, moment.quality) == (NOW - 7_200, ClockQuality.HOST)
    rig.clock.now_ms += 30_000
    assert hear(rig, shop, NOW - 7_200 + 30) is None
    assert rig.journal.size == 2


def test_the_hosts_time_is_kept_for_after_a_restart(rig: TillRig) -> None:
    shop = shop_of(rig)
    hear(rig, shop, NOW)
    kept = rig.journal.kept(HOST_ANCHOR)
    assert kept is not None
    assert decode_anchor(kept) == shop.timekeeper.anchor


def test_a_policy_that_came_along_is_in_force_at_once(rig: TillRig) -> None:
    shop = shop_of(rig)
    newer = policy(version=EARLY.version + 1, issued_at_unix_s=NOW)
    rig.journal.install_policy(sign_policy(newer, signer("root")), newer.version)
    hear(rig, shop, NOW)
    assert rig.till.policy.version == newer.version
