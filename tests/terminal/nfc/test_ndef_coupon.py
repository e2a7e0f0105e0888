"""A bearer coupon on a tag: read exactly as specified, or refused; never more than is bounded."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

import ndef
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_sim.world.tags import NdefApplication, Type2Tag
from terminal.errors import DecodeError
from terminal.nfc.errors import CardRefused
from terminal.nfc.ndef_coupon import (
    MAX_MESSAGE,
    RECORD_TYPE,
    NoCoupon,
    coupon_message,
    decode_coupon_message,
    type_2_coupon,
    type_4_coupon,
)

T = TypeVar("T")
PAYLOAD = bytes(range(98))
"""As long as a bearer presentation is."""
UID = bytes.fromhex("04A1B2C3D4E580")
URL = ndef.UriRecord("https://kumquat.example/")


def message(*records: ndef.Record) -> bytes:
    return b"".join(ndef.message_encoder(records))


def carry(dialogue: Generator[T, bytes, bytes], card: Callable[[T], bytes]) -> bytes:
    try:
        command = next(dialogue)
        while True:
            command = dialogue.send(card(command))
    except StopIteration as end:
        return bytes(end.value)


def read_memory(memory: bytes) -> tuple[bytes, int]:
    """The coupon in a Type 2 memory, and how many reads that took."""
    reads = 0

    def read(page: int) -> bytes:
        nonlocal reads
        reads += 1
        return (memory[4 * page :] + bytes(16))[:16]

    return carry(type_2_coupon(), read), reads


def memory_with(area: bytes, container: str = "E1101200") -> bytes:
    return bytes(12) + bytes.fromhex(container) + area


# --- messages -------------------------------------------------------------------------------------


@given(st.binary(min_size=1, max_size=255))
def test_what_is_written_is_read(payload: bytes) -> None:
    assert decode_coupon_message(coupon_message(payload)) == payload


def test_a_message_is_one_short_record_of_our_type() -> None:
    head = bytes.fromhex("D4 16 62") + b"kumquat.example:bearer"
    assert coupon_message(PAYLOAD) == head + PAYLOAD


def test_records_of_others_are_passed_over() -> None:
    ours = ndef.Record(RECORD_TYPE, "", PAYLOAD)
    assert decode_coupon_message(message(URL, ours)) == PAYLOAD
    broken = ndef.Record("urn:nfc:wkt:T", "", b"")  # a text record without its first byte
    assert decode_coupon_message(message(broken, ours)) == PAYLOAD


@pytest.mark.parametrize("data", [b"", message(URL), message(ndef.Record())])
def test_a_message_without_our_record_holds_no_coupon(data: bytes) -> None:
    with pytest.raises(NoCoupon):
        decode_coupon_message(data)


@pytest.mark.parametrize(
    "data",
    [
        message(*[ndef.Record(RECORD_TYPE, "", PAYLOAD)] * 2),
        message(ndef.Record(RECORD_TYPE, "", b"")),
        message(ndef.Record(RECORD_TYPE, "", bytes(256))),
        message(*[URL] * 9),
        coupon_message(PAYLOAD)[:-1],
        coupon_message(PAYLOAD) + b"\x00",
        b"\x94" + coupon_message(PAYLOAD)[1:],  # no message end
        b"\xf4" + coupon_message(PAYLOAD)[1:],  # a chunk
        b"\x54" + coupon_message(PAYLOAD)[1:],  # no message begin
        b"\xd4\x01\x00\xff",  # a type that is no ASCII
        bytes(MAX_MESSAGE + 1),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError) as refused:
        decode_coupon_message(data)
    assert not isinstance(refused.value, NoCoupon)


# --- Type 2 ---------------------------------------------------------------------------------------


def test_a_type_2_tag_gives_its_coupon() -> None:
    tag = Type2Tag(UID, coupon_message(PAYLOAD))

    def read(page: int) -> bytes:
        return tag.hear(bytes((0x30, page))) or b""

    assert carry(type_2_coupon(), read) == PAYLOAD


def test_no_more_is_read_than_the_message_needs() -> None:
    whole = coupon_message(PAYLOAD)
    data, reads = read_memory(memory_with(bytes((3, len(whole))) + whole + b"\xfe"))
    assert data == PAYLOAD
    assert reads == 1 + -(-(len(whole) + 2 - 12) // 16)


@pytest.mark.parametrize(
    "before", [b"", b"\x00", bytes(12), bytes.fromhex("0103A00C34"), bytes.fromhex("FD021234")]
)
def test_other_blocks_before_the_message_are_passed_over(before: bytes) -> None:
    whole = coupon_message(PAYLOAD[:60])
    area = before + bytes((3, len(whole))) + whole + b"\xfe"
    assert read_memory(memory_with(area))[0] == PAYLOAD[:60]


def test_a_long_message_has_a_long_length() -> None:
    whole = coupon_message(bytes(range(255)))
    area = b"\x03\xff" + len(whole).to_bytes(2, "big") + whole + b"\xfe"
    assert read_memory(memory_with(area, "E1103E00"))[0] == bytes(range(255))


@pytest.mark.parametrize(
    "memory",
    [memory_with(b"\xfe"), memory_with(b"\x03\x00\xfe"), memory_with(bytes(200)), bytes(64)],
)
def test_a_tag_without_a_message_holds_no_coupon(memory: bytes) -> None:
    with pytest.raises(NoCoupon):
        read_memory(memory)


@pytest.mark.parametrize(
    "memory",
    [
        memory_with(b"", "E1201200"),  # version 2
        memory_with(b"", "E11012F0"),  # not open for reading
        memory_with(b"", "E1100000"),  # no data area
        memory_with(bytes.fromhex("0203A00C34")),  # reserved bytes somewhere in the middle
        memory_with(b"\x10\x00"),
        memory_with(b"\x03\xff\x02\x01"),  # 513 bytes
        memory_with(b"\x03\x90" + bytes(200)),  # beyond the data area
        memory_with(bytes(142) + b"\x03\xff"),  # a length beyond the data area
    ],
)
def test_a_tag_that_is_not_as_specified_is_refused(memory: bytes) -> None:
    with pytest.raises(DecodeError) as refused:
        read_memory(memory)
    assert not isinstance(refused.value, NoCoupon)


def test_a_short_read_is_refused() -> None:
    dialogue = type_2_coupon()
    next(dialogue)
    with pytest.raises(DecodeError, match="READ gives 16"):
        dialogue.send(bytes(15))


@given(st.binary(max_size=600))
def test_whatever_a_tag_says_the_reads_are_bounded(area: bytes) -> None:
    dialogue = type_2_coupon()
    page, reads = next(dialogue), 0
    memory = memory_with(area, "E110FF00")
    try:
        while True:
            page, reads = dialogue.send((memory[4 * page :] + bytes(16))[:16]), reads + 1
            assert page <= 0xFF
            assert reads < 65
    except (StopIteration, DecodeError):
        pass


# --- Type 4 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("most_read", [15, 59, 255, 0x7FFF])
def test_a_type_4_tag_gives_its_coupon_in_reads_of_its_own_size(most_read: int) -> None:
    card = NdefApplication(coupon_message(PAYLOAD), most_read)
    assert carry(type_4_coupon(), card.process) == PAYLOAD


def test_an_empty_type_4_tag_holds_no_coupon() -> None:
    with pytest.raises(NoCoupon):
        carry(type_4_coupon(), NdefApplication().process)
    with pytest.raises(NoCoupon):
        carry(type_4_coupon(), lambda _: b"\x6a\x82")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, b"\x00\x0e"),
        (2, b"\x10"),
        (3, b"\x00\x0e"),
        (7, b"\x06\x06"),
        (9, b"\xe1\x03"),
        (9, b"\x3f\x00"),
        (11, b"\x00\x04"),
        (11, b"\x00\x40"),
        (13, b"\x80"),
    ],
)
def test_a_container_that_is_not_as_specified_is_refused(place: int, value: bytes) -> None:
    card = NdefApplication(coupon_message(PAYLOAD))
    container = card.files[0xE103]
    card.files[0xE103] = container[:place] + value + container[place + len(value) :]
    with pytest.raises((DecodeError, CardRefused)) as refused:
        carry(type_4_coupon(), card.process)
    assert not isinstance(refused.value, NoCoupon)


@pytest.mark.parametrize("size", [1, 200, 511, 0xFFFF])
def test_a_length_that_is_not_the_messages_is_refused(size: int) -> None:
    card = NdefApplication(coupon_message(PAYLOAD))
    card.files[0xE104] = size.to_bytes(2, "big") + card.files[0xE104][2:]
    with pytest.raises(DecodeError):
        carry(type_4_coupon(), card.process)


@pytest.mark.parametrize("refusing", [1, 2, 3, 4])
def test_a_no_in_the_middle_is_the_cards_refusal(refusing: int) -> None:
    card, calls = NdefApplication(coupon_message(PAYLOAD)), 0

    def stubborn(command: bytes) -> bytes:
        nonlocal calls
        calls += 1
        return b"\x69\x82" if calls == refusing else card.process(command)

    with pytest.raises(CardRefused):
        carry(type_4_coupon(), stubborn)
