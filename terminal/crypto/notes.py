"""Signed notes, log checkpoints and cosignatures, as C2SP specifies them.

Source: c2sp.org/signed-note, c2sp.org/tlog-checkpoint and c2sp.org/tlog-cosignature (Ed25519,
``cosignature/v1``). A note's text means nothing until ``open_note`` has verified a signature by a
known key. Reading is stricter than the texts ask: base64 must be canonical and a bad signature by a
known key rejects the whole note, so that one changed byte never passes.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from terminal.crypto.keys import PublicKey, parse_public_key
from terminal.crypto.merkle import HASH_SIZE, MAX_TREE_SIZE
from terminal.errors import DecodeError, SignatureInvalid
from terminal.ports import Signer

ED25519: Final = 0x01
"""Signature type: the note's text signed as it is (signed-note)."""
COSIGNATURE: Final = 0x04
"""Signature type: a timestamped cosignature of a checkpoint (tlog-cosignature)."""

MAX_NOTE_SIZE: Final = 16_384
MAX_SIGNATURES: Final = 16
MAX_NAME_SIZE: Final = 255
MAX_TIME_UNIX_S: Final = 2**53 - 1

_DASH: Final = "— "
_SIGNATURE_SIZE: Final = 64
_KEY_SIZE: Final = 32


def key_id(name: str, kind: int, public_key: bytes) -> bytes:
    """Four bytes that name a key in a note: SHA-256(name, newline, type, key)[:4]."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:4]


def _check_name(name: str, field: str) -> None:
    if not name or "+" in name or any(letter.isspace() or letter < " " for letter in name):
        raise DecodeError(field, "a key name is not empty and has no space and no plus")
    if len(name.encode()) > MAX_NAME_SIZE:
        raise DecodeError(field, f"longer than {MAX_NAME_SIZE} bytes")


@dataclass(frozen=True, slots=True)
class Verifier:
    """A name and key whose signatures are believed; ``kind`` is the signature type."""

    name: str
    key: PublicKey
    kind: int
    id: bytes


def verifier(name: str, public_key: bytes, kind: int = ED25519) -> Verifier:
    """The verifier for a 32-byte Ed25519 key under this name.

    Raises:
        DecodeError: the name or the key cannot be one of a note's.
    """
    _check_name(name, "verifier.name")
    if len(public_key) != _KEY_SIZE or kind not in (ED25519, COSIGNATURE):
        raise DecodeError("verifier.key", "not an Ed25519 key of a known signature type")
    key = parse_public_key(public_key, "verifier.key")
    return Verifier(name, key, kind, key_id(name, kind, public_key))


def parse_verifier(text: str) -> Verifier:
    """A verifier from its text form, ``name+hex id+base64(type, key)``.

    Raises:
        DecodeError: malformed, or the id does not follow from name, type and key.
    """
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise DecodeError("verifier", "not name+id+key")
    material = _decode_base64(parts[2], "verifier.key")
    found = verifier(parts[0], material[1:], material[0] if material else 0)
    if found.id.hex() != parts[1]:
        raise DecodeError("verifier.id", "does not follow from the name, type and key")
    return found


def format_verifier(name: str, public_key: bytes, kind: int = ED25519) -> str:
    """The text form that ``parse_verifier`` reads."""
    material = b64encode(bytes([kind]) + public_key).decode()
    return f"{name}+{key_id(name, kind, public_key).hex()}+{material}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log claims: ``size`` leaves under ``root`` (32 bytes), in the log ``origin``."""

    origin: str
    size: int
    root: bytes

    def text(self) -> bytes:
        """The note's text: origin, size and root, a line each (tlog-checkpoint)."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n".encode()


def decode_checkpoint(text: bytes) -> Checkpoint:
    """The checkpoint in a note's text; extension lines are refused.

    Raises:
        DecodeError: not exactly the three lines of a checkpoint.
    """
    lines = _decode_text(text, "checkpoint").split("\n")
    if len(lines) != 4 or lines[3] != "":
        raise DecodeError("checkpoint", "not exactly three lines")
    _check_name(lines[0], "checkpoint.origin")
    root = _decode_base64(lines[2], "checkpoint.root")
    if len(root) != HASH_SIZE:
        raise DecodeError("checkpoint.root", f"{len(root)} bytes, not {HASH_SIZE}")
    size = _decode_decimal(lines[1], MAX_TREE_SIZE, "checkpoint.size")
    return Checkpoint(lines[0], size, root)


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line, not yet believed: key ``name``, four bytes of ``id``, the rest."""

    name: str
    id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note of which at least one signature by a known key was verified."""

    text: bytes
    verified: tuple[Verifier, ...]
    cosigned_unix_s: tuple[tuple[str, int], ...]
    """Name and time of each verified cosignature."""

    @property
    def checkpoint(self) -> Checkpoint:
        """The text as a checkpoint; raises DecodeError where it is none."""
        return decode_checkpoint(self.text)


def split_note(note: bytes) -> tuple[bytes, tuple[NoteSignature, ...]]:
    """A note's text and its signature lines, none verified: never act on either.

    Raises:
        DecodeError: not a signed note, or larger than a note may be here.
    """
    if len(note) > MAX_NOTE_SIZE:
        raise DecodeError("note", f"larger than {MAX_NOTE_SIZE} bytes")
    text, separator, tail = _decode_text(note, "note").rpartition("\n\n")
    lines = tail.split("\n")
    if not separator or not text or lines.pop() != "" or not lines:
        raise DecodeError("note", "no text, no signatures, or no final newline")
    if len(lines) > MAX_SIGNATURES:
        raise DecodeError("note.signatures", f"more than {MAX_SIGNATURES}")
    return text.encode() + b"\n", tuple(_decode_line(line) for line in lines)


def signature_line(name: str, kind: int, public_key: bytes, signature: bytes) -> bytes:
    """One line of a note: em dash, key name, base64 of key id and signature."""
    blob = b64encode(key_id(name, kind, public_key) + signature).decode()
    return f"{_DASH}{name} {blob}\n".encode()


def sign_note(text: bytes, name: str, signer: Signer) -> bytes:
    """The note of ``text`` (ends in a newline) with one Ed25519 signature.

    Raises:
        DecodeError: the text or name cannot be part of a note.
    """
    if not text.endswith(b"\n"):
        raise DecodeError("note", "its text does not end in a newline")
    _decode_text(text, "note")
    _check_name(name, "note.name")
    return text + b"\n" + signature_line(name, ED25519, signer.public_key, signer.sign(text))


def cosigned_message(text: bytes, time_unix_s: int) -> bytes:
    """What a cosigner signs of a checkpoint's text (tlog-cosignature)."""
    return b"cosignature/v1\ntime %d\n" % time_unix_s + text


