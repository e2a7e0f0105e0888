"""Reads a terminal's journal beside the process that may be writing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from terminal.compose.state import StatePaths, load_enrolment
from terminal.errors import ConfigError
from terminal.journal.reader import JournalReader
from terminal.payment.policy import decode_policy
from terminal.sale import book

if TYPE_CHECKING:
    from terminal.sale.view import SaleLine, Totals


@dataclass(frozen=True, slots=True)
class Status:
    """A terminal's takings since it was enrolled, and what still waits for the host."""

    terminal: int
    currency: int
    entries: int
    totals: Totals
    lines: tuple[SaleLine, ...]
    unannounced: tuple[int, ...]


def read_status(paths: StatePaths) -> Status:
    """The whole journal's sums and lines, oldest first.

    Raises:
        ConfigError: not enrolled. JournalError: there is no journal, or it is corrupt.
    """
    record = load_enrolment(paths)
    with JournalReader.open(paths.journal) as journal, journal.snapshot():
        bundle = journal.policy()
        if bundle is None:
            raise ConfigError("policy", "none is installed: run `kumquat enrol` again")
        return Status(
            terminal=record.origin.terminal,
            currency=decode_policy(bundle, record.root_key).currency,
            entries=journal.size,
            totals=book.totals(journal, 0),
            lines=tuple(reversed(book.today(journal, 0))),
            unannounced=tuple(entry.index for entry in journal.unannounced()),
        )
