"""The bodies that carry the long deny list, byte for byte (docs/protocol/sync.md, section 6).

A list travels as the files that ``docs/protocol/deny-list.md`` specifies, cut into pieces. A piece
names what it is a piece of and has a checksum, so that a reply that was cut, damaged or meant for
another request is told from the right one and asked for again; whether the whole is the host's own
is for the root's signature to say. Invariant: decode(encode(x)) == x, and nothing else decodes.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from terminal.crypto import cbor
from terminal.errors import DecodeError
from terminal.payment.coupon import U32
from terminal.payment.deny_head import MAX_DELTA_SIZE, MAX_HEAD_SIZE, MAX_LISTED
from terminal.payment.deny_list import SUBJECT_SIZE
from terminal.sync.exchange import MAX_BODY_BYTES
from terminal.sync.messages import VERSION

MAX_PIECE_BYTES: Final = 128 * 1024
"""Every piece has so many bytes, the last of a file what is left."""
BASE_HEADER_BYTES: Final = 256
MAX_FILE_BYTES: Final = BASE_HEADER_BYTES + SUBJECT_SIZE * MAX_LISTED


class Part(IntEnum):
    """Which file of a version."""

    BASE = 0
    DELTA = 1
    """The changes that lead to the version."""


@dataclass(frozen=True, slots=True)
class DenyQuery:
    """``[1]``: which is the newest list?"""

    def encode(self) -> bytes:
        return cbor.encode([VERSION])


@dataclass(frozen=True, slots=True)
class DenyReply:
    """``[1, head]``: the newest signed head, empty where the host published none."""

    head: bytes

    def encode(self) -> bytes:
        return cbor.encode([VERSION, self.head])


@dataclass(frozen=True, slots=True)
class PieceQuery:
    """``[1, version, part, offset]``: the bytes of that file from ``offset`` on, please."""

    version: int
    part: Part
    offset: int

    def encode(self) -> bytes:
        return cbor.encode([VERSION, self.version, int(self.part), self.offset])


@dataclass(frozen=True, slots=True)
class Piece:
    """``[1, version, part, offset, file_size, crc32, data]``: what was asked for, at that place."""

    query: PieceQuery
    file_size: int
    data: bytes

    def encode(self) -> bytes:
        query, checksum = self.query, binascii.crc32(self.data)
        asked = (query.version, int(query.part), query.offset)
        return cbor.encode([VERSION, *asked, self.file_size, checksum, self.data])


def decode_deny_query(payload: bytes) -> DenyQuery:
    """Raises DecodeError: anything but the exact form."""
    _fields(payload, "deny_query", 1)
    return DenyQuery()


def decode_deny_reply(body: bytes) -> DenyReply:
    """Raises DecodeError: anything but the exact form."""
    fields = _fields(body, "deny_reply", 2)
    return DenyReply(cbor.expect_bytes(fields[1], "deny_reply.head", max_size=MAX_HEAD_SIZE))


def decode_piece_query(payload: bytes) -> PieceQuery:
    """Raises DecodeError: anything but the exact form."""
    return _piece_query(_fields(payload, "piece_query", 4), "piece_query")


def decode_piece(body: bytes) -> Piece:
    """One piece, as long as it must be, whose checksum is right.

    Raises:
        DecodeError: anything but the exact form.
    """
    fields = _fields(body, "piece", 7)
    query = _piece_query(fields, "piece")
    most = MAX_FILE_BYTES if query.part is Part.BASE else MAX_DELTA_SIZE
    size = cbor.expect_uint(fields[4], "piece.file_size", most, minimum=1)
    checksum = cbor.expect_uint(fields[5], "piece.crc32", U32)
    data = cbor.expect_bytes(fields[6], "piece.data", max_size=MAX_PIECE_BYTES)
    if not data or len(data) != min(MAX_PIECE_BYTES, size - query.offset):
        raise DecodeError("piece.data", f"{len(data)} bytes at {query.offset} of {size}")
    if binascii.crc32(data) != checksum:
        raise DecodeError("piece.crc32", "the piece was damaged on its way")
    return Piece(query, size, data)


def decode_answer(body: bytes, query: PieceQuery) -> Piece:
    """The piece that was asked for.

    Raises:
        DecodeError: as ``decode_piece``, or it answers another request.
    """
    piece = decode_piece(body)
    if piece.query != query:
        raise DecodeError("piece", "an answer to another request")
    return piece


def _piece_query(fields: list[object], field: str) -> PieceQuery:
    return PieceQuery(
        cbor.expect_uint(fields[1], f"{field}.version", U32, minimum=1),
        Part(cbor.expect_uint(fields[2], f"{field}.part", max(Part))),
        cbor.expect_uint(fields[3], f"{field}.offset", MAX_FILE_BYTES - 1),
    )


def _fields(data: bytes, field: str, count: int) -> list[object]:
    fields = cbor.expect_array(cbor.decode(data, field, MAX_BODY_BYTES), field, count)
    if cbor.expect_uint(fields[0], f"{field}.form", VERSION) != VERSION:
        raise DecodeError(f"{field}.form", f"must be {VERSION}")
    return fields
