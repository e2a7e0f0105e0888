"""Heads and deltas: one spelling, the root's signature, and nothing said both ways."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.crypto import cbor
from terminal.crypto.keys import parse_public_key
from terminal.errors import DecodeError, SignatureInvalid
from terminal.payment import deny_head
from terminal.payment.deny_head import (
    MAX_CHANGES,
    MAX_DELTA_SIZE,
    MAX_HEAD_SIZE,
    MAX_LISTED,
    Changes,
    DenyHead,
    decode_changes,
    decode_delta,
    decode_head,
    decode_head_payload,
    encode_delta,
    sign_head,
    split_delta,
)
from tests.terminal.payment.stall import signer

ROOT = signer("root")
KEY = parse_public_key(ROOT.public_key, "root")
DIGEST = bytes(range(32))
FIRST = DenyHead(1, 3, DIGEST)
NEXT = DenyHead(2, 4, DIGEST, DIGEST, DIGEST)
some = st.frozensets(st.binary(min_size=8, max_size=8), max_size=20)


@pytest.mark.parametrize("head", [FIRST, NEXT, DenyHead(2**32 - 1, MAX_LISTED, *[DIGEST] * 3)])
@pytest.mark.parametrize("algorithm", ["Ed25519", "P-256"])
def test_a_signed_head_comes_back_and_fits(head: DenyHead, algorithm: str) -> None:
    root = signer("root", algorithm)
    message = sign_head(head, root)
    assert len(message) <= MAX_HEAD_SIZE
    assert decode_head(message, parse_public_key(root.public_key, "root")) == head


def test_a_head_by_another_key_or_for_another_purpose_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        decode_head(sign_head(FIRST, signer("stranger")), KEY)
    other = deny_head.cose.sign1_for(ROOT, FIRST.encode(), "kumquat.policy.1")  # type: ignore[attr-defined]  # the same primitive, on purpose
    with pytest.raises(SignatureInvalid):
        decode_head(other, KEY)


@pytest.mark.parametrize(
    ("field", "items"),
    [
        ("deny.format", (2, 1, 3, DIGEST, None, None)),
        ("deny.version", (1, 0, 3, DIGEST, None, None)),
        ("deny.version", (1, 2**32, 3, DIGEST, None, None)),
        ("deny.count", (1, 1, MAX_LISTED + 1, DIGEST, None, None)),
        ("deny.digest", (1, 1, 3, DIGEST[:-1], None, None)),
        ("deny.previous", (1, 1, 3, DIGEST, b"", DIGEST)),
        ("deny.changes", (1, 1, 3, DIGEST, DIGEST, None)),
        ("deny.changes", (1, 1, 3, DIGEST, None, DIGEST)),
        ("deny.head", (1, 1, 3, DIGEST, None)),
    ],
)
def test_a_head_names_the_field_that_is_wrong(field: str, items: tuple[object, ...]) -> None:
    with pytest.raises(DecodeError) as refused:
        decode_head_payload(cbor.encode(items))
    assert refused.value.field == field


@given(some, some)
def test_a_delta_comes_back(added: frozenset[bytes], removed: frozenset[bytes]) -> None:
    changes = Changes(added - removed, removed - added)
    encoded = changes.encode()
    head = DenyHead(2, 4, DIGEST, DIGEST, hashlib.sha256(encoded).digest())
    data = encode_delta(sign_head(head, ROOT), encoded)
    found = decode_delta(data, KEY)
    assert (found.head, found.changes) == (head, changes)
    assert encode_delta(found.message, found.changes.encode()) == data


def test_a_subject_goes_one_way() -> None:
    one = b"subject1"
    with pytest.raises(DecodeError, match="both added and removed"):
        decode_changes(cbor.encode((one, one)))


@pytest.mark.parametrize("broken", [b"short", b"subject2subject1", b"subject1subject1"])
def test_changes_are_whole_subjects_in_order(broken: bytes) -> None:
    for items in ((broken, b""), (b"", broken)):
        with pytest.raises(DecodeError):
            decode_changes(cbor.encode(items))


def test_the_longest_delta_fits_and_a_longer_one_does_not() -> None:
    both = [n.to_bytes(8, "big") for n in range(2 * MAX_CHANGES + 2)]
    changes = Changes(frozenset(both[:MAX_CHANGES]), frozenset(both[MAX_CHANGES:-2]))
    data = encode_delta(sign_head(NEXT, ROOT), changes.encode())
    assert len(data) <= MAX_DELTA_SIZE
    assert split_delta(data)[2] == changes
    longer = Changes(changes.added | {both[-1]}, frozenset())
    with pytest.raises(DecodeError, match="65536"):
        split_delta(encode_delta(sign_head(NEXT, ROOT), longer.encode()))


def test_changes_that_the_head_does_not_name_are_refused() -> None:
    changes = Changes(frozenset({b"subject1"}), frozenset()).encode()
    for head in (FIRST, NEXT):
        with pytest.raises(DecodeError, match="not the changes"):
            decode_delta(encode_delta(sign_head(head, ROOT), changes), KEY)
