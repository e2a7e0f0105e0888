"""The bodies of the sync dialogue, byte for byte (docs/protocol/sync.md).

Every request payload travels sealed: ``[origin, COSE_Sign1]`` by the journal key, so that nobody
else can write to a journal at the host. Replies carry signed objects; their unsigned parts are
hints that at worst cost a repeated upload. Invariant: decode(encode(x)) == x, and nothing else
decodes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeVar

from terminal.crypto import cbor
from terminal.errors import DecodeError
from terminal.sync.exchange import MAX_BODY_BYTES

VERSION: Final = 1
MAX_ENTRIES: Final = 128
"""Entries in one upload."""
MAX_UPLOAD_BYTES: Final = 48 * 1024
"""Sum of the entries' bytes in one upload; the sealed message stays below 64 KiB."""
MAX_ITEM_BYTES: Final = 4096
"""Largest item the host keeps; a good entry has at most 400 bytes, a bad one is kept too."""
MAX_NOTE_BYTES: Final = 4096
MAX_SIGNED_BYTES: Final = 512
"""Largest verdict or time statement."""
NONCE_BYTES: Final = 8
LEAF_BYTES: Final = 32
MAX_SIZE: Final = 2**53 - 1
MAX_VERSION: Final = 2**32 - 1
MAX_ORIGIN_BYTES: Final = 96

_Item = TypeVar("_Item")


class LineState(IntEnum):
    """How the terminal's checkpoint stands to what the host mirrored."""

    CONSISTENT = 0
    FORKED = 1
    """The same size with another root: two histories under one journal key."""
    ROLLED_BACK = 2
    """The host mirrored more than the terminal has: an old image was restored."""


class MirrorOutcome(IntEnum):
    """What became of the wish for a cosignature."""

    COSIGNED = 0
    INCOMPLETE = 1
    """A leaf below the checkpoint is missing; ``from_index`` is the first."""
    DIFFERENT = 2
    """The leaves held give another root; send everything from ``from_index`` again."""
    FORKED = 3
    """The checkpoint contradicts what was cosigned before; kept as evidence."""
    BEHIND = 4
    """A larger checkpoint was cosigned already; a smaller one never is after it."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """``[origin, message]``: ``message`` is a COSE_Sign1 by the journal key of that origin."""

    origin: str
    message: bytes

    def encode(self) -> bytes:
        return cbor.encode([self.origin, self.message])


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """``[1, note, nonce, policy_version]``: the last signed checkpoint opens the dialogue."""

    note: bytes
    nonce: bytes
    policy_version: int

    def encode(self) -> bytes:
        return cbor.encode([VERSION, self.note, self.nonce, self.policy_version])


@dataclass(frozen=True, slots=True)
class OpenReply:
    """``[1, state, mirrored_size, time, policy_version]``; ``time`` is the host-signed time."""

    state: LineState
    mirrored_size: int
    time: bytes
    policy_version: int

    def encode(self) -> bytes:
        return cbor.encode(
            [VERSION, int(self.state), self.mirrored_size, self.time, self.policy_version]
        )


@dataclass(frozen=True, slots=True)
class Upload:
    """One entry as it stands in the journal: its ``index`` and exact bytes."""

    index: int
    data: bytes


@dataclass(frozen=True, slots=True)
class EntriesRequest:
    """``[1, [[index, bytes] ...]]``, 1..128 items; each is handled for itself."""

    items: tuple[Upload, ...]

    def encode(self) -> bytes:
        return cbor.encode([VERSION, [[item.index, item.data] for item in self.items]])


@dataclass(frozen=True, slots=True)
class Judged:
    """The host holds leaf ``leaf`` at ``index`` durably; ``verdict`` is its signed answer."""

    index: int
    leaf: bytes
    verdict: bytes


@dataclass(frozen=True, slots=True)
class EntriesReply:
    """``[1, [[index, leaf, verdict] ...]]``, one for each item, in the order sent."""

    items: tuple[Judged, ...]

    def encode(self) -> bytes:
        return cbor.encode(
            [VERSION, [[item.index, item.leaf, item.verdict] for item in self.items]]
        )


@dataclass(frozen=True, slots=True)
class MirrorRequest:
    """``[1, note]``: please cosign this checkpoint."""

    note: bytes

    def encode(self) -> bytes:
        return cbor.encode([VERSION, self.note])


@dataclass(frozen=True, slots=True)
class MirrorReply:
    """``[1, outcome, from_index, note]``; ``note`` is empty unless COSIGNED."""

    outcome: MirrorOutcome
    from_index: int
    note: bytes

    def encode(self) -> bytes:
        return cbor.encode([VERSION, int(self.outcome), self.from_index, self.note])


@dataclass(frozen=True, slots=True)
class PolicyRequest:
    """``[1, have_version]``: the installed policy version, 0 for none."""

    have_version: int

    def encode(self) -> bytes:
        return cbor.encode([VERSION, self.have_version])


@dataclass(frozen=True, slots=True)
class PolicyReply:
    """``[1, policy]``: the newest root-signed policy."""

    policy: bytes

    def encode(self) -> bytes:
        return cbor.encode([VERSION, self.policy])


def decode_sealed(body: bytes) -> Sealed:
    """Raises DecodeError: not ``[tstr, bstr]`` within the bounds."""
    fields = cbor.expect_array(cbor.decode(body, "sealed", MAX_BODY_BYTES), "sealed", 2)
    origin = cbor.expect_text(fields[0], "sealed.origin", MAX_ORIGIN_BYTES)
    return Sealed(origin, cbor.expect_bytes(fields[1], "sealed.message", max_size=MAX_BODY_BYTES))


def decode_open_request(payload: bytes) -> OpenRequest:
    """Raises DecodeError: anything but the exact form."""
    fields = _fields(payload, "open", 4)
    return OpenRequest(
        cbor.expect_bytes(fields[1], "open.note", max_size=MAX_NOTE_BYTES),
        cbor.expect_bytes(fields[2], "open.nonce", NONCE_BYTES),
        cbor.expect_uint(fields[3], "open.policy_version", MAX_VERSION),
    )


def decode_open_reply(body: bytes) -> OpenReply:
    """Raises DecodeError: anything but the exact form."""
    fields = _fields(body, "opened", 5)
    return OpenReply(
        LineState(cbor.expect_uint(fields[1], "opened.state", max(LineState))),
        cbor.expect_uint(fields[2], "opened.mirrored_size", MAX_SIZE),
        cbor.expect_bytes(fields[3], "opened.time", max_size=MAX_SIGNED_BYTES),
        cbor.expect_uint(fields[4], "opened.policy_version", MAX_VERSION),
    )


def decode_entries_request(payload: bytes) -> EntriesRequest:
    """Raises DecodeError: anything but the exact form. The items' own bytes are not looked into."""
    items = _items(_fields(payload, "entries", 2)[1], "entries.items", _upload)
    return EntriesRequest(items)


