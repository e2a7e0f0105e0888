"""Command and response APDUs: what is written is read the same, what is odd is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import DecodeError
from terminal.nfc.apdu import (
    MAX_CHAINED_DATA,
    Command,
    Response,
    decode_command,
    decode_response,
    encode_chain,
)

octets = st.integers(0, 255)
commands = st.builds(
    Command,
    cla=octets,
    ins=octets,
    p1=octets,
    p2=octets,
    data=st.binary(max_size=255),
    le=st.none() | st.integers(1, 256),
)


@given(commands)
def test_a_command_reads_as_it_was_written(command: Command) -> None:
    assert decode_command(command.encode()) == command


@given(st.binary(max_size=256), st.sampled_from([0x9000, 0x6A82, 0x63C2, 0x9C01, 0x6100]))
def test_a_response_reads_as_it_was_written(data: bytes, status: int) -> None:
    assert decode_response(Response(data, status).encode()) == Response(data, status)


@pytest.mark.parametrize(
    ("hexadecimal", "expected"),
    [
        ("00A40400", Command(0x00, 0xA4, 0x04, 0x00)),
        ("00A4040000", Command(0x00, 0xA4, 0x04, 0x00, le=256)),
        ("00A4040002F001", Command(0x00, 0xA4, 0x04, 0x00, b"\xf0\x01")),
        ("00A4040002F00110", Command(0x00, 0xA4, 0x04, 0x00, b"\xf0\x01", 16)),
    ],
)
def test_the_four_cases_of_the_standard(hexadecimal: str, expected: Command) -> None:
    assert decode_command(bytes.fromhex(hexadecimal)) == expected


@pytest.mark.parametrize(
    ("hexadecimal", "field"),
    [
        ("", "apdu"),
        ("00A404", "apdu"),
        ("00A40400000001FF", "apdu.lc"),
        ("00A4040003F001", "apdu.lc"),
        ("00A4040001F00000", "apdu.lc"),
    ],
)
def test_a_malformed_command_names_its_field(hexadecimal: str, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_command(bytes.fromhex(hexadecimal))
    assert caught.value.field == field


@pytest.mark.parametrize("data", [b"", b"\x90", bytes(259), b"\x60\x00", b"\x12\x34"])
def test_a_malformed_response_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_response(data)


@given(st.binary(max_size=MAX_CHAINED_DATA))
def test_a_chain_carries_all_of_its_data_and_marks_every_link_but_the_last(data: bytes) -> None:
    links = [decode_command(link) for link in encode_chain(Command(0x80, 0x50, 0, 0, le=256), data)]
    assert b"".join(link.data for link in links) == data
    assert [link.more_follows for link in links] == [True] * (len(links) - 1) + [False]
    assert [link.le for link in links] == [None] * (len(links) - 1) + [256]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_command_or_refused(data: bytes) -> None:
    try:
        command = decode_command(data)
    except DecodeError:
        return
    assert command.encode() == data
