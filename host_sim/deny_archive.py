"""What a host published of the long deny list, as files that it serves piece by piece.

``N.base`` is version N whole, ``N.delta`` the changes that lead to it (docs/protocol/deny-list.md,
sections 2 and 3). A file appears under its name when it is whole, and never changes after.

Invariants: versions only rise, by one; the newest base is always there, and the one before it, for
terminals that are half through; changes are kept while they take less than a whole list would.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from host_sim import deny_publisher
from host_sim.keys import HostKeys
from host_sim.refusal import UsageError
from terminal.errors import JournalLocked
from terminal.journal.deny_base import Values, read_head
from terminal.journal.lock import AppendLock
from terminal.payment.deny_head import MAX_CHANGES, Changes, DenyHead
from terminal.sync.deny_messages import MAX_PIECE_BYTES, Part, Piece, PieceQuery

KEPT_BASES: Final = 2
_ENDINGS: Final = {Part.BASE: "base", Part.DELTA: "delta"}


class DenyArchive:
    """One host's directory of published lists; need not exist before the first is published."""

    def __init__(self, folder: Path, keys: HostKeys) -> None:
        self._folder = folder
        self._keys = keys

    def newest(self) -> tuple[DenyHead, bytes] | None:
        """The newest head and its signed form; None before the first list.

        Raises:
            DenyListCorrupt: the file is damaged, or another host's.
        """
        versions = self._versions(Part.BASE)
        if not versions:
            return None
        with self._path(versions[-1], Part.BASE).open("rb") as file:
            return read_head(file, self._keys.public("root"))

    def piece(self, query: PieceQuery) -> Piece | None:
        """The piece asked for; None where there is no such file, or it ends before.

        Raises:
            OSError: it cannot be read.
        """
        path = self._path(query.version, query.part)
        try:
            with path.open("rb") as file:
                size = path.stat().st_size
                file.seek(query.offset)
                data = file.read(MAX_PIECE_BYTES)
        except FileNotFoundError:
            return None
        return Piece(query, size, data) if data else None

    def publish(self, subjects: Values) -> tuple[DenyHead, Changes | None]:
        """Sign and keep the next version; the changes, where it can be had by them.

        Raises:
            UsageError: nothing changed, too many subjects, or another process is publishing.
            DenyListCorrupt: the newest list is damaged.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            lock = AppendLock(self._folder / "writer")
        except JournalLocked:
            raise UsageError("another process is publishing; try again soon") from None
        try:
            made = self._publish(subjects)
            self._prune()
        finally:
            lock.release()
        return made

    def _publish(self, subjects: Values) -> tuple[DenyHead, Changes | None]:
        root = self._keys.root
        newest = self.newest()
        version = newest[0].version + 1 if newest else 1
        path = self._path(version, Part.BASE)
        if newest is None:
            return deny_publisher.build(path, subjects, version, root), None
        old_path = self._path(version - 1, Part.BASE)
        old = deny_publisher.open_published(old_path, self._keys.public("root"))
        added, removed = deny_publisher.change_counts(old, subjects)
        if max(added, removed) > MAX_CHANGES:
            self._path(version, Part.DELTA).unlink(missing_ok=True)  # of a run that was cut
            return deny_publisher.build(path, subjects, version, root), None
        delta_path = self._path(version, Part.DELTA)
        return deny_publisher.publish_changes(old, path, delta_path, subjects, root)

    def _prune(self) -> None:
        bases = self._versions(Part.BASE)
        for version in bases[:-KEPT_BASES]:
            self._path(version, Part.BASE).unlink()
        left = self._path(bases[-1], Part.BASE).stat().st_size
        for version in reversed(self._versions(Part.DELTA)):
            path = self._path(version, Part.DELTA)
            left -= path.stat().st_size
            if left < 0 and version < bases[-1]:
                path.unlink()

    def _path(self, version: int, part: Part) -> Path:
        return self._folder / f"{version}.{_ENDINGS[part]}"

    def _versions(self, part: Part) -> list[int]:
        found = self._folder.glob(f"*.{_ENDINGS[part]}")
        return sorted(int(path.stem) for path in found if path.stem.isdecimal())