def decode_entries_reply(body: bytes) -> EntriesReply:
    """Raises DecodeError: anything but the exact form."""
    return EntriesReply(_items(_fields(body, "judged", 2)[1], "judged.items", _judged))


def decode_mirror_request(payload: bytes) -> MirrorRequest:
    """Raises DecodeError: anything but the exact form."""
    fields = _fields(payload, "mirror", 2)
    return MirrorRequest(cbor.expect_bytes(fields[1], "mirror.note", max_size=MAX_NOTE_BYTES))


def decode_mirror_reply(body: bytes) -> MirrorReply:
    """Raises DecodeError: anything but the exact form."""
    fields = _fields(body, "mirrored", 4)
    outcome = MirrorOutcome(cbor.expect_uint(fields[1], "mirrored.outcome", max(MirrorOutcome)))
    note = cbor.expect_bytes(fields[3], "mirrored.note", max_size=MAX_NOTE_BYTES)
    if bool(note) != (outcome is MirrorOutcome.COSIGNED):
        raise DecodeError("mirrored.note", "is there exactly when cosigned")
    return MirrorReply(outcome, cbor.expect_uint(fields[2], "mirrored.from_index", MAX_SIZE), note)


def decode_policy_request(payload: bytes) -> PolicyRequest:
    """Raises DecodeError: anything but the exact form."""
    fields = _fields(payload, "policy_request", 2)
    return PolicyRequest(cbor.expect_uint(fields[1], "policy_request.have_version", MAX_VERSION))


def decode_policy_reply(body: bytes) -> PolicyReply:
    """Raises DecodeError: anything but the exact form."""
    fields = _fields(body, "policy_reply", 2)
    return PolicyReply(cbor.expect_bytes(fields[1], "policy_reply.policy", max_size=MAX_BODY_BYTES))


def _fields(data: bytes, field: str, count: int) -> list[object]:
    fields = cbor.expect_array(cbor.decode(data, field, MAX_BODY_BYTES), field, count)
    if cbor.expect_uint(fields[0], f"{field}.version", VERSION) != VERSION:
        raise DecodeError(f"{field}.version", f"must be {VERSION}")
    return fields


def _items(value: object, field: str, item: Callable[[object, str], _Item]) -> tuple[_Item, ...]:
    if type(value) is not list or not 1 <= len(value) <= MAX_ENTRIES:
        raise DecodeError(field, f"must be an array of 1 to {MAX_ENTRIES} items")
    return tuple(item(one, f"{field}[{place}]") for place, one in enumerate(value))


def _upload(value: object, field: str) -> Upload:
    fields = cbor.expect_array(value, field, 2)
    return Upload(
        cbor.expect_uint(fields[0], f"{field}.index", MAX_SIZE),
        cbor.expect_bytes(fields[1], f"{field}.data", max_size=MAX_ITEM_BYTES),
    )


def _judged(value: object, field: str) -> Judged:
    fields = cbor.expect_array(value, field, 3)
    return Judged(
        cbor.expect_uint(fields[0], f"{field}.index", MAX_SIZE),
        cbor.expect_bytes(fields[1], f"{field}.leaf", LEAF_BYTES),
        cbor.expect_bytes(fields[2], f"{field}.verdict", max_size=MAX_SIGNED_BYTES),
    )
