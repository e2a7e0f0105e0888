"""What a dialogue with the host yields and is sent: one request, one reply, no transport.

A dialogue is a generator that yields ``HostRequest`` and is sent ``HostReply``. The in-memory door
and the HTTP door both answer such values, so one set of tests serves both (docs/protocol/sync.md).
Every body is one strict deterministic CBOR item.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final, TypeVar

from terminal.crypto import cbor
from terminal.errors import HostRefused

MEDIA_TYPE: Final = "application/vnd.kumquat.sync+cbor"
MAX_BODY_BYTES: Final = 160 * 1024
"""Largest request or reply body; both doors refuse more before decoding."""

PATH_OPEN: Final = "/v1/sync/open"
PATH_ENTRIES: Final = "/v1/sync/entries"
PATH_MIRROR: Final = "/v1/sync/mirror"
PATH_POLICY: Final = "/v1/sync/policy"
PATH_DENY: Final = "/v1/sync/deny"
PATH_DENY_PIECE: Final = "/v1/sync/deny/piece"
PATH_ENROL_OPEN: Final = "/v1/enrol/open"
PATH_ENROL: Final = "/v1/enrol"

MAX_CODE_BYTES: Final = 64
MAX_PROBLEM_BYTES: Final = 1024

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class HostRequest:
    """One request: HTTP ``method``, absolute ``path`` without query, CBOR ``body``."""

    method: str
    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class HostReply:
    """One reply: an HTTP ``status`` (200, or 4xx and 5xx with a refusal), CBOR ``body``."""

    status: int
    body: bytes


Dialogue = Generator[HostRequest, HostReply, Outcome]
Send = Callable[[HostRequest], HostReply]
"""A door. Raises HostUnreachable when no usable answer came."""


def run(dialogue: Dialogue[Outcome], send: Send) -> Outcome:
    """Drive a dialogue through a door until it ends.

    Raises:
        HostUnreachable: from the door; the dialogue is closed and may be started again.
        HostRefused, DecodeError: from the dialogue.
    """
    try:
        request = next(dialogue)
        while True:
            request = dialogue.send(send(request))
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    finally:
        dialogue.close()


def encode_refusal(code: str, problem: str) -> bytes:
    """The body of a 4xx or 5xx reply: ``[0, code, problem]``, printable and cut to its bounds."""
    return cbor.encode([0, _fit(code, MAX_CODE_BYTES), _fit(problem, MAX_PROBLEM_BYTES)])


def _fit(text: str, max_bytes: int) -> str:
    printable = "".join(letter if letter.isprintable() else "?" for letter in text)
    return printable.encode(errors="replace")[:max_bytes].decode(errors="ignore")


def decode_refusal(body: bytes) -> tuple[str, str]:
    """Code and problem of a refusal.

    Raises:
        DecodeError: not ``[0, tstr, tstr]`` within their bounds.
    """
    fields = cbor.expect_array(cbor.decode(body, "refusal", MAX_BODY_BYTES), "refusal", 3)
    cbor.expect_uint(fields[0], "refusal.type", 0)
    code = cbor.expect_text(fields[1], "refusal.code", MAX_CODE_BYTES)
    return code, cbor.expect_text(fields[2], "refusal.problem", MAX_PROBLEM_BYTES)


def accepted(reply: HostReply) -> bytes:
    """The body of a 200 reply.

    Raises:
        HostRefused: the host said no, with its machine-readable code.
        DecodeError: neither 200 nor a refusal that can be read.
    """
    if reply.status == 200:
        return reply.body
    code, problem = decode_refusal(reply.body)
    raise HostRefused(code, problem)
