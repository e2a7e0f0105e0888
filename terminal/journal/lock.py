"""One process appends: an operating-system lock that dies with its holder.

Source: flock(2). The lock file stands beside the database: closing any descriptor of the database
itself would drop SQLite's own POSIX locks. The file is never removed, since removing a locked file
lets a second process lock a new one under the same name.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from terminal.errors import JournalError, JournalLocked


class AppendLock:
    """Held from construction to ``release`` or the end of the process.

    Raises:
        JournalLocked: another process holds it.
        JournalError: the lock file cannot be made.
    """

    __slots__ = ("_descriptor",)

    def __init__(self, journal: Path) -> None:
        path = journal.with_name(journal.name + ".lock")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalError(f"{path} cannot be opened: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise JournalLocked(
                f"{journal} is open in another process; stop that terminal first"
            ) from error
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Let another process in; again is harmless."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
