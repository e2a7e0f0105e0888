"""Signed notes, checkpoints and cosignatures against published ones, and against every mangling.

Vectors: ``tests/vectors/journal/notes.json``; each says where it comes from.
"""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.crypto.keys import SoftwareSigner
from terminal.crypto.notes import (
    COSIGNATURE,
    MAX_SIGNATURES,
    Checkpoint,
    cosign,
    decode_checkpoint,
    format_verifier,
    open_note,
    parse_verifier,
    sign_note,
    split_note,
    verifier,
)
from terminal.errors import DecodeError, SignatureInvalid

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "journal" / "notes.json").read_text(encoding="utf-8")
)
NOTE = VECTORS["note"]
REAL = VECTORS["checkpoint"]
LOG = SoftwareSigner("Ed25519", bytes(31) + b"l")
MIRROR = SoftwareSigner("Ed25519", bytes(31) + b"m")
CHECKPOINT = Checkpoint("host.example/t/7/1", 12, bytes(range(32)))
SIGNED = sign_note(CHECKPOINT.text(), "host.example/t/7/1", LOG)
BY_LOG = verifier("host.example/t/7/1", LOG.public_key)
BY_MIRROR = verifier("mirror.example/m", MIRROR.public_key, COSIGNATURE)


def test_a_published_note_opens_and_signing_its_text_gives_the_same_bytes() -> None:
    known = parse_verifier(NOTE["verifier"])
    opened = open_note(NOTE["signed"].encode(), [known])
    assert opened.text == NOTE["text"].encode()
    assert opened.verified == (known,)
    seed = b64decode(NOTE["private"].split("+", 4)[4])[1:]
    signer = SoftwareSigner("Ed25519", seed)
    assert sign_note(opened.text, "PeterNeumann", signer) == NOTE["signed"].encode()
    assert format_verifier("PeterNeumann", signer.public_key) == NOTE["verifier"]


def test_a_real_logs_checkpoint_opens_with_its_witness_cosignature() -> None:
    known = [parse_verifier(REAL["log"]), parse_verifier(REAL["witness"])]
    opened = open_note(REAL["signed"].encode(), known)
    assert opened.checkpoint.size == REAL["size"]
    assert opened.checkpoint.text() == opened.text
    assert opened.verified == tuple(known)
    assert opened.cosigned_unix_s == (("remora.n621.de", 1_779_573_024),)


def test_a_cosignature_is_added_and_opened() -> None:
    note = cosign(SIGNED, "mirror.example/m", MIRROR, 1_700_000_000)
    opened = open_note(note, [BY_LOG, BY_MIRROR])
    assert opened.cosigned_unix_s == (("mirror.example/m", 1_700_000_000),)
    assert opened.checkpoint == CHECKPOINT
    assert note.startswith(SIGNED)


def test_a_note_that_no_known_key_signed_is_refused() -> None:
    with pytest.raises(SignatureInvalid, match="known key"):
        open_note(SIGNED, [BY_MIRROR])
    other = verifier("host.example/t/7/1", MIRROR.public_key)
    with pytest.raises(SignatureInvalid, match="known key"):
        open_note(SIGNED, [other])
    as_cosigner = verifier("host.example/t/7/1", LOG.public_key, COSIGNATURE)
    with pytest.raises(SignatureInvalid, match="known key"):
        open_note(SIGNED, [as_cosigner])


def test_one_bad_signature_by_a_known_key_refuses_the_whole_note() -> None:
    note = cosign(SIGNED, "mirror.example/m", MIRROR, 1_700_000_000)
    _, lines = split_note(note)
    altered = note.replace(b"\n12\n", b"\n13\n")
    with pytest.raises(SignatureInvalid):
        open_note(altered, [BY_LOG, BY_MIRROR])
    assert len(lines) == 2


@given(st.data())
def test_no_changed_byte_leaves_both_signatures_believed(data: st.DataObject) -> None:
    note = bytearray(cosign(SIGNED, "mirror.example/m", MIRROR, 1_700_000_000))
    at = data.draw(st.integers(0, len(note) - 1))
    note[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        opened = open_note(bytes(note), [BY_LOG, BY_MIRROR])
    except (DecodeError, SignatureInvalid):
        return
    assert opened.verified != (BY_LOG, BY_MIRROR), "a line of neither key is left out, not believed"


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_raise_anything_else(data: bytes) -> None:
    for read in (split_note, decode_checkpoint):
        try:
            read(data)
        except DecodeError:
            continue


@pytest.mark.parametrize(
    "text",
    [
        b"o\n1\n",
        b"o\n01\n" + b"A" * 43 + b"=\n",
        b"o\n-1\n" + b"A" * 43 + b"=\n",
        b"o\n1\n" + b"A" * 43 + b"=\nextension\n",
        b"o\n1\nAAAA\n",
        b"o\n99999999999999999999\n" + b"A" * 43 + b"=\n",
        b"o +\n1\n" + b"A" * 43 + b"=\n",
        "o\n٣\n".encode() + b"A" * 43 + b"=\n",
        b"o\n1\n" + b"A" * 42 + b"B=\n",
        b"o\r\n1\n" + b"A" * 43 + b"=\n",
    ],
)
def test_a_checkpoint_has_one_spelling(text: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_checkpoint(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\nb", "x" * 256])
def test_a_name_that_no_note_can_carry_is_refused(name: str) -> None:
    with pytest.raises(DecodeError):
        sign_note(b"text\n", name, LOG)
    with pytest.raises(DecodeError):
        verifier(name, LOG.public_key)


def test_a_verifier_whose_id_does_not_follow_is_refused() -> None:
    text = format_verifier("log.example", LOG.public_key)
    assert parse_verifier(text).id == verifier("log.example", LOG.public_key).id
    for broken in (text[:-4], text.replace("log", "lag"), text + "=", "a+b", text[:-1] + "!"):
        with pytest.raises(DecodeError):
            parse_verifier(broken)


def test_signatures_and_sizes_are_bounded() -> None:
    note = SIGNED
    for number in range(MAX_SIGNATURES - 1):
        note = cosign(note, f"mirror.example/{number}", MIRROR, 1)
    with pytest.raises(DecodeError, match="already"):
        cosign(note, "mirror.example/m", MIRROR, 1)
    line = note.split(b"\n")[-2] + b"\n"
    with pytest.raises(DecodeError, match="more than"):
        split_note(note + line)
    with pytest.raises(DecodeError, match="larger"):
        split_note(b"x" * 20_000)
    with pytest.raises(DecodeError, match="newline"):
        sign_note(b"text", "log.example", LOG)
    with pytest.raises(DecodeError, match="out of range"):
        cosign(SIGNED, "mirror.example/m", MIRROR, -1)
