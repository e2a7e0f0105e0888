"""Writes ``sync.json``: every message of docs/protocol/sync.md in bytes, from fixed keys.

Origin: made by this program with our own code; the CBOR inside is checked against cbor2, the COSE
signatures against two other libraries by the money vectors, which use the same form. Run:
``python -m tests.vectors.sync.make_sync_vectors``.
"""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Final

from terminal.crypto.keys import private_signer
from terminal.crypto.merkle import EMPTY_ROOT
from terminal.crypto.notes import Checkpoint, cosign, sign_note
from terminal.payment.verdict import Verdict, VerdictStatus, sign_verdict
from terminal.sync import deny_messages, messages
from terminal.sync import enrolment_messages as enrolment
from terminal.sync.enrolment import certify_journal
from terminal.sync.exchange import (
    PATH_DENY,
    PATH_DENY_PIECE,
    PATH_ENTRIES,
    PATH_MIRROR,
    PATH_OPEN,
    PATH_POLICY,
    encode_refusal,
)
from terminal.sync.host_time import sign_host_time
from terminal.sync.sealing import seal

FILE: Final = Path(__file__).with_name("sync.json")
TIME: Final = 1_800_000_000
TERMINAL: Final = 1001
ORIGIN: Final = "host.test/t/1001/1"
NONCE: Final = bytes(range(8))
ENTRY: Final = b"an entry's bytes stand here"
PIECE: Final = deny_messages.PieceQuery(2, deny_messages.Part.DELTA, 0)
SEEDS: Final = {name: sha256(name.encode()).digest() for name in ("root", "verdict", "mirror")}


def vectors() -> dict[str, dict[str, str]]:
    """Name to fields, bytes in hex."""
    journal = private_signer("Ed25519", sha256(b"journal").digest())
    device = private_signer("P-256", sha256(b"device").digest())
    host = {name: private_signer("Ed25519", seed) for name, seed in SEEDS.items()}
    leaf = sha256(b"\x00" + ENTRY).digest()
    note = sign_note(Checkpoint(ORIGIN, 1, leaf).text(), ORIGIN, journal)
    cosigned = cosign(note, "host.test/mirror", host["mirror"], TIME)
    verdict = sign_verdict(
        Verdict(TERMINAL, 1, 0, leaf, VerdictStatus.SETTLED, 0, TIME), host["verdict"]
    )
    time = sign_host_time(TIME, ORIGIN, NONCE, host["verdict"])
    payloads = {
        PATH_OPEN: messages.OpenRequest(note, NONCE, 1).encode(),
        PATH_ENTRIES: messages.EntriesRequest((messages.Upload(0, ENTRY),)).encode(),
        PATH_MIRROR: messages.MirrorRequest(note).encode(),
        PATH_POLICY: messages.PolicyRequest(1).encode(),
        PATH_DENY: deny_messages.DenyQuery().encode(),
        PATH_DENY_PIECE: PIECE.encode(),
    }
    replies = {
        PATH_OPEN: messages.OpenReply(messages.LineState.CONSISTENT, 0, time, 2).encode(),
        PATH_ENTRIES: messages.EntriesReply((messages.Judged(0, leaf, verdict),)).encode(),
        PATH_MIRROR: messages.MirrorReply(messages.MirrorOutcome.COSIGNED, 1, cosigned).encode(),
        PATH_POLICY: messages.PolicyReply(b"a signed policy stands here").encode(),
        PATH_DENY: deny_messages.DenyReply(b"a signed head stands here").encode(),
        PATH_DENY_PIECE: deny_messages.Piece(PIECE, 9, b"the delta").encode(),
    }
    found = {
        path: {
            "payload": payload.hex(),
            "request": seal(path, ORIGIN, payload, journal).body.hex(),
            "reply": replies[path].hex(),
        }
        for path, payload in payloads.items()
    }
    cert = certify_journal(device, journal, TERMINAL, 1, TIME)
    asked = enrolment.EnrolRequest(TERMINAL, 1, device.public_key, cert, b"")
    proof = asked.prove("12345678", host["root"].public_key)
    found["enrolment"] = {
        "code": enrolment.EnrolCode(
            TERMINAL, "12345678", enrolment.fingerprint(host["root"].public_key)
        ).text,
        "open_request": enrolment.OpenRequest(TERMINAL, device.public_key).encode().hex(),
        "open_reply": enrolment.OpenReply("host.test", 1, host["root"].public_key).encode().hex(),
        "request": replace(asked, proof=proof).encode().hex(),
    }
    found["keys"] = {
        "journal": journal.public_key.hex(),
        "device": device.public_key.hex(),
        **{name: signer.public_key.hex() for name, signer in host.items()},
    }
    found["refusal"] = {"body": encode_refusal("wrong_code", "wrong code; 4 tries left").hex()}
    found["empty"] = {"root": EMPTY_ROOT.hex()}
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
