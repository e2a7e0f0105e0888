"""One version of the long deny list: a base with later changes laid over it. Immutable.

A subject is listed when it was added since the base, or stands in the base and was not removed
since. Merging gives the subjects of a new base block by block, each from one block of the old.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from terminal.errors import JournalError
from terminal.journal.deny_base import DenyBase, Values, subject_bytes, subject_values
from terminal.payment.deny_head import DenyDelta, DenyHead


class DenyListRefused(JournalError):
    """Genuine, but not what comes next: versions only rise, and a delta follows one list only."""

    exit_code = 65


@dataclass(frozen=True, slots=True)
class DenyView:
    """A ``payment.deny_list.DenyList``. Keeps the base mapped while it exists."""

    base: DenyBase
    head: DenyHead
    """What the host says of this version."""
    message: bytes
    """The signed form of ``head``."""
    added: frozenset[bytes] = frozenset()
    removed: frozenset[bytes] = frozenset()

    @classmethod
    def of(cls, base: DenyBase) -> Self:
        """The base alone."""
        return cls(base, base.head, base.message)

    @property
    def version(self) -> int:
        return self.head.version

    @property
    def overlay_count(self) -> int:
        """Subjects kept in memory beside the base."""
        return len(self.added) + len(self.removed)

    def __contains__(self, subject: object, /) -> bool:
        if subject in self.added:
            return True
        return subject not in self.removed and subject in self.base

    def after(self, delta: DenyDelta) -> DenyView:
        """The next version.

        Raises:
            DenyListRefused: the delta follows another list.
        """
        if delta.head.version != self.version + 1:
            raise DenyListRefused(
                f"the changes lead to version {delta.head.version}, here is {self.version}"
            )
        if delta.head.previous != self.head.digest:
            raise DenyListRefused(f"the changes follow another list of version {self.version}")
        changes = delta.changes
        return DenyView(
            self.base,
            delta.head,
            delta.message,
            (self.added - changes.removed) | changes.added,
            (self.removed - changes.added) | changes.removed,
        )


def merged(view: DenyView) -> Iterator[bytes]:
    """All subjects of a version in ascending order, in blocks of about the base's size."""
    added, removed = _sorted_values(view.added), _sorted_values(view.removed)
    done = 0
    for block in view.base.blocks():
        values = subject_values(block)
        upto = int(np.searchsorted(added, values[-1], side="right"))
        yield subject_bytes(_with(_without(values, removed), added[done:upto]))
        done = upto
    yield subject_bytes(added[done:])


def _sorted_values(subjects: frozenset[bytes]) -> Values:
    return subject_values(b"".join(sorted(subjects)))


def _without(values: Values, removed: Values) -> Values:
    """``values`` but those removed; both ascending."""
    first, last = np.searchsorted(removed, (values[0], values[-1]))
    here = removed[first : last + 1]
    at = np.searchsorted(values, here)
    inside = at < values.size
    at, here = at[inside], here[inside]
    return np.delete(values, at[values[at] == here])


def _with(values: Values, added: Values) -> Values:
    """``values`` and those added, ascending, each once."""
    at = np.searchsorted(values, added)
    fresh = np.ones(added.size, dtype=np.bool_)
    inside = at < values.size
    fresh[inside] = values[at[inside]] != added[inside]
    return np.insert(values, at[fresh], added[fresh])
