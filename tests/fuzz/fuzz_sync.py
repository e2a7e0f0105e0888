"""Sync and enrolment messages: whatever is read is written the same again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from terminal.errors import DecodeError
from terminal.sync import deny_messages, messages
from terminal.sync import enrolment_messages as enrolment
from terminal.sync.exchange import decode_refusal, encode_refusal
from terminal.sync.messages import Judged, LineState, MirrorOutcome, Upload


class Message(Protocol):
    """What every message can do."""

    def encode(self) -> bytes: ...


DECODERS: Final[tuple[Callable[[bytes], Message], ...]] = (
    messages.decode_sealed,
    messages.decode_open_request,
    messages.decode_open_reply,
    messages.decode_entries_request,
    messages.decode_entries_reply,
    messages.decode_mirror_request,
    messages.decode_mirror_reply,
    messages.decode_policy_request,
    messages.decode_policy_reply,
    deny_messages.decode_deny_query,
    deny_messages.decode_deny_reply,
    deny_messages.decode_piece_query,
    deny_messages.decode_piece,
    enrolment.decode_open_request,
    enrolment.decode_open_reply,
    enrolment.decode_enrol_request,
    enrolment.decode_enrol_reply,
)
DEVICE_KEY: Final = bytes.fromhex(
    "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
)
QUERY: Final = deny_messages.PieceQuery(2, deny_messages.Part.DELTA, 0)
SEEDS = (
    messages.Sealed("host.test/t/1/1", b"message").encode(),
    messages.OpenRequest(b"note", bytes(8), 3).encode(),
    messages.OpenReply(LineState.CONSISTENT, 7, b"time", 3).encode(),
    messages.EntriesRequest((Upload(0, b"entry"), Upload(1, b"entry"))).encode(),
    messages.EntriesReply((Judged(0, bytes(32), b"verdict"),)).encode(),
    messages.MirrorRequest(b"note").encode(),
    messages.MirrorReply(MirrorOutcome.COSIGNED, 7, b"note").encode(),
    messages.PolicyReply(b"policy").encode(),
    deny_messages.DenyReply(b"head").encode(),
    QUERY.encode(),
    deny_messages.Piece(QUERY, 5, b"piece").encode(),
    enrolment.OpenRequest(1, DEVICE_KEY).encode(),
    enrolment.OpenReply("host.test", 1, bytes(32)).encode(),
    enrolment.EnrolRequest(1, 1, DEVICE_KEY, b"cert", bytes(32)).encode(),
    enrolment.EnrolReply("host.test/t/1/1", (b"cert",), b"policy").encode(),
    encode_refusal("wrong_code", "4 tries left"),
)


def fuzz(data: bytes) -> None:
    read = [message for decode in DECODERS if (message := read_with(decode, data))]
    for message in read:
        assert message.encode() == data
    code, problem = decode_refusal(data)
    assert encode_refusal(code, problem) == data


def read_with(decode: Callable[[bytes], Message], data: bytes) -> Message | None:
    try:
        return decode(data)
    except DecodeError:
        return None
