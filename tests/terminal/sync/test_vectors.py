"""The bytes of docs/protocol/sync.md never change, and an independent CBOR reader reads them."""

from __future__ import annotations

import json

import cbor2
import pytest

from terminal.crypto.keys import parse_public_key
from terminal.sync.exchange import (
    PATH_DENY,
    PATH_DENY_PIECE,
    PATH_ENTRIES,
    PATH_MIRROR,
    PATH_OPEN,
    PATH_POLICY,
)
from terminal.sync.messages import decode_sealed
from terminal.sync.sealing import unseal
from tests.vectors.sync.make_sync_vectors import FILE, ORIGIN, vectors

PATHS = (PATH_OPEN, PATH_ENTRIES, PATH_MIRROR, PATH_POLICY, PATH_DENY, PATH_DENY_PIECE)
STORED: dict[str, dict[str, str]] = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_stored_vectors_are_what_the_code_makes() -> None:
    assert vectors() == STORED


@pytest.mark.parametrize("path", PATHS)
def test_a_sealed_request_opens_for_its_path(path: str) -> None:
    sealed = decode_sealed(bytes.fromhex(STORED[path]["request"]))
    key = parse_public_key(bytes.fromhex(STORED["keys"]["journal"]), "journal")
    assert sealed.origin == ORIGIN
    assert unseal(sealed, path, key).hex() == STORED[path]["payload"]


def test_an_independent_reader_sees_the_same_values() -> None:
    for path in PATHS:
        for name in ("payload", "request", "reply"):
            data = bytes.fromhex(STORED[path][name])
            assert cbor2.dumps(cbor2.loads(data), canonical=True) == data
    code, words = cbor2.loads(bytes.fromhex(STORED["refusal"]["body"]))[1:]
    assert (code, words) == ("wrong_code", "wrong code; 4 tries left")
