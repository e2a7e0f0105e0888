"""Installs and reads the long deny list of one terminal, beside the process that sells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from terminal.compose.state import StatePaths, load_enrolment
from terminal.errors import JournalError
from terminal.journal.deny_base import MAGIC
from terminal.journal.deny_store import DenyStore
from terminal.payment.deny_head import MAX_DELTA_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from terminal.journal.deny_view import DenyView


@dataclass(frozen=True, slots=True)
class DenyStatus:
    """What is installed; version 0 for nothing."""

    version: int
    subject_count: int
    mapped_bytes: int
    overlay_count: int
    dropped_bytes: int
    problem: str | None


def install(paths: StatePaths, files: Iterable[Path]) -> Iterator[DenyView]:
    """Take whole lists and changes, file by file; what is in force after each.

    Raises:
        ConfigError: not enrolled. JournalError, DecodeError, SignatureInvalid: a file cannot be
            used; those before it stay installed.
    """
    store = DenyStore(paths.deny_list, load_enrolment(paths).root_key)
    for path in files:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_DELTA_SIZE + 1)
        except OSError as error:
            raise JournalError(f"{path} cannot be read: {error.strerror}") from error
        yield store.install(path) if data.startswith(MAGIC) else store.apply(data)


def read(paths: StatePaths) -> DenyStatus:
    """Check all of what is installed.

    Raises:
        ConfigError: not enrolled.
    """
    store = DenyStore(paths.deny_list, load_enrolment(paths).root_key)
    try:
        view = store.refresh()
    except JournalError:
        view = None  # said in ``problem``
    if view is None:
        return DenyStatus(0, 0, 0, 0, 0, store.problem)
    return DenyStatus(
        view.version,
        view.head.count,
        view.base.mapped_bytes,
        view.overlay_count,
        store.dropped_bytes,
        store.problem,
    )
