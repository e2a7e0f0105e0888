"""What opening a journal checks.

On opening: SQLite recovers its WAL; the identity must be the key's; the last checkpoint's signature
must verify over the stored frontier; and the last entries, hashed again on top of an older
frontier, must lead to the same root. That costs the logarithm of the journal and finds a damaged or
foreign tail; ``terminal.journal.deep_check`` finds the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import apsw

from terminal.crypto.keys import parse_public_key
from terminal.crypto.merkle import Frontier, leaf_hash
from terminal.crypto.notes import Checkpoint
from terminal.errors import DecodeError, JournalCorrupt, SignatureInvalid
from terminal.journal.entry import Entry, decode_entry
from terminal.journal.head import Head, read_head
from terminal.journal.reader import Identity, read_identity
from terminal.journal.tree import stored_frontier

if TYPE_CHECKING:
    from terminal.crypto.keys import PublicKey

TAIL_ENTRIES: Final = 64
"""How many of the newest entries are hashed again on every opening."""


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
    check_signature(key, identity.origin, head.frontier, head.signature)
    start = max(0, head.size - TAIL_ENTRIES)
    frontier = stored_frontier(connection, start)
    rows = connection.execute("SELECT idx, data FROM entry WHERE idx >= ? ORDER BY idx", (start,))
    for index, data in rows:
        decode_row(index, frontier.size, data)
        frontier = frontier.append(leaf_hash(data))
    if frontier != head.frontier:
        raise JournalCorrupt(f"one of the entries {start} to {head.size - 1} was altered")


def check_signature(key: PublicKey, origin: str, frontier: Frontier, signature: bytes) -> None:
    """The journal key signed the checkpoint of this frontier, or JournalCorrupt."""
    text = Checkpoint(origin, frontier.size, frontier.root()).text()
    try:
        key.verify(signature, text)
    except SignatureInvalid as error:
        raise JournalCorrupt(
            "its checkpoint does not verify under the journal key", frontier.size - 1
        ) from error


def decode_row(index: int, expected: int, data: bytes) -> Entry:
    """The entry in a row, which is the one expected there, or JournalCorrupt."""
    if index != expected:
        raise JournalCorrupt("missing", expected)
    try:
        entry = decode_entry(data)
    except DecodeError as error:
        raise JournalCorrupt(str(error), index) from error
    if entry.index != index:
        raise JournalCorrupt(f"says that it is entry {entry.index}", index)
    return entry
