"""The Merkle tree over the rows of ``entry``.

Row i holds ``node``, the root of the largest perfect subtree that ends after leaf i. That is what
appending leaf i computes anyway, never changes, and makes every frontier of the past a read of one
row for each set bit of its size, and every proof a read of logarithmically many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.crypto.merkle import Frontier, leaf_hash, node_hash, perfect_subtrees, tree_root
from terminal.errors import JournalCorrupt

if TYPE_CHECKING:
    import apsw

    from terminal.crypto.merkle import Subtree

_NODE = "SELECT node FROM entry WHERE idx = ?"
_DATA = "SELECT data FROM entry WHERE idx = ?"


def _blob(connection: apsw.Connection, sql: str, index: int) -> bytes:
    found = connection.execute(sql, (index,)).fetchone()
    if found is None:
        raise JournalCorrupt("missing", index)
    return bytes(found[0])


def stored_frontier(connection: apsw.Connection, size: int) -> Frontier:
    """The frontier after ``size`` entries, as the rows have it; not checked against entries.

    Raises:
        JournalCorrupt: a row is missing.
    """
    stops = (stop for _, stop in perfect_subtrees(size))
    return Frontier(size, tuple(_blob(connection, _NODE, stop - 1) for stop in stops))


def stored_subtree(connection: apsw.Connection) -> Subtree:
    """Perfect subtrees from stored nodes, hashing only where a larger one is stored instead."""

    def subtree(start: int, stop: int) -> bytes:
        count = stop - start
        if stop & -stop == count:
            return _blob(connection, _NODE, stop - 1)
        if count == 1:
            return leaf_hash(_blob(connection, _DATA, start))
        middle = start + count // 2
        return node_hash(subtree(start, middle), subtree(middle, stop))

    return subtree


def stored_root(connection: apsw.Connection, size: int) -> bytes:
    """The root after ``size`` entries, as the rows have it."""
    return tree_root(stored_subtree(connection), 0, size)
