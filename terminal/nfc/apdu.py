"""Short command and response APDUs (ISO/IEC 7816-4:2020, 5.1 to 5.3), strictly decoded.

Short form only: Lc 1..255, Le 1..256. Longer command data goes in a chain of commands (5.3.3),
whose CLA has bit 5 set on every link but the last. What does not decode completely is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from terminal.errors import DecodeError

MAX_COMMAND_DATA: Final = 255
MAX_RESPONSE_DATA: Final = 256
MAX_CHAINED_DATA: Final = 1024
"""Longest command data that we send, or let be sent, in one chain."""
CHAINING: Final = 0x10
"""Bit 5 of an interindustry or our proprietary class byte: more links follow."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command APDU. ``le`` is the longest response data wanted (1..256), None for none."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None

    def __post_init__(self) -> None:
        assert all(0 <= byte <= 0xFF for byte in (self.cla, self.ins, self.p1, self.p2))
        assert len(self.data) <= MAX_COMMAND_DATA, "longer data goes through encode_chain"
        assert self.le is None or 1 <= self.le <= MAX_RESPONSE_DATA

    @property
    def more_follows(self) -> bool:
        """Whether this is a link of a chain and not its last."""
        return bool(self.cla & CHAINING)

    def encode(self) -> bytes:
        """4..261 bytes: header, Lc and data if there is data, Le if a response is wanted."""
        head = bytes((self.cla, self.ins, self.p1, self.p2))
        body = bytes((len(self.data),)) + self.data if self.data else b""
        tail = b"" if self.le is None else bytes((self.le & 0xFF,))
        return head + body + tail


@dataclass(frozen=True, slots=True)
class Response:
    """One response APDU: ``data`` of 0..256 bytes and the status word."""

    data: bytes
    status: int

    def encode(self) -> bytes:
        """2..258 bytes."""
        assert len(self.data) <= MAX_RESPONSE_DATA
        return self.data + self.status.to_bytes(2, "big")


def decode_command(data: bytes) -> Command:
    """One short command APDU.

    Raises:
        DecodeError: shorter than a header, of extended length, or the length fields do not add up.
    """
    if len(data) < 4:
        raise DecodeError("apdu", f"{len(data)} bytes, a header has 4")
    cla, ins, p1, p2 = data[:4]
    body = data[4:]
    if not body:
        return Command(cla, ins, p1, p2)
    if len(body) == 1:
        return Command(cla, ins, p1, p2, le=body[0] or MAX_RESPONSE_DATA)
    length = body[0]
    if length == 0:
        raise DecodeError("apdu.lc", "extended length is not used")
    rest = body[1 + length :]
    if len(body) < 1 + length or len(rest) > 1:
        raise DecodeError("apdu.lc", f"says {length} bytes, {len(body) - 1} follow")
    le = (rest[0] or MAX_RESPONSE_DATA) if rest else None
    return Command(cla, ins, p1, p2, bytes(body[1 : 1 + length]), le)


def decode_response(data: bytes) -> Response:
    """One response APDU.

    Raises:
        DecodeError: no status word, more than 256 bytes of data, or a status word that none is.
    """
    if len(data) < 2:
        raise DecodeError("response", f"{len(data)} bytes, a status word has 2")
    if len(data) > MAX_RESPONSE_DATA + 2:
        raise DecodeError("response", f"{len(data)} bytes, a short response has at most 258")
    if data[-2] >> 4 not in (0x6, 0x9) or data[-2] == 0x60:
        raise DecodeError("response.status", f"{data[-2:].hex()} is no status word")
    return Response(bytes(data[:-2]), int.from_bytes(data[-2:], "big"))


def encode_chain(last: Command, data: bytes) -> tuple[bytes, ...]:
    """``last`` carrying ``data`` as one command, or as a chain when it is longer than 255 bytes.

    ``last.data`` must be empty; only the last link asks for a response.
    """
    assert not last.data, "the data is the second argument"
    assert len(data) <= MAX_CHAINED_DATA
    parts = [data[i : i + MAX_COMMAND_DATA] for i in range(0, len(data), MAX_COMMAND_DATA)] or [b""]
    links = [
        Command(last.cla | CHAINING, last.ins, last.p1, last.p2, part).encode()
        for part in parts[:-1]
    ]
    end = Command(last.cla, last.ins, last.p1, last.p2, parts[-1], last.le)
    return (*links, end.encode())
