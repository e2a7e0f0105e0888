"""A bearer coupon on a tag: NDEF on Type 2 and Type 4 tags, read as dialogues that know no reader.

NFC Forum Type 2 Tag 1.2 (READ, capability container, TLVs), Type 4 Tag 3.0 (NDEF application, CC
and NDEF files) and NDEF 1.0, the last by ``ndeflib``. Byte-exact in ``docs/protocol/card.md``. The
payload passes through unread: what it is worth is decided elsewhere.

Invariants: a tag is only ever read; a dialogue asks for a bounded number of bytes whatever the tag
says of itself; what is not exactly as specified is refused, never repaired.
"""

from __future__ import annotations

import io
from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from terminal.errors import DecodeError
from terminal.nfc.apdu import Command, decode_response
from terminal.nfc.application import Status, meaning
from terminal.nfc.errors import CardRefused

if TYPE_CHECKING:
    import ndef

TagDialogue = Generator[int, bytes, bytes]
"""Yields page numbers, is sent the 16 bytes from there on, returns payload bytes."""

RECORD_TYPE: Final = "urn:nfc:ext:kumquat.example:bearer"
"""An external type under a reserved name (RFC 2606): nobody else's type can be mistaken for it."""
MAX_PAYLOAD: Final = 255
MAX_MESSAGE: Final = 512
MAX_RECORDS: Final = 8

PAGE_SIZE: Final = 4
READ_SIZE: Final = 16
FIRST_SECTOR: Final = PAGE_SIZE * (256 - 4)
"""What READ reaches of the data area: page numbers have one byte. The rest is not looked at."""
_CC_PAGE: Final = 3
_DATA_PAGE: Final = 4
_MAGIC: Final = 0xE1
_NULL, _LOCK, _MEMORY, _NDEF, _PROPRIETARY, _END = 0x00, 0x01, 0x02, 0x03, 0xFD, 0xFE

NDEF_AID: Final = bytes.fromhex("D2760000850101")
CC_FILE: Final = 0xE103
CC_SIZE: Final = 15
_RESERVED_FILES: Final = frozenset((0x0000, 0xE102, CC_FILE, 0x3F00, 0x3FFF, 0xFFFF))
_MAX_READ: Final = 255


class NoCoupon(DecodeError):
    """The tag is sound and holds no coupon of ours."""


def coupon_message(payload: bytes) -> bytes:
    """The NDEF message that carries 1..255 payload bytes: one short record."""
    import ndef  # large; only readers of tags need it

    assert 1 <= len(payload) <= MAX_PAYLOAD
    return b"".join(ndef.message_encoder([ndef.Record(RECORD_TYPE, "", payload)]))


def decode_coupon_message(message: bytes) -> bytes:
    """The payload of the one coupon record in an NDEF message; other records are passed over.

    Raises:
        NoCoupon: an empty message, or none of its records is a coupon.
        DecodeError: not an NDEF message, two coupons, or a coupon empty or beyond 255 bytes.
    """
    if not message:
        raise NoCoupon("ndef", "no coupon on it")
    found = [bytes(record.data) for record in _records(message) if record.type == RECORD_TYPE]
    if not found:
        raise NoCoupon("ndef", "no coupon on it")
    if len(found) > 1:
        raise DecodeError("ndef", f"{len(found)} coupons on it")
    if not 1 <= len(found[0]) <= MAX_PAYLOAD:
        raise DecodeError("ndef.payload", f"{len(found[0])} bytes, 1 to {MAX_PAYLOAD} are read")
    return found[0]


def _records(message: bytes) -> list[ndef.Record]:
    import ndef

    if len(message) > MAX_MESSAGE:
        raise DecodeError("ndef", f"{len(message)} bytes, at most {MAX_MESSAGE} are read")
    records: list[ndef.Record] = []
    stream = io.BytesIO(message)
    try:
        # No known types: records that are not ours stay bytes, and nobody parses them.
        for record in ndef.message_decoder(stream, known_types={}):
            records.append(record)
            if len(records) > MAX_RECORDS:
                raise DecodeError("ndef", f"more than {MAX_RECORDS} records")
    except (ndef.DecodeError, ValueError) as error:  # UnicodeDecodeError is a ValueError
        raise DecodeError("ndef", str(error)) from error
    if stream.tell() != len(message):
        raise DecodeError("ndef", f"{len(message) - stream.tell()} bytes after the last record")
    return records


# --- Type 2 ---------------------------------------------------------------------------------------


