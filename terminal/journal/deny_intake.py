"""A long deny list on its way in: a base of up to 88 MB piece by piece, or changes, then installed.

What arrived of a base stands in ``base.part`` beside the base in force, in the form of the finished
file, so a process that ends, or a link that does, costs nothing but what was not yet written. It
means nothing to ``DenyStore`` until it is whole, checked against the root's signature, and renamed.

Invariants: a part holds the beginning of one genuine base, as far as can be told before its end:
the head is the root's, the subjects ascend. Memory is a block's, however long the list.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from terminal.crypto.keys import PublicKey
from terminal.errors import DecodeError, SignatureInvalid
from terminal.journal import deny_log
from terminal.journal.deny_base import (
    BLOCK_SIZE,
    HEADER_SIZE,
    ContentCheck,
    DenyListCorrupt,
    decode_header,
)
from terminal.journal.deny_log import file_errors
from terminal.journal.deny_store import DenyStore
from terminal.journal.deny_view import DenyListRefused
from terminal.payment.deny_head import DenyHead, decode_head
from terminal.payment.deny_list import SUBJECT_SIZE

PART_NAME: Final = "base.part"


@dataclass(frozen=True, slots=True)
class BegunBase:
    """The base that is half there, and how many bytes of its file are."""

    head: DenyHead
    size: int

    @property
    def file_size(self) -> int:
        """Bytes of the whole file."""
        return HEADER_SIZE + SUBJECT_SIZE * self.head.count


class DenyIntake:
    """Takes lists into a terminal's ``deny-list`` directory. For one thread of one process.

    The store is its own: what it installs, the store of the loop finds on disk.
    """

    def __init__(self, folder: Path, root_key: PublicKey) -> None:
        self._store = DenyStore(folder, root_key)
        self._part = folder / PART_NAME
        self._root_key = root_key
        self._unsynced = 0

    def in_force(self) -> DenyHead | None:
        """The head of what is installed; None where nothing is, or nothing that can be used."""
        with suppress(DenyListCorrupt):  # a whole list repairs it
            self._store.refresh()
            return None if self._store.view is None else self._store.view.head
        return None

    def apply(self, delta: bytes) -> None:
        """Take the changes to the next version; a full log is made a new base first.

        Raises:
            As ``DenyStore.apply`` and ``compact``.
        """
        if self._store.log_bytes + deny_log.record_size(delta) > deny_log.MAX_LOG_SIZE:
            self._store.compact()
        self._store.apply(delta)

    def begun(self) -> BegunBase | None:
        """What a former try left. What a cut of power may have spoiled of it is cut off.

        Raises:
            JournalError: it cannot be read.
        """
        if not self._part.exists():
            return None
        try:
            with file_errors(self._part), self._part.open("r+b") as file:
                head = decode_head(decode_header(file.read(HEADER_SIZE)), self._root_key)
                good_size = _good_size(file)
                file.truncate(good_size)
        except (DecodeError, SignatureInvalid):
            self.discard()
            return None
        return BegunBase(head, good_size)

    def begin(self, data: bytes) -> BegunBase:
        """The first piece of a base, header and all; whatever was begun before is forgotten.

        Raises:
            DecodeError, SignatureInvalid: no genuine head.
            JournalError: it cannot be written.
        """
        head = decode_head(decode_header(data[:HEADER_SIZE]), self._root_key)
        self.discard()
        self.append(data)
        return BegunBase(head, len(data))

    def append(self, data: bytes) -> None:
        """The next piece.

        Raises:
            JournalError: it cannot be written.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        with file_errors(self._part):
            self._part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(self._part, flags, 0o600), "ab") as file:
                file.write(data)
                self._unsynced += len(data)
                if self._unsynced >= BLOCK_SIZE:
                    self._sync(file)

    def finish(self) -> DenyHead:
        """All of it is there: check, and put it in the place of the base.

        Raises:
            DenyListCorrupt, DenyListRefused: it is not the host's list, or not newer; it is gone.
            JournalLocked: try again later. JournalError: it cannot be read or written.
        """
        with file_errors(self._part), self._part.open("ab") as file:
            self._sync(file)
        try:
            return self._store.adopt(self._part).head
        except (DenyListCorrupt, DenyListRefused):
            self.discard()
            raise

    def discard(self) -> None:
        """Forget what was begun.

        Raises:
            JournalError: it cannot be removed.
        """
        with file_errors(self._part):
            self._part.unlink(missing_ok=True)

    def _sync(self, file: BinaryIO) -> None:
        """Often, so that no sync is a long one and holds up the journal's own."""
        file.flush()
        os.fdatasync(file.fileno())
        self._unsynced = 0


def _good_size(file: BinaryIO) -> int:
    """How far whole subjects ascend; the file stands behind the header."""
    check, good_size = ContentCheck(), HEADER_SIZE
    with suppress(DenyListCorrupt):
        while block := file.read(BLOCK_SIZE):
            whole = block[: len(block) // SUBJECT_SIZE * SUBJECT_SIZE]
            check.take(whole)
            good_size += len(whole)
    return good_size
