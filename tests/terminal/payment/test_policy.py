"""Policy: signed, well-formed, one key for one issuer; limits and deny list."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.crypto import cbor, cose
from terminal.crypto.keys import parse_public_key
from terminal.errors import DecodeError, SignatureInvalid
from terminal.payment import deny_list
from terminal.payment.coupon import CouponClass, CouponId
from terminal.payment.limits import Limits, decode_limits
from terminal.payment.policy import decode_policy, decode_policy_payload, sign_policy
from tests.terminal.payment import stall

ROOT = stall.signer("root")
ROOT_KEY = parse_public_key(ROOT.public_key, "root")
VERDICT_KEY = stall.HOST_KEYS.verdict
P256_KEY = parse_public_key(stall.signer("mirror", "P-256").public_key, "mirror")
FULL = stall.policy(
    classes=frozenset(CouponClass) - {CouponClass.NUMBERED},
    static_accepted=True,
    unattended=True,
    deny=frozenset({b"12345678", b"abcdefgh"}),
    payee_card=b"card",
    scopes=(1, 2, 70_000),
    name="王氏水果",
)


@pytest.mark.parametrize("policy", [stall.POLICY, FULL], ids=["least", "most"])
def test_a_policy_comes_back_as_it_was_signed(policy: Any) -> None:
    data = sign_policy(policy, ROOT)
    assert decode_policy(data, ROOT_KEY) == policy


def test_only_the_hosts_signature_makes_a_policy() -> None:
    forged = sign_policy(stall.POLICY, stall.signer("mallory"))
    with pytest.raises(SignatureInvalid):
        decode_policy(forged, ROOT_KEY)
    other_purpose = cose.sign1_for(ROOT, stall.POLICY.encode(), "kumquat.policy.2")
    with pytest.raises(SignatureInvalid):
        decode_policy(other_purpose, ROOT_KEY)


@given(st.data())
def test_any_changed_bit_is_refused(data: st.DataObject) -> None:
    bundle = bytearray(sign_policy(FULL, ROOT))
    bit = data.draw(st.integers(0, 8 * len(bundle) - 1))
    bundle[bit // 8] ^= 1 << bit % 8
    with pytest.raises((DecodeError, SignatureInvalid)):
        decode_policy(bytes(bundle), ROOT_KEY)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"version": 0}, "policy.version"),
        ({"terminal": 2**32}, "policy.terminal"),
        ({"currency": 1000}, "policy.currency"),
        ({"name": "x" * 129}, "policy.name"),
        ({"name": "a\u202eb"}, "policy.name"),
        ({"scopes": (2, 1)}, "policy.scopes"),
        ({"scopes": (1, 1)}, "policy.scopes"),
        ({"scopes": tuple(range(65))}, "policy.scopes"),
        ({"issuers": (stall.ISSUER_KEY, stall.ISSUER_KEY)}, "policy.issuers"),
        (
            {"issuers": (stall.ISSUER_KEY, replace(stall.ISSUER_KEY, issuer=1001))},
            "policy.issuers",
        ),
        ({"issuers": (replace(stall.ISSUER_KEY, key=VERDICT_KEY),)}, "policy.issuers"),
        ({"host": replace(stall.HOST_KEYS, mirror=VERDICT_KEY)}, "policy.issuers"),
        ({"host": replace(stall.HOST_KEYS, mirror=P256_KEY)}, "policy.host.mirror"),
        ({"payee_card": bytes(201)}, "policy.payee_card"),
        ({"deny": frozenset({b"seven77"})}, "policy.deny"),
    ],
)
def test_a_policy_that_contradicts_itself_cannot_be_made(
    changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        stall.policy(**changes)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("at", "value", "field"),
    [
        (0, 2, "policy.format"),
        (10, 32, "policy.accepts"),
        (11, 2, "policy.unattended"),
        (12, [1], "policy.limits"),
        (13, [[1]], "policy.issuer"),
        (14, b"12345678abcdefg", "policy.deny"),
        (14, b"abcdefgh12345678", "policy.deny"),
        (14, b"abcdefghabcdefgh", "policy.deny"),
        (15, [b"\1" + bytes(31), bytes(32), "m"], "policy.host.verdict"),
    ],
)
def test_a_signed_payload_is_still_read_strictly(at: int, value: object, field: str) -> None:
    items = cbor.expect_array(cbor.decode(FULL.encode(), "p", 4096), "p")
    items[at] = value
    with pytest.raises(DecodeError) as caught:
        decode_policy_payload(cbor.encode(items))
    assert caught.value.field == field


def test_an_issuer_is_found_by_number() -> None:
    assert stall.POLICY.issuer(1000) is stall.ISSUER_KEY
    assert stall.POLICY.issuer(1001) is None


def test_limits_stand_on_the_wire_in_the_order_of_their_fields() -> None:
    values = stall.LIMITS.values()
    assert decode_limits(list(values)) == stall.LIMITS
    assert values[0] == stall.LIMITS.floor_limit_minor
    assert len(values) == len(fields(Limits)) == 12


@pytest.mark.parametrize(
    "changes",
    [
        {"floor_limit_minor": -1},
        {"count_limit": 2**53},
        {"offline_horizon_s": 2**32},
        {"online_per_mille": 1001},
        {"unknown_clock_cap_minor": 5001},
    ],
)
def test_a_limit_out_of_range_is_refused_by_name(changes: dict[str, int]) -> None:
    with pytest.raises(DecodeError, match=next(iter(changes))):
        replace(stall.LIMITS, **changes)


def test_subjects_of_different_kinds_never_meet() -> None:
    identifier = (7).to_bytes(4, "big")
    subjects = {deny_list.deny_subject(kind, identifier) for kind in deny_list.DenyKind}
    assert len(subjects) == len(deny_list.DenyKind)
    assert {len(subject) for subject in subjects} == {8}
    assert deny_list.coupon_subject(CouponId(1, 2)) != deny_list.coupon_subject(CouponId(2, 1))


@given(st.frozensets(st.binary(min_size=8, max_size=8), max_size=50))
def test_a_deny_list_comes_back_whole(subjects: frozenset[bytes]) -> None:
    assert deny_list.decode_deny_list(deny_list.encode_deny_list(subjects)) == subjects
