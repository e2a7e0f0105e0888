"""The long deny list on disk: what is in force, and the only ways to a newer version.

A directory with ``base`` (``deny_base``) and ``log`` (``deny_log``). A sale reads the ``DenyView``
it was given and nothing here; a new version is another view. Writers of any process take turns by a
lock; readers need none, since ``base`` changes by rename alone and ``log`` by append or rename.

Invariants: versions only rise. A cut between any two steps leaves a version that was in force,
whole: the base goes in before the log is emptied, and changes older than the base are passed over.
Compaction goes block by block in ``idle``, so that a sale waits for a few milliseconds at most.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from terminal.crypto.keys import PublicKey
from terminal.errors import JournalError, JournalLocked
from terminal.journal import deny_log
from terminal.journal.deny_base import (
    BLOCK_SIZE,
    BaseWriter,
    DenyBase,
    DenyListCorrupt,
    draft_of,
    open_base,
    opening,
    read_head,
    sync_folder,
)
from terminal.journal.deny_log import file_errors
from terminal.journal.deny_overlay import lay_over
from terminal.journal.deny_view import DenyListRefused, DenyView, merged
from terminal.journal.lock import AppendLock
from terminal.payment.deny_head import DenyHead, decode_delta

COMPACT_FROM_BYTES: Final = 256 * 1024
"""``idle`` makes a new base once the log is so long: 32,768 changes."""

_Mark = tuple[int, int, int] | None
"""Which file it is, how long, and when it changed; None for no file."""


class DenyStore:
    """One terminal's long deny list. One thread at a time; the views it gives are for any."""

    def __init__(self, folder: Path, root_key: PublicKey) -> None:
        self.problem: str | None = None
        """What is wrong on disk, in one line; ``view`` is then the last good one, or None."""
        self.dropped_bytes = 0
        """What followed the last good change in the log: cut, or damaged."""
        self.log_bytes = 0
        self._base_path = folder / "base"
        self._log_path = folder / "log"
        self._folder = folder
        self._root_key = root_key
        self._view: DenyView | None = None
        self._base_mark: _Mark = None
        self._seen: tuple[_Mark, _Mark] | None = None
        """Both files when they were last read to the end, whatever came of it."""
        self._work: Generator[None, None, None] | None = None
        self._not_merging: bytes | None = None

    @property
    def view(self) -> DenyView | None:
        """The version in force, as last read; None where none is installed."""
        return self._view

    def refresh(self) -> DenyView | None:
        """Read what is on disk, where that changed.

        Raises:
            DenyListCorrupt: it is not what the host signed; ``view`` stays as it was.
        """
        for _ in self._reading():
            pass
        return self._view

    def install(self, source: Path) -> DenyView:
        """Take a whole list from a file, which is copied.

        Raises:
            DenyListCorrupt: the file is not what the host signed.
            DenyListRefused: not newer than what is in force. JournalLocked: try again later.
            JournalError: it cannot be read or written.
        """
        with self._writing(), file_errors(source), source.open("rb") as file:
            head, message = self._newer(file)
            writer = BaseWriter(self._base_path, message, head)
            try:
                while block := file.read(BLOCK_SIZE):
                    writer.write(block)
                base = writer.commit()
            finally:
                writer.abandon()
            return self._begin_log(base)

    def adopt(self, source: Path) -> DenyView:
        """As ``install``, of a file beside the base that is ours alone: it is moved, not copied.

        The caller has made its content durable.

        Raises:
            As ``install``; the file then stays where it is.
        """
        with self._writing(), file_errors(source):
            with source.open("rb") as file:
                self._newer(file)
            base = open_base(source, self._root_key)
            source.replace(self._base_path)
            sync_folder(self._folder)
            return self._begin_log(base)

    def apply(self, delta: bytes) -> DenyView:
        """Take the changes to the next version; durable when this returns.

        Raises:
            DecodeError, SignatureInvalid: not a delta by the host's root.
            DenyListRefused: it does not follow the version in force, or the log is full.
            JournalLocked: try again later. JournalError: it cannot be written.
        """
        decoded = decode_delta(delta, self._root_key)
        with self._writing(), file_errors(self._log_path):
            if self._view is None or self._base_mark != self._marks()[0]:
                raise DenyListRefused("no list is in force that the changes could follow")
            view = self._view.after(decoded)
            if self.log_bytes + deny_log.record_size(delta) > deny_log.MAX_LOG_SIZE:
                raise DenyListRefused("too many changes since the base: compact first")
            self._seen = None  # should the append fail, all is read again
            return self._remember(view, deny_log.append(self._log_path, self.log_bytes, delta))

    def compact(self) -> DenyView | None:
        """Make base and changes one new base now. ``idle`` does it in small steps.

        Raises:
            JournalLocked: try again later. JournalError: it cannot be written.
        """
        self._abandon()
        for _ in self._compacting():
            pass
        return self._view

    def idle(self) -> DenyView | None:
        """Nothing is going on: one small step of what is due, then what is in force. Never raises.

        Due is reading what another process installed, then compaction of a long log.
        """
        try:
            if self._work is None and self._marks() != self._seen:
                self._work = self._reading()
            elif self._work is None and self._compaction_due():
                self._work = self._compacting()
            if self._work is not None and next(self._work, self) is self:
                self._work = None
        except JournalLocked:
            self._work = None
        except (JournalError, OSError) as error:
            self._work = None
            self.problem = str(error)
        return self._view

    def close(self) -> None:
        """Leave off what ``idle`` had begun; views stay good."""
        self._abandon()

    # --- reading -------------------------------------------------------------------------------

    def _marks(self) -> tuple[_Mark, _Mark]:
        return _mark(self._base_path), _mark(self._log_path)

    def _reading(self) -> Generator[None, None, None]:
        marks = self._marks()
        if marks == self._seen and self.problem is None:
            return
        self._seen = None
        base = None if self._view is None else self._view.base
        if base is None or marks[0] != self._base_mark:
            try:
                base = yield from opening(self._base_path, self._root_key)
            except FileNotFoundError:
                base = None
            except DenyListCorrupt as error:
                self._seen, self.problem = marks, str(error)
                raise
        self._base_mark, self._seen = marks[0], marks
        if base is None:
            self._view, self.problem = None, None
        else:
            self._lay_over(base)

    def _lay_over(self, base: DenyBase) -> None:
        laid = lay_over(base, self._log_path, self._root_key)
        self._view, self.problem = laid.view, laid.problem
        self.log_bytes, self.dropped_bytes = laid.log_bytes, laid.dropped_bytes

    def _remember(self, view: DenyView, log_bytes: int) -> DenyView:
        """What was written just now need not be read again."""
        self._view, self.log_bytes, self.dropped_bytes = view, log_bytes, 0
        self._seen = self._marks()
        self._base_mark, self.problem = self._seen[0], None
        return view

    # --- writing -------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """The lock, and what is on disk read while holding it."""
        self._abandon()
        lock = self._lock()
        try:
            for path in (self._base_path, self._log_path):
                draft_of(path).unlink(missing_ok=True)
            with suppress(DenyListCorrupt):  # said in ``problem``; a whole list may replace it
                self.refresh()
            yield
        finally:
            lock.release()

    def _lock(self) -> AppendLock:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return AppendLock(self._folder / "writer")
        except JournalLocked as error:
            raise JournalLocked("another process changes the deny list; try again soon") from error
        except OSError as error:
            raise JournalError(f"{self._folder} cannot be made: {error.strerror}") from error

    def _newer(self, file: BinaryIO) -> tuple[DenyHead, bytes]:
        """The head of a base file that may follow what is in force, and its signed form."""
        head, message = read_head(file, self._root_key)
        if head.version <= (floor := self._floor()):
            raise DenyListRefused(f"version {head.version} is not newer than {floor}")
        return head, message

    def _floor(self) -> int:
        """The version a whole list must be above; a damaged one may be replaced by itself."""
        if self._view is not None and self._base_mark == self._marks()[0]:
            return self._view.version
        try:
            with self._base_path.open("rb") as file:
                return read_head(file, self._root_key)[0].version - 1
        except (OSError, DenyListCorrupt):
            return 0

    def _begin_log(self, base: DenyBase) -> DenyView:
        """The base is in its place: what the log holds is older."""
        log_bytes = 0
        if self._log_path.exists():
            log_bytes = deny_log.rewrite(self._log_path, ())
        return self._remember(DenyView.of(base), log_bytes)

    # --- compaction ----------------------------------------------------------------------------

    def _compaction_due(self) -> bool:
        view = self._view
        if view is None or self.log_bytes < COMPACT_FROM_BYTES:
            return False
        return view.head.digest != self._not_merging

    def _compacting(self) -> Generator[None, None, None]:
        lock = self._lock()
        writer = None
        try:
            self.refresh()
            view = self._view
            if view is None or view.head == view.base.head:
                return
            with file_errors(self._base_path):
                writer = BaseWriter(self._base_path, view.message, view.head)
                for block in merged(view):
                    writer.write(block)
                    yield
                self._begin_log(writer.commit())
        except DenyListCorrupt:
            self._not_merging = None if self._view is None else self._view.head.digest
            raise
        finally:
            if writer is not None:
                writer.abandon()
            lock.release()

    def _abandon(self) -> None:
        """Leave off; a draft is overwritten next time."""
        if self._work is not None:
            self._work.close()
            self._work = None


def _mark(path: Path) -> _Mark:
    try:
        found = os.stat(path)  # noqa: PTH116 - asked several times a second, without an object
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
