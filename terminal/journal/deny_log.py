"""The changes since the base, appended to one file: each whole and genuine, or not there.

File form: ``docs/protocol/deny-list.md``. Eight bytes of magic, then records: length and CRC-32 of
a delta, four bytes each, then the delta as the host signed it. An append is one write and one
fsync. Whatever a cut left after the last good record is not read, and is cut off by the next
append; the host then sends that delta again.
"""

from __future__ import annotations

import binascii
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from terminal.errors import DecodeError, JournalError
from terminal.journal.deny_base import draft_of, sync_folder
from terminal.payment.deny_head import MAX_DELTA_SIZE

MAGIC: Final = b"KUMDLOG\x01"
MAX_LOG_SIZE: Final = 2 * 2**20
"""So the overlay has at most 262,144 subjects, about 25 MB of memory; then it must be compacted."""
_HEAD_SIZE: Final = 8


@dataclass(frozen=True, slots=True)
class LogContent:
    """What stands in a log file: the deltas of its good records, and where they end."""

    deltas: tuple[bytes, ...]
    good_size: int
    """Everything from here on was cut or damaged."""
    dropped_bytes: int


def record_size(delta: bytes) -> int:
    """Bytes that a delta takes in the log."""
    return _HEAD_SIZE + len(delta)


def encode_record(delta: bytes) -> bytes:
    """One delta as it stands in the log."""
    return len(delta).to_bytes(4, "big") + binascii.crc32(delta).to_bytes(4, "big") + delta


def decode_log(data: bytes) -> LogContent:
    """The good records at the beginning of ``data``; what follows them is a torn tail.

    Raises:
        DecodeError: it does not begin as a log does; less than the beginning is an empty log.
    """
    if not data.startswith(MAGIC):
        if MAGIC.startswith(data):
            return LogContent((), 0, len(data))
        raise DecodeError("deny.log", "not a log of deny list changes")
    deltas = []
    at = len(MAGIC)
    for delta in _records(data, at):
        deltas.append(delta)
        at += _HEAD_SIZE + len(delta)
    return LogContent(tuple(deltas), at, len(data) - at)


def _records(data: bytes, at: int) -> Iterator[bytes]:
    while len(data) - at > _HEAD_SIZE:
        size = int.from_bytes(data[at : at + 4], "big")
        checksum = int.from_bytes(data[at + 4 : at + 8], "big")
        delta = data[at + _HEAD_SIZE : at + _HEAD_SIZE + size]
        if not 0 < size <= MAX_DELTA_SIZE or len(delta) != size:
            return
        if binascii.crc32(delta) != checksum:
            return
        yield delta
        at += _HEAD_SIZE + size


def read_log(path: Path) -> LogContent:
    """The log at ``path``; an empty one where there is no file.

    Raises:
        DecodeError: the file is no log.
        OSError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return decode_log(file.read(MAX_LOG_SIZE))
    except FileNotFoundError:
        return LogContent((), 0, 0)


def append(path: Path, good_size: int, delta: bytes) -> int:
    """Append a delta after the first ``good_size`` bytes, durably; the log's new size.

    A torn tail is cut off first.

    Raises:
        OSError: it could not be written; read the log again before the next append.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "r+b") as file:
        fresh = good_size < len(MAGIC)
        file.truncate(0 if fresh else good_size)
        file.seek(0, os.SEEK_END)
        file.write((MAGIC if fresh else b"") + encode_record(delta))
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
    if fresh:
        sync_folder(path.parent)
    return size


def rewrite(path: Path, deltas: tuple[bytes, ...]) -> int:
    """Replace the log by these records; its size. All of it is on disk, or nothing changed.

    Raises:
        OSError: it could not be written; the old log stays.
    """
    draft = draft_of(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
        file.write(MAGIC + b"".join(map(encode_record, deltas)))
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
    draft.replace(path)
    sync_folder(path.parent)
    return size


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """What the system says of a file becomes a JournalError that names it."""
    try:
        yield
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from error