def type_2_coupon() -> TagDialogue:
    """Read the coupon on a Type 2 tag: its capability container, then as much as the NDEF TLV says.

    Raises:
        NoCoupon: not formatted for NDEF, or without a coupon.
        DecodeError: what it holds is not as specified.
    """
    first = yield from _read(_CC_PAGE)
    area = _data_area(first[:PAGE_SIZE])
    data = first[PAGE_SIZE:]
    while (message := _ndef_in(data[:area], whole=len(data) >= area)) is None:
        data += yield from _read(_DATA_PAGE + len(data) // PAGE_SIZE)
    return decode_coupon_message(message)


def _read(page: int) -> Generator[int, bytes, bytes]:
    data = yield page
    if len(data) != READ_SIZE:
        raise DecodeError("tag.read", f"{len(data)} bytes, READ gives {READ_SIZE}")
    return data


def _data_area(container: bytes) -> int:
    """Bytes of the data area, from the capability container (Type 2 Tag 1.2, 4.5 and 6.1)."""
    magic, version, size, access = container
    if magic != _MAGIC:
        raise NoCoupon("tag.cc", "not formatted for NDEF")
    if version >> 4 != 1:
        raise DecodeError("tag.cc", f"version {version >> 4}.{version & 0xF} is not known here")
    if access >> 4:
        raise DecodeError("tag.cc", "not open for reading")
    if not size:
        raise DecodeError("tag.cc", "no data area")
    return min(8 * size, FIRST_SECTOR)


def _ndef_in(data: bytes, *, whole: bool) -> bytes | None:
    """The first NDEF TLV's value, or None while more has to be read to know it.

    Raises:
        NoCoupon: the data area, or its terminator, comes before any NDEF TLV.
        DecodeError: a TLV beyond the data area, of an unknown tag, or too long.
    """
    place = 0
    while place < len(data):
        tag = data[place]
        if tag == _NULL:
            place += 1
            continue
        if tag == _END:
            raise NoCoupon("tag.tlv", "no coupon on it")
        head, size = _length(data[place + 1 : place + 4])
        begins = place + 1 + head
        if tag == _NDEF and size > MAX_MESSAGE:
            raise DecodeError("tag.tlv", f"a message of {size} bytes, at most {MAX_MESSAGE}")
        if tag not in (_LOCK, _NDEF, _PROPRIETARY):
            raise DecodeError("tag.tlv", f"tag {tag:02X} is not read here")
        if not head or begins + size > len(data):
            if whole:
                raise DecodeError("tag.tlv", "goes beyond the data area")
            return None
        if tag == _NDEF:
            return data[begins : begins + size]
        place = begins + size
    if whole:
        raise NoCoupon("tag.tlv", "no coupon on it")
    return None


def _length(data: bytes) -> tuple[int, int]:
    """How many bytes a TLV's length has, and the length; 0 bytes where they are not all there."""
    if not data:
        return 0, 0
    if data[0] != 0xFF:
        return 1, data[0]
    return (3, int.from_bytes(data[1:3], "big")) if len(data) == 3 else (0, 0)


# --- Type 4 ---------------------------------------------------------------------------------------


def type_4_coupon() -> Generator[bytes, bytes, bytes]:
    """Read the coupon in the NDEF application of a Type 4 tag: its CC file, then its NDEF file.

    Raises:
        NoCoupon: no such application, an empty file, or no coupon in it.
        CardRefused: it said no later on.
        DecodeError: what it holds is not as specified.
    """
    answer = decode_response((yield Command(0x00, 0xA4, 0x04, 0x00, NDEF_AID, 256).encode()))
    if answer.status == Status.NOT_FOUND:
        raise NoCoupon("tag", "no coupon on it")
    _require_ok(answer.status)
    yield from _select_file(CC_FILE)
    container = yield from _read_binary(0, CC_SIZE)
    file, file_size, most = _control(container)
    yield from _select_file(file)
    size = int.from_bytes((yield from _read_binary(0, 2)), "big")
    if not size:
        raise NoCoupon("tag.ndef", "no coupon on it")
    if size > min(file_size - 2, MAX_MESSAGE):
        raise DecodeError("tag.ndef", f"a message of {size} bytes in {file_size}")
    message = b""
    while len(message) < size:
        message += yield from _read_binary(2 + len(message), min(most, size - len(message)))
    return decode_coupon_message(message)


def _control(container: bytes) -> tuple[int, int, int]:
    """File identifier, file size and longest read, from the CC file (Type 4 Tag, 4.3 and 4.7)."""
    if int.from_bytes(container[:2], "big") < CC_SIZE:
        raise DecodeError("tag.cc", "shorter than a container")
    if container[2] >> 4 not in (2, 3):
        raise DecodeError("tag.cc", f"mapping version {container[2] >> 4} is not known here")
    most = int.from_bytes(container[3:5], "big")
    if most < CC_SIZE:
        raise DecodeError("tag.cc", f"reads of {most} bytes")
    if container[7:9] != b"\x04\x06":
        raise DecodeError("tag.cc", "no NDEF file")
    file, size = int.from_bytes(container[9:11], "big"), int.from_bytes(container[11:13], "big")
    if file in _RESERVED_FILES or size < 5:
        raise DecodeError("tag.cc", f"file {file:04X} of {size} bytes")
    if container[13]:
        raise DecodeError("tag.cc", "not open for reading")
    return file, size, min(most, _MAX_READ)


def _select_file(file: int) -> Generator[bytes, bytes, None]:
    command = Command(0x00, 0xA4, 0x00, 0x0C, file.to_bytes(2, "big"))
    _require_ok(decode_response((yield command.encode())).status)


def _read_binary(offset: int, size: int) -> Generator[bytes, bytes, bytes]:
    command = Command(0x00, 0xB0, offset >> 8, offset & 0xFF, le=size)
    answer = decode_response((yield command.encode()))
    _require_ok(answer.status)
    if len(answer.data) != size:
        raise DecodeError("tag.read", f"{len(answer.data)} bytes, {size} were asked for")
    return answer.data


def _require_ok(status: int) -> None:
    if status != Status.OK:
        raise CardRefused(status, meaning(status))
