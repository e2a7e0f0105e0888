"""The enrolment record is read as it was written, or refused by its field."""

from __future__ import annotations

import pytest

from terminal.crypto import cbor
from terminal.crypto.keys import parse_public_key, private_signer
from terminal.errors import DecodeError
from terminal.sync.origin import parse_origin
from terminal.sync.record import MAX_CERTS, VERSION, EnrolmentRecord, decode_record

ROOT = private_signer("Ed25519", b"\x01" * 32).public_key
RECORD = EnrolmentRecord(
    parse_origin("host.test/t/7/1"),
    parse_public_key(ROOT, "root"),
    b"journal certificate",
    (b"one", b"two"),
    "https://host.test",
)
ITEMS: tuple[object, ...] = (
    VERSION,
    "host.test/t/7/1",
    ROOT,
    b"journal certificate",
    (b"one", b"two"),
    "https://host.test",
)


def test_a_record_is_read_as_it_was_written() -> None:
    assert decode_record(RECORD.encode()) == RECORD
    assert RECORD.encode() == cbor.encode(ITEMS)


@pytest.mark.parametrize(
    ("place", "value", "field"),
    [
        (0, VERSION + 1, "enrolment.version"),
        (1, "nowhere", "origin"),
        (2, bytes(32), "enrolment.root_key"),
        (2, b"short", "enrolment.root_key"),
        (3, "text", "enrolment.journal_cert"),
        (3, bytes(257), "enrolment.journal_cert"),
        (4, (b"c",) * (MAX_CERTS + 1), "enrolment.certs"),
        (4, (1,), "enrolment.certs"),
        (5, "h" * 301, "enrolment.host_url"),
    ],
)
def test_a_wrong_part_is_named(place: int, value: object, field: str) -> None:
    items = [*ITEMS[:place], value, *ITEMS[place + 1 :]]
    with pytest.raises(DecodeError) as refused:
        decode_record(cbor.encode(items))
    assert refused.value.field.startswith(field)


@pytest.mark.parametrize("cut", [0, 1, 40, -1])
def test_a_cut_record_is_refused(cut: int) -> None:
    with pytest.raises(DecodeError):
        decode_record(RECORD.encode()[:cut])
    with pytest.raises(DecodeError):
        decode_record(RECORD.encode() + b"\x00")