def cosign(note: bytes, name: str, signer: Signer, time_unix_s: int) -> bytes:
    """The checkpoint note with a cosignature line added. The caller has verified the checkpoint.

    Raises:
        DecodeError: not a checkpoint's note, no room for a line, or a name that cannot be one.
    """
    text, signatures = split_note(note)
    decode_checkpoint(text)
    _check_name(name, "cosigner.name")
    if len(signatures) == MAX_SIGNATURES:
        raise DecodeError("note.signatures", f"already {MAX_SIGNATURES}")
    if not 0 <= time_unix_s <= MAX_TIME_UNIX_S:
        raise DecodeError("cosignature.time", "out of range")
    signed = signer.sign(cosigned_message(text, time_unix_s))
    blob = time_unix_s.to_bytes(8, "big") + signed
    return note + signature_line(name, COSIGNATURE, signer.public_key, blob)


def open_note(note: bytes, verifiers: Sequence[Verifier]) -> OpenedNote:
    """Verify every signature by a key of ``verifiers``; other keys' lines are ignored.

    Raises:
        DecodeError: not a signed note.
        SignatureInvalid: a known key's signature is wrong, or no known key signed.
    """
    text, signatures = split_note(note)
    known = {(each.name, each.id): each for each in verifiers}
    verified: list[Verifier] = []
    cosigned: list[tuple[str, int]] = []
    for line in signatures:
        found = known.pop((line.name, line.id), None)
        if found is None:
            continue
        time_unix_s = _verify_line(found, text, line.signature)
        if time_unix_s is not None:
            cosigned.append((found.name, time_unix_s))
        verified.append(found)
    if not verified:
        raise SignatureInvalid("no signature on the note is by a known key")
    return OpenedNote(text, tuple(verified), tuple(cosigned))


def _verify_line(by: Verifier, text: bytes, signature: bytes) -> int | None:
    """The cosignature's time, or None for a plain signature."""
    if by.kind == ED25519:
        by.key.verify(signature, text)
        return None
    if len(signature) != 8 + _SIGNATURE_SIZE:
        raise SignatureInvalid(f"a cosignature by {by.name} is not 72 bytes")
    time_unix_s = int.from_bytes(signature[:8], "big")
    if time_unix_s > MAX_TIME_UNIX_S:
        raise SignatureInvalid(f"a cosignature by {by.name} has a time out of range")
    by.key.verify(signature[8:], cosigned_message(text, time_unix_s))
    return time_unix_s


def _decode_line(line: str) -> NoteSignature:
    if not line.startswith(_DASH):
        raise DecodeError("note.signature", "does not begin with an em dash and a space")
    name, _, blob = line[len(_DASH) :].partition(" ")
    _check_name(name, "note.name")
    raw = _decode_base64(blob, "note.signature")
    if len(raw) < 5:
        raise DecodeError("note.signature", "shorter than a key id and a signature")
    return NoteSignature(name, raw[:4], raw[4:])


def _decode_text(data: bytes, field: str) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise DecodeError(field, "not UTF-8") from error
    if any(letter < " " and letter != "\n" for letter in text):
        raise DecodeError(field, "holds a control character other than newline")
    return text


def _decode_base64(text: str, field: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DecodeError(field, "not base64") from error
    if b64encode(data).decode() != text:
        raise DecodeError(field, "not canonical base64")
    return data


def _decode_decimal(text: str, largest: int, field: str) -> int:
    if not (text.isascii() and text.isdigit()) or (text[0] == "0" and text != "0"):
        raise DecodeError(field, "not a decimal number without leading zeroes")
    if len(text) > 16 or int(text) > largest:
        raise DecodeError(field, f"larger than {largest}")
    return int(text)
