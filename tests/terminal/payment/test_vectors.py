"""The committed vectors, by our code and by two COSE libraries that are not ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pycose.algorithms import EdDSA, Es256
from pycose.keys.curves import P256, Ed25519
from pycose.keys.ec2 import EC2Key
from pycose.keys.okp import OKPKey
from pycose.messages.sign1message import Sign1Message

from terminal.crypto import cose
from terminal.crypto.keys import parse_public_key
from terminal.errors import DecodeError, SignatureInvalid
from terminal.payment.ack import decode_ack
from terminal.payment.counters import Counters, after
from terminal.payment.coupon import decode_coupon
from terminal.payment.decision import AlreadyPaid, Approved, Declined
from terminal.payment.keycert import decode_keycert
from terminal.payment.payee import decode_payee_card
from terminal.payment.policy import decode_policy, sign_policy
from terminal.payment.presentation import (
    alone_presentation,
    check_code,
    decode_presentation,
    full_presentation,
    spend_digest,
)
from terminal.payment.request import Request, decode_request
from terminal.payment.stamp import decode_stamp
from terminal.payment.text import decode_ask, from_text
from terminal.payment.verdict import decode_verdict
from terminal.payment.verification import Prior
from tests.terminal.payment import stall
from tests.vectors.money import make_key_vectors, make_object_vectors

FOLDER = Path(__file__).parents[2] / "vectors" / "money"
FILES = {name: json.loads((FOLDER / f"{name}.json").read_text("utf-8")) for name in
         ("ed25519", "p256")}  # fmt: skip
INTERVALS = json.loads((FOLDER / "intervals.json").read_text("utf-8"))["scenarios"]
OBJECTS = [
    pytest.param(file, one, id=f"{name}-{one['what']}")
    for name, file in FILES.items()
    for one in file["objects"]
]
DECODERS: dict[str, Callable[[bytes], object]] = {
    "coupon": decode_coupon,
    "presentation": decode_presentation,
    "request": decode_request,
}


def public_key(file: dict[str, Any], one: dict[str, str]) -> bytes:
    return bytes.fromhex(file["keys"][one["signed_by"]]["public"])


def test_the_generators_still_write_the_committed_bytes() -> None:
    assert FILES["ed25519"] == make_object_vectors.vectors("Ed25519")
    assert FILES["p256"] == make_object_vectors.vectors("P-256")
    keys = json.loads((FOLDER / "keys.json").read_text("utf-8"))
    assert keys == make_key_vectors.vectors()


@pytest.mark.parametrize(("file", "one"), OBJECTS)
def test_each_object_verifies_here(file: dict[str, Any], one: dict[str, str]) -> None:
    key = parse_public_key(public_key(file, one), "key")
    aad, message = bytes.fromhex(one["external_aad"]), bytes.fromhex(one["message"])
    assert cose.verify1(key, message, aad).hex() == one["payload"]
    for other in ("holder", "issuer", "journal"):
        if other != one["signed_by"]:
            wrong = parse_public_key(bytes.fromhex(file["keys"][other]["public"]), "key")
            with pytest.raises(SignatureInvalid):
                cose.verify1(wrong, message, aad)


def raw_coordinates(public: bytes) -> tuple[bytes, bytes]:
    numbers = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public).public_numbers()
    return numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")


@pytest.mark.parametrize(("file", "one"), OBJECTS)
def test_each_object_verifies_with_cwt(file: dict[str, Any], one: dict[str, str]) -> None:
    public = public_key(file, one)
    shape: dict[int, Any]
    if len(public) == 32:
        shape = {1: 1, 3: -19, -1: 6, -2: public}
    else:
        x, y = raw_coordinates(public)
        shape = {1: 2, 3: -9, -1: 1, -2: x, -3: y}
    reader = cwt.COSE.new()
    aad, tagged = bytes.fromhex(one["external_aad"]), bytes.fromhex(one["tagged"])
    payload = reader.decode(tagged, cwt.COSEKey.new(shape), external_aad=aad)
    assert payload.hex() == one["payload"]
    with pytest.raises(cwt.VerifyError):
        reader.decode(tagged, cwt.COSEKey.new(shape), external_aad=aad[:-1] + b"\0")


@pytest.mark.parametrize(("file", "one"), OBJECTS)
def test_each_object_verifies_with_pycose(file: dict[str, Any], one: dict[str, str]) -> None:
    public = public_key(file, one)
    message: Any = Sign1Message.decode(bytes.fromhex(one["tagged_polymorphic"]))
    message.external_aad = bytes.fromhex(one["external_aad"])
    if len(public) == 32:
        message.key = OKPKey(crv=Ed25519, x=public, optional_params={"ALG": EdDSA})
    else:
        x, y = raw_coordinates(public)
        message.key = EC2Key(crv=P256, x=x, y=y, optional_params={"ALG": Es256})
    assert message.payload.hex() == one["payload"]
    assert message.verify_signature()
    message.external_aad += b"\0"
    assert not message.verify_signature()


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_each_object_decodes_to_what_writes_it_again(file: dict[str, Any]) -> None:
    decoders: dict[str, Callable[[bytes], Any]] = {
        "ack": decode_ack,
        "verdict": decode_verdict,
        "keycert": decode_keycert,
        "stamp": decode_stamp,
        "payee": decode_payee_card,
    }
    for one in file["objects"]:
        message = bytes.fromhex(one["message"])
        if one["what"] in decoders:
            assert decoders[one["what"]](message).encode().hex() == one["payload"]
        elif one["what"].startswith("coupon"):
            coupon = decode_coupon(message)
            assert coupon.encode() == message
            assert coupon.fields.encode_payload().hex() == one["payload"]
    root = parse_public_key(bytes.fromhex(file["keys"]["root"]["public"]), "root")
    bundle = bytes.fromhex(file["objects"][-1]["message"])
    signer = make_object_vectors.World(file["algorithm"]).signer("root")
    assert sign_policy(decode_policy(bundle, root), signer) == bundle


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_presentations_and_requests_read_as_described(file: dict[str, Any]) -> None:
    for one in (*file["presentations"].values(), file["by_number"]):
        data = bytes.fromhex(one["bytes"])
        read = decode_presentation(data)
        spend_id, coupon_id = read.spend_id, read.coupon_id
        named = [coupon_id.issuer, coupon_id.serial, spend_id.from_minor, spend_id.amount_minor]
        assert read.encode() == data
        assert named == one["spend_id"]
        assert spend_digest(read).hex() == one["spend_digest"]
        assert check_code(data) == one["check_code"]
        assert from_text(one["text"]) == ("KQP", data)
    for name in ("request", "static"):
        assert decode_request(bytes.fromhex(file[name])).encode().hex() == file[name]
    kind, asked = from_text(file["ask"]["text"])
    assert (kind, asked.hex()) == ("KQR", file["ask"]["bytes"])
    assert decode_ask(asked)[0].hex() == file["request"]


def test_the_check_code_and_the_identity_do_not_depend_on_the_form() -> None:
    for file in FILES.values():
        full, alone = file["presentations"]["full"], file["presentations"]["alone"]
        assert full["check_code"] == alone["check_code"]
        assert full["spend_id"] == alone["spend_id"]


def test_sizes_are_those_of_the_protocol() -> None:
    for file, coupon, full in ((FILES["ed25519"], 129, 204), (FILES["p256"], 130, 205)):
        sizes = {one["what"]: len(one["message"]) // 2 for one in file["objects"]}
        assert sizes["coupon"] == coupon
        assert (sizes["ack"], sizes["verdict"]) == (112, 124)
        assert file["presentations"]["full"]["size"] == full <= 215
        assert file["presentations"]["alone"]["size"] == 81 <= 86
        assert len(file["request"]) // 2 == 22
        assert len(file["static"]) // 2 == 9


def test_the_largest_values_stay_within_the_largest_sizes() -> None:
    for algorithm, coupon_size in (("Ed25519", 140), ("P-256", 141)):
        world = make_object_vectors.World(algorithm)
        largest = 2**53 - 1
        coupon = world.coupon(
            12, largest, issuer=2**16 - 1, serial=2**32 - 1, currency=999, scope=2**32 - 1,
            not_after_unix_s=2**32 - 1, lifetime_h=2**16 - 1,
        )  # fmt: skip
        assert len(coupon) == coupon_size
        asked = Request(2**32 - 1, 999, largest, bytes(8)).encode()
        assert len(asked) <= 32
        given = (coupon, largest // 2, largest // 2, 1, asked, None, world.signer("holder"))
        assert len(full_presentation(*given)) <= 228
        assert len(alone_presentation(*given)) <= 95


@pytest.mark.parametrize(
    ("decoder", "data", "field"),
    [
        pytest.param(
            one["decoder"],
            bytes.fromhex(one["bytes"]),
            one["field"],
            id=f"{name}-{one['decoder']}-{one['what']}",
        )
        for name, file in FILES.items()
        for one in file["invalid"]
    ],
)
def test_invalid_forms_are_refused_by_field(decoder: str, data: bytes, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        DECODERS[decoder](data)
    assert caught.value.field == field


@pytest.mark.parametrize("scenario", INTERVALS, ids=lambda scenario: scenario["what"])
def test_balance_intervals_are_judged_as_written(scenario: dict[str, Any]) -> None:
    largest = 2**53 - 1
    under = stall.policy(
        floor_limit_minor=largest, second_limit_minor=largest, coupon_cap_minor=largest,
        cumulative_limit_minor=largest, count_limit=100, consecutive_limit=100,
        issuers=(replace(stall.ISSUER_KEY, limit_cap_minor=largest),),
    )  # fmt: skip
    coupon = stall.fields(limit_minor=scenario["limit_minor"])
    counters, entry = Counters(), 0
    taken: dict[tuple[int, int], Prior] = {}
    entry_of: dict[int, int] = {}
    for step in scenario["steps"]:
        asked = stall.request(step["amount"], step["sale"])
        data = stall.pay(asked, step["from"], coupon)
        prior = taken.get((step["from"], step["amount"]))
        paid = entry_of.get(step["sale"])
        decided = stall.sell(data, asked, counters, under, prior=prior, paid_entry=paid)
        if step["expect"] == "approved":
            assert isinstance(decided, Approved), step
            assert step["entry"] == entry
            counters = after(counters, decided.acceptance(entry))
            taken[step["from"], step["amount"]] = Prior(entry, data)
            entry_of[step["sale"]] = entry
            entry += 1
        elif step["expect"] == "already paid":
            assert decided == AlreadyPaid(step["entry"])
        else:
            assert isinstance(decided, Declined), step
            assert [reason.name for reason in decided.reasons] == step["expect"]
            assert decided.prior_entry == step["entry"]
