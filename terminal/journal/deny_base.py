"""The base of the long deny list: one file of sorted subjects, checked once, then mapped read-only.

File form: ``docs/protocol/deny-list.md``. A header of 256 bytes with the head that the host's root
signed, then all subjects in ascending order. A lookup interpolates, since subjects are hashes, and
falls back to halving, so it is exact and takes a bounded number of steps whatever was listed.

Invariants: a base file is never changed in place, so what is mapped stays what was checked; a
``DenyBase`` that exists has the host's signature, count, digest and order. The mapping is the
kernel's page cache, shared and given back under pressure: not this process's own memory.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO, Final, Self

import numpy as np
from numpy.typing import NDArray

from terminal.crypto.keys import PublicKey
from terminal.errors import DecodeError, JournalError, SignatureInvalid
from terminal.payment.deny_head import MAX_HEAD_SIZE, DenyHead, decode_head
from terminal.payment.deny_list import SUBJECT_SIZE

MAGIC: Final = b"KUMDENY\x01"
HEADER_SIZE: Final = 256
BLOCK_SUBJECTS: Final = 131_072
"""Read, merged and written at a time: 1 MiB, a few milliseconds."""
BLOCK_SIZE: Final = SUBJECT_SIZE * BLOCK_SUBJECTS
INTERPOLATIONS: Final = 12
"""Five are usual among hashes, eleven were the most; then halving: 24 for the longest list."""
_LENGTH_AT: Final = len(MAGIC)
_HEAD_AT: Final = _LENGTH_AT + 2

Values = NDArray[np.uint64]
"""Subjects as numbers, shape ``(n,)``, native order: big-endian bytes sort as their numbers do."""


class DenyListCorrupt(JournalError):
    """A file of the deny list is not what the host signed; it is not used."""


def subject_values(data: bytes) -> Values:
    """Whole subjects as numbers, in the order they stand."""
    return np.frombuffer(data, dtype=">u8").astype(np.uint64)


def subject_bytes(values: Values) -> bytes:
    """The reverse of ``subject_values``."""
    return values.astype(">u8").tobytes()


def encode_header(message: bytes) -> bytes:
    """The header of the base whose signed head is ``message``."""
    if len(message) > MAX_HEAD_SIZE:
        raise ValueError("a signed head is never so long")
    head = MAGIC + len(message).to_bytes(2, "big") + message
    return head.ljust(HEADER_SIZE, b"\0")


def decode_header(data: bytes) -> bytes:
    """The signed head in a header; its signature is not verified here.

    Raises:
        DecodeError: naming the field that is wrong.
    """
    if len(data) != HEADER_SIZE:
        raise DecodeError("deny.header", f"{len(data)} bytes where {HEADER_SIZE} belong")
    if not data.startswith(MAGIC):
        raise DecodeError("deny.header", "not a deny list, or made for another version")
    end = _HEAD_AT + int.from_bytes(data[_LENGTH_AT:_HEAD_AT], "big")
    if end > _HEAD_AT + MAX_HEAD_SIZE:
        raise DecodeError("deny.header", "the head is longer than one may be")
    if any(data[end:]):
        raise DecodeError("deny.header", "something stands after the head")
    return data[_HEAD_AT:end]


class ContentCheck:
    """Takes all subjects block by block; at the end they are the list that a head names, or not."""

    __slots__ = ("_count", "_digest", "_last")

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._count = 0
        self._last = -1

    def take(self, block: bytes) -> None:
        """The next whole subjects.

        Raises:
            DenyListCorrupt: not above all before them, in ascending order.
        """
        values = subject_values(block)
        if not values.size:
            return
        if int(values[0]) <= self._last or not bool(np.all(values[1:] > values[:-1])):
            raise DenyListCorrupt("the deny list is not in ascending order")
        self._last = int(values[-1])
        self._count += values.size
        self._digest.update(block)

    def finish(self, head: DenyHead) -> None:
        """Raises DenyListCorrupt: not as many as the head says, or not their digest."""
        if self._count != head.count:
            raise DenyListCorrupt(f"{self._count} subjects where the host signed {head.count}")
        if self._digest.digest() != head.digest:
            raise DenyListCorrupt("the deny list is not the one the host signed: wrong digest")


class DenyBase:
    """A base that was checked and mapped. Closed when nothing refers to it any more."""

    __slots__ = ("_map", "head", "message")

    def __init__(self, head: DenyHead, message: bytes, mapped: mmap.mmap) -> None:
        self.head = head
        self.message = message
        self._map = mapped

    @classmethod
    def over(cls, file: BinaryIO, head: DenyHead, message: bytes) -> Self:
        """Map a file whose content was checked against ``head`` just now."""
        return cls(head, message, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))

    @property
    def mapped_bytes(self) -> int:
        """Bytes of address space; at most so many of the page cache."""
        return len(self._map)

    def __contains__(self, subject: object) -> bool:
        if type(subject) is not bytes or len(subject) != SUBJECT_SIZE:
            return False
        return _find(self._map, self.head.count, int.from_bytes(subject, "big"))

    def blocks(self) -> Iterator[bytes]:
        """All subjects in order, ``BLOCK_SUBJECTS`` at a time."""
        for at in range(HEADER_SIZE, len(self._map), BLOCK_SIZE):
            yield self._map[at : at + BLOCK_SIZE]


def _find(data: mmap.mmap, count: int, wanted: int) -> bool:
    """Whether ``wanted`` is among the subjects: it can only be at [low, high)."""
    low, high = 0, count
    least, bound = 0, 1 << 64  # values at [low, high) are at least, and below, these
    steps = 0
    while low < high:
        if steps < INTERPOLATIONS:
            middle = low + (wanted - least) * (high - low) // (bound - least)
        else:
            middle = (low + high) // 2
        steps += 1
        at = HEADER_SIZE + SUBJECT_SIZE * middle
        value = int.from_bytes(data[at : at + SUBJECT_SIZE], "big")
        if value == wanted:
            return True
        if value < wanted:
            low, least = middle + 1, value + 1
        else:
            high, bound = middle, value
    return False


def read_head(file: BinaryIO, root_key: PublicKey) -> tuple[DenyHead, bytes]:
    """The head of a base file and its signed form; the file then stands at the first subject.

    Raises:
        DenyListCorrupt: no genuine head, or the file does not have the length it says.
    """
    try:
        message = decode_header(file.read(HEADER_SIZE))
        head = decode_head(message, root_key)
    except (DecodeError, SignatureInvalid) as error:
        raise DenyListCorrupt(f"the deny list's head is not the host's: {error}") from error
    if os.fstat(file.fileno()).st_size != HEADER_SIZE + SUBJECT_SIZE * head.count:
        raise DenyListCorrupt("the deny list is cut short, or longer than the host signed")
    return head, message


def opening(path: Path, root_key: PublicKey) -> Generator[None, None, DenyBase]:
    """Check a base file, yielding after each block, then map it.

    The check reads and does not map, so that it fills the page cache and not this process.

    Raises:
        FileNotFoundError: there is no such file.
        DenyListCorrupt: it is not what the host signed, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            head, message = read_head(file, root_key)
            check = ContentCheck()
            while block := file.read(BLOCK_SIZE):
                check.take(block)
                yield
            check.finish(head)
            return DenyBase.over(file, head, message)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DenyListCorrupt(f"{path} cannot be read: {error.strerror}") from error


