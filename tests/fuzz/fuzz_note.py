"""The signed-note and checkpoint readers."""

from __future__ import annotations

from terminal.crypto.keys import SoftwareSigner
from terminal.crypto.notes import Checkpoint, cosign, decode_checkpoint, sign_note, split_note

_LOG = SoftwareSigner("Ed25519", bytes(32))
_NOTE = sign_note(Checkpoint("host.example/t/7/1", 12, bytes(32)).text(), "log.example", _LOG)
SEEDS = (_NOTE, cosign(_NOTE, "mirror.example", _LOG, 1_700_000_000))


def fuzz(data: bytes) -> None:
    text, signatures = split_note(data)
    assert signatures
    assert decode_checkpoint(text).text() == text
