"""Keys that can verify anything, or are not the one spelling of a point, never become keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.crypto import keys
from terminal.crypto.keys import SoftwareSigner, parse_public_key, private_signer
from terminal.errors import DecodeError, SignatureInvalid

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "money" / "keys.json").read_text("utf-8")
)
ALGORITHMS = sorted(keys.ALGORITHM_NAMES)


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["what"])
def test_a_bad_key_is_refused(case: dict[str, str]) -> None:
    with pytest.raises(DecodeError) as caught:
        parse_public_key(bytes.fromhex(case["key"]), "holder")
    assert caught.value.field == "holder"
    assert case["problem"] in caught.value.problem


@pytest.mark.parametrize("case", VECTORS["accepted"], ids=lambda case: case["what"])
def test_a_published_key_verifies_its_published_signature(case: dict[str, str]) -> None:
    key = parse_public_key(bytes.fromhex(case["key"]), "key")
    key.verify(bytes.fromhex(case["signature"]), bytes.fromhex(case["message"]))


@pytest.mark.parametrize("case", VECTORS["signatures_refused"], ids=lambda case: case["what"])
def test_a_malleated_or_degenerate_signature_is_refused(case: dict[str, str]) -> None:
    key = parse_public_key(bytes.fromhex(case["key"]), "key")
    with pytest.raises(SignatureInvalid):
        key.verify(bytes.fromhex(case["signature"]), bytes.fromhex(case["message"]))


def test_a_p256_signature_has_a_twin_which_is_why_it_is_never_an_identity() -> None:
    case = VECTORS["twin"]
    key = parse_public_key(bytes.fromhex(case["key"]), "key")
    first, second = (bytes.fromhex(one) for one in case["signatures"])
    assert first != second
    key.verify(first, bytes.fromhex(case["message"]))
    key.verify(second, bytes.fromhex(case["message"]))


@given(st.binary(min_size=32, max_size=32))
def test_an_ed25519_key_is_accepted_just_when_a_point_decodes(data: bytes) -> None:
    # the referee: RFC 8032, 5.1.3, written out the long way
    p = 2**255 - 19
    number = int.from_bytes(data, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    d = -121665 * pow(121666, -1, p) % p
    square = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
    root = pow(square, (p + 3) // 8, p)
    if root * root % p != square:
        root = root * pow(2, (p - 1) // 4, p) % p
    on_curve = y < p and root * root % p == square and not (root == 0 and sign)
    try:
        parse_public_key(data, "key")
        accepted = True
    except DecodeError:
        accepted = False
    of_order_4_or_less = 0 in (root, y)
    assert accepted == (on_curve and not of_order_4_or_less)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(secret=st.binary(min_size=32, max_size=32), message=st.binary(max_size=50))
def test_what_a_signer_signs_its_public_key_verifies(
    algorithm: str, secret: bytes, message: bytes
) -> None:
    signer = private_signer(algorithm, secret)
    key = parse_public_key(signer.public_key, "key")
    assert key.algorithm == keys.ALGORITHM_NAMES[algorithm]
    assert key.algorithm == keys.algorithm_of(signer.public_key)
    signature = signer.sign(message)
    assert len(signature) == 64
    assert signature == signer.sign(message)
    key.verify(signature, message)
    with pytest.raises(SignatureInvalid):
        key.verify(signature, message + b"\0")
    with pytest.raises(SignatureInvalid):
        key.verify(signature[:-1], message)


def test_p256_signatures_are_those_of_rfc_6979() -> None:
    case = VECTORS["accepted"][2]
    signer = SoftwareSigner("P-256", bytes.fromhex(case["secret"]))
    assert signer.public_key.hex() == case["key"]
    assert signer.sign(bytes.fromhex(case["message"])).hex() == case["signature"]


def test_keys_are_equal_by_their_bytes() -> None:
    first = parse_public_key(private_signer("P-256", b"a" * 32).public_key, "key")
    again = parse_public_key(first.data, "key")
    other = parse_public_key(private_signer("P-256", b"b" * 32).public_key, "key")
    assert first == again != other
    assert len({first, again, other}) == 2
    assert first != first.data


@pytest.mark.parametrize(
    ("algorithm", "secret"),
    [
        ("Ed25519", b"short"),
        ("P-256", bytes(32)),
        ("P-256", b"\xff" * 32),
        ("RSA", bytes(32)),
    ],
)
def test_a_secret_that_does_not_fit_makes_no_signer(algorithm: str, secret: bytes) -> None:
    with pytest.raises(ValueError, match="key"):
        SoftwareSigner(algorithm, secret)


def test_a_signer_shows_its_public_half_only() -> None:
    secret = b"\x77" * 32
    assert secret.hex() not in repr(private_signer("Ed25519", secret))
