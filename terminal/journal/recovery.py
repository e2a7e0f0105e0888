"""What opening a journal checks, and the deep check that recomputes everything.

On opening: SQLite recovers its WAL; the identity must be the key's; the last checkpoint's signature
must verify over the stored frontier; and the last entries, hashed again on top of an older
frontier, must lead to the same root. That costs the logarithm of the journal and finds a damaged or
foreign tail; ``deep_check`` finds the rest, and is what ``doctor`` runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import apsw

from terminal.crypto.keys import parse_public_key
from terminal.crypto.merkle import Frontier, leaf_hash
from terminal.crypto.notes import Checkpoint
from terminal.errors import DecodeError, JournalCorrupt, SignatureInvalid
from terminal.journal.detail import Return, decode_detail
from terminal.journal.entry import Entry, EntryKind, decode_entry
from terminal.journal.head import Head, read_head
from terminal.journal.reader import Identity, JournalReader, read_identity
from terminal.journal.tree import stored_frontier
from terminal.payment.presentation import decode_presentation

if TYPE_CHECKING:
    from terminal.crypto.keys import PublicKey

TAIL_ENTRIES: Final = 64
"""How many of the newest entries are hashed again on every opening."""
_ROWS: Final = """SELECT idx, data, node, signature, kind, time, latest, floor, amount, sum_minor,
    sum_count, shift FROM entry ORDER BY idx"""


def recover(connection: apsw.Connection, identity: Identity) -> Head:
    """The head that the files hold, checked; a new journal is given its identity.

    Raises:
        JournalCorrupt: they contradict their own checkpoint, or belong to another journal.
    """
    try:
        found = read_identity(connection)
        if found is None:
            connection.execute(
                "INSERT INTO identity VALUES (1, ?, ?)", (identity.origin, identity.public_key)
            )
        elif found != identity:
            raise JournalCorrupt(f"this is the journal of {found.origin}, under another key")
        head = read_head(connection)
        if head.size:
            _check_tail(connection, head, identity)
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise JournalCorrupt(f"the database is damaged: {error}") from error
    return head


def _check_tail(connection: apsw.Connection, head: Head, identity: Identity) -> None:
    key = parse_public_key(identity.public_key, "journal.key")
    _check_signature(key, identity.origin, head.frontier, head.signature)
    start = max(0, head.size - TAIL_ENTRIES)
    frontier = stored_frontier(connection, start)
    rows = connection.execute("SELECT idx, data FROM entry WHERE idx >= ? ORDER BY idx", (start,))
    for index, data in rows:
        _decode(index, frontier.size, data)
        frontier = frontier.append(leaf_hash(data))
    if frontier != head.frontier:
        raise JournalCorrupt(f"one of the entries {start} to {head.size - 1} was altered")


def _check_signature(key: PublicKey, origin: str, frontier: Frontier, signature: bytes) -> None:
    text = Checkpoint(origin, frontier.size, frontier.root()).text()
    try:
        key.verify(signature, text)
    except SignatureInvalid as error:
        raise JournalCorrupt(
            "its checkpoint does not verify under the journal key", frontier.size - 1
        ) from error


def _decode(index: int, expected: int, data: bytes) -> Entry:
    if index != expected:
        raise JournalCorrupt("missing", expected)
    try:
        entry = decode_entry(data)
    except DecodeError as error:
        raise JournalCorrupt(str(error), index) from error
    if entry.index != index:
        raise JournalCorrupt(f"says that it is entry {entry.index}", index)
    return entry


def deep_check(journal: JournalReader) -> int:
    """Recompute the whole journal from its entries; returns how many there are.

    Every row must follow from the entries before it: tree, sums, times, shifts, and each
    checkpoint's signature. Seconds for a hundred thousand entries.

    Raises:
        JournalCorrupt: naming the first entry that is wrong, where it is one.
    """
    with journal.snapshot():
        connection = journal.checked_connection()
        try:
            problem = connection.execute("PRAGMA integrity_check(1)").fetchone()
        except apsw.Error as error:
            raise JournalCorrupt(f"the database is damaged: {error}") from error
        if problem != ("ok",):
            raise JournalCorrupt(f"the database is damaged: {problem}")
        head = Head(Frontier())
        key = parse_public_key(journal.identity.public_key, "journal.key")
        for row, entry in _rows(connection):
            head = _follow(head, row, entry)
            _check_signature(key, journal.origin, head.frontier, head.signature)
    return head.size


def _rows(connection: apsw.Connection) -> Iterator[tuple[tuple[object, ...], Entry]]:
    for expected, row in enumerate(connection.execute(_ROWS)):
        index, data, *rest = row
        yield tuple(rest), _decode(index, expected, data)


def _follow(head: Head, row: tuple[object, ...], entry: Entry) -> Head:
    """The head after one row, where the row says the same."""
    signature = row[1]
    amount_minor = _amount_of(entry)
    frontier = head.frontier.append(entry.leaf())
    if not isinstance(signature, bytes) or row[0] != frontier.nodes[-1]:
        raise JournalCorrupt("its place in the tree was altered", entry.index)
    now = head.after(entry, frontier, signature, amount_minor)
    follows = (
        int(entry.kind),
        entry.time_unix_s,
        now.latest_unix_s,
        now.floor_unix_s,
        amount_minor,
        now.sum_minor,
        now.sum_count,
        now.shift_start,
    )
    if row[2:] != follows:
        raise JournalCorrupt("its row was altered", entry.index)
    return now


def _amount_of(entry: Entry) -> int:
    try:
        if entry.kind is EntryKind.ACCEPTED:
            return decode_presentation(entry.presentation).spend.amount_minor
        detail = decode_detail(entry)
    except DecodeError as error:
        raise JournalCorrupt(str(error), entry.index) from error
    return detail.amount_minor if isinstance(detail, Return) else 0
