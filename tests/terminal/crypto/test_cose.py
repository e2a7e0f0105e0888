"""COSE_Sign1 in exactly one form, for one purpose, under one algorithm."""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.crypto import cose
from terminal.crypto.keys import ED25519, ESP256, parse_public_key, private_signer
from terminal.errors import DecodeError, SignatureInvalid

SIGNERS = {name: private_signer(name, b"k" * 32) for name in ("Ed25519", "P-256")}


@pytest.mark.parametrize("name", SIGNERS)
@given(payload=st.binary(max_size=300))
def test_a_message_gives_back_its_payload_in_its_context_alone(name: str, payload: bytes) -> None:
    signer = SIGNERS[name]
    key = parse_public_key(signer.public_key, "key")
    message = cose.sign1_for(signer, payload, "kumquat.test.1", 7, b"x", None)
    assert cose.verify1_for(key, message, "m", "kumquat.test.1", 7, b"x", None) == payload
    for purpose, parts in (
        ("kumquat.test.2", (7, b"x", None)),
        ("kumquat.test.1", (8, b"x", None)),
        ("kumquat.test.1", (7, b"x")),
        ("kumquat.test.1", (7, b"x", 0)),
    ):
        with pytest.raises(SignatureInvalid):
            cose.verify1_for(key, message, "m", purpose, *parts)


def test_the_algorithm_is_signed_and_not_a_choice() -> None:
    signer = SIGNERS["Ed25519"]
    key = parse_public_key(signer.public_key, "key")
    wrong = cose.sign1(signer, b"x", cose.external_aad("kumquat.test.1", ESP256))
    with pytest.raises(SignatureInvalid):
        cose.verify1_for(key, wrong, "m", "kumquat.test.1")


def test_the_context_and_the_signed_bytes_are_what_cbor2_would_write() -> None:
    aad = cose.external_aad("kumquat.spend.1", ED25519, b"request", None, b"d" * 32)
    assert aad == cbor2.dumps(["kumquat.spend.1", -19, b"request", None, b"d" * 32])
    long = cose.external_aad("p", ESP256, *range(30))
    assert long == cbor2.dumps(["p", -9, *range(30)])
    signed = cose.sig_structure(b"payload", aad)
    assert signed == cbor2.dumps(["Signature1", b"", aad, b"payload"])


def test_a_message_is_what_cbor2_would_write() -> None:
    message = cose.assemble(b"p" * 70, b"s" * 64)
    assert message == cbor2.dumps([b"", {}, b"p" * 70, b"s" * 64])


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ([b"\xa0", {}, b"p", bytes(64)], "m.protected"),
        ([b"", [], b"p", bytes(64)], "m.unprotected"),
        ([b"", {}, None, bytes(64)], "m.payload"),
        ([b"", {}, b"p", bytes(63)], "m.signature"),
        ([b"", {}, b"p", bytes(65)], "m.signature"),
        ([b"", {}, b"p"], "m"),
        ([b"", {}, b"p", bytes(64), b""], "m"),
        (b"", "m"),
    ],
)
def test_every_other_form_is_refused_by_field(value: object, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        cose.unpack1(cbor2.dumps(value), "m")
    assert caught.value.field == field


@pytest.mark.parametrize(
    "value",
    [[b"", {1: -19}, b"p", bytes(64)], cbor2.CBORTag(18, [b"", {}, b"p", bytes(64)])],
)
def test_headers_and_tags_are_refused(value: object) -> None:
    with pytest.raises(DecodeError):
        cose.unpack1(cbor2.dumps(value), "m")


def test_the_export_form_is_tagged_and_names_the_algorithm() -> None:
    message = cose.assemble(b"payload", b"s" * 64)
    exported = cbor2.loads(cose.to_tagged(message, ESP256))
    assert exported.tag == 18
    assert exported.value == [b"", {1: -9}, b"payload", b"s" * 64]
    with pytest.raises(DecodeError, match="algorithm"):
        cose.to_tagged(message, -37)
    with pytest.raises(DecodeError):
        cose.to_tagged(cose.to_tagged(message, ED25519), ED25519)


def test_a_signature_of_another_size_is_our_own_fault() -> None:
    with pytest.raises(ValueError, match="64"):
        cose.assemble(b"p", b"short")
