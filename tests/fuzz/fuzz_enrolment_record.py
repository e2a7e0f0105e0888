"""What a terminal keeps of its enrolment: read and written the same again, or refused."""

from __future__ import annotations

from terminal.crypto.keys import parse_public_key, private_signer
from terminal.sync.origin import parse_origin
from terminal.sync.record import EnrolmentRecord, decode_record

ROOT = parse_public_key(private_signer("Ed25519", b"\x01" * 32).public_key, "root")
SEEDS = (
    EnrolmentRecord(
        parse_origin("host.test/t/7/1"), ROOT, b"cert", (b"one", b"two"), "https://host.test"
    ).encode(),
)


def fuzz(data: bytes) -> None:
    assert decode_record(data).encode() == data