def open_base(path: Path, root_key: PublicKey) -> DenyBase:
    """As ``opening``, at once."""
    check = opening(path, root_key)
    while True:
        try:
            next(check)
        except StopIteration as end:
            base: DenyBase = end.value
            return base


class BaseWriter:
    """Writes a base beside its place and puts it there in one step, when it is whole and durable.

    A cut at any moment leaves the old file or the new one, and at most a draft that is overwritten.
    """

    def __init__(self, path: Path, message: bytes, head: DenyHead) -> None:
        self._path = path
        self._head = head
        self._message = message
        self._check = ContentCheck()
        self._draft = draft_of(path)
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        self._file = os.fdopen(os.open(self._draft, flags, 0o600), "w+b")
        self._file.write(encode_header(message))

    def write(self, block: bytes) -> None:
        """The next subjects, on disk when this returns, so that the last sync is a short one.

        Raises:
            DenyListCorrupt: not in ascending order.
        """
        self._check.take(block)
        self._file.write(block)
        self._file.flush()
        os.fdatasync(self._file.fileno())

    def commit(self) -> DenyBase:
        """The new base, in its place and durable.

        Raises:
            DenyListCorrupt: what was written is not the list of the head; the old file stays.
        """
        try:
            self._check.finish(self._head)
            self._file.flush()
            os.fsync(self._file.fileno())
            base = DenyBase.over(self._file, self._head, self._message)
            self._draft.replace(self._path)
        except BaseException:
            self.abandon()
            raise
        self._file.close()
        sync_folder(self._path.parent)
        return base

    def abandon(self) -> None:
        """Leave the old file; again is harmless."""
        if not self._file.closed:
            self._file.close()
            self._draft.unlink(missing_ok=True)


def draft_of(path: Path) -> Path:
    """Where a file is written before it takes its place."""
    return path.with_name(path.name + ".new")


def sync_folder(folder: Path) -> None:
    """Make names in a directory durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
