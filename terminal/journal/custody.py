"""What the host has: cosigned checkpoints, verdicts, and the sums that are not safe yet.

Custody and verdict are two things (docs/protocol/journal.md): a mirror's cosignature says that
every entry below it is durable at the host, a verdict says what became of one entry. Both may come
twice, late or out of order, with the effect of once. Invariant: ``judged_*`` sums the accepted
entries below ``size`` that have a verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from terminal.crypto.merkle import leaf_hash
from terminal.crypto.notes import decode_checkpoint, split_note
from terminal.errors import DecodeError, JournalCorrupt
from terminal.journal.entry import EntryKind
from terminal.journal.tree import stored_root
from terminal.payment.verdict import Verdict, decode_verdict

if TYPE_CHECKING:
    import apsw

_ACCEPTED: Final = int(EntryKind.ACCEPTED)
_JUDGED: Final = """SELECT coalesce(sum(entry.amount), 0), count(*)
    FROM entry JOIN verdict USING (idx) WHERE idx >= ? AND idx < ? AND kind = 1"""
_ADVANCE: Final = """UPDATE custody SET size = ?, note = ?, sum_minor = ?, sum_count = ?,
    judged_minor = judged_minor + ?, judged_count = judged_count + ?"""
_JUDGE: Final = (
    "UPDATE custody SET judged_minor = judged_minor + ?, judged_count = judged_count + 1"
)


@dataclass(frozen=True, slots=True)
class Custody:
    """What is safe with the host. ``sum_*`` are what was accepted below ``size``, ever."""

    size: int = 0
    """Entries below this are under a mirror's cosignature."""
    note: bytes | None = None
    contact_unix_s: int | None = None
    """When the host last answered, by the host's own signed time where there is one."""
    contacts: int = 0
    """How often the host answered; rises with every successful sync."""
    nonce_only: bool = False
    """The marks may be older than the sales: only fresh requests until the next sync."""
    sum_minor: int = 0
    sum_count: int = 0
    judged_minor: int = 0
    judged_count: int = 0


def read_custody(connection: apsw.Connection) -> Custody:
    """The one row."""
    row = connection.execute(
        """SELECT size, note, contact, contacts, nonce_only, sum_minor, sum_count, judged_minor,
            judged_count FROM custody"""
    ).fetchone()
    if row is None:
        raise JournalCorrupt("the custody row is missing")
    size, note, contact, contacts, nonce_only, *sums = row
    return Custody(size, note, contact, contacts, bool(nonce_only), *sums)


def store_cosigned(connection: apsw.Connection, note: bytes, origin: str, size: int) -> None:
    """Take a cosigned checkpoint of this journal of ``size`` entries; an older one changes nothing.

    Raises:
        DecodeError: not a checkpoint of this journal.
        JournalCorrupt: the host has entries that are not here, or other ones: this is an old image
            or a copy. Nothing was written.
    """
    checkpoint = decode_checkpoint(split_note(note)[0])
    before = read_custody(connection)
    if checkpoint.origin != origin:
        raise DecodeError("cosigned.origin", "another journal's checkpoint")
    if checkpoint.size > size:
        raise JournalCorrupt(
            f"the host holds {checkpoint.size} entries of this journal, here are {size}: "
            "an older image was restored"
        )
    if checkpoint.root != stored_root(connection, checkpoint.size):
        raise JournalCorrupt(
            f"the host holds another history of the first {checkpoint.size} entries"
        )
    if checkpoint.size <= before.size:
        return
    sums = connection.execute(
        "SELECT sum_minor, sum_count FROM entry WHERE idx = ?", (checkpoint.size - 1,)
    ).fetchone()
    judged = connection.execute(_JUDGED, (before.size, checkpoint.size)).fetchone()
    connection.execute(_ADVANCE, (checkpoint.size, note, *(sums or (0, 0)), *(judged or (0, 0))))


def store_contact(connection: apsw.Connection, unix_s: int) -> None:
    """A sync succeeded at this time."""
    connection.execute(
        "UPDATE custody SET contact = ?, contacts = contacts + 1, nonce_only = 0", (unix_s,)
    )


def store_nonce_only(connection: apsw.Connection) -> None:
    """Take nothing but fresh requests until the next sync."""
    connection.execute("UPDATE custody SET nonce_only = 1")


def store_verdict(connection: apsw.Connection, data: bytes) -> Verdict:
    """Take the host's answer on one entry; a later one replaces an earlier one.

    The caller has verified the signature.

    Raises:
        DecodeError: not a verdict, or about an entry that is not this journal's.
    """
    verdict = decode_verdict(data)
    row = connection.execute(
        "SELECT data, kind, amount FROM entry WHERE idx = ?", (verdict.index,)
    ).fetchone()
    if row is None or leaf_hash(bytes(row[0])) != verdict.leaf:
        raise DecodeError("verdict.leaf", f"not entry {verdict.index} of this journal")
    known = connection.execute("SELECT 1 FROM verdict WHERE idx = ?", (verdict.index,)).fetchone()
    connection.execute(
        "INSERT OR REPLACE INTO verdict VALUES (?, ?, ?, ?)",
        (verdict.index, int(verdict.status), int(verdict.reason), data),
    )
    if known is None and row[1] == _ACCEPTED and verdict.index < read_custody(connection).size:
        connection.execute(_JUDGE, (row[2],))
    return verdict
