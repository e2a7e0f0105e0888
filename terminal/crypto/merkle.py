"""The Merkle tree of a journal: hashes, a compact frontier, and proofs.

Source: RFC 6962, 2.1 (hashing, audit paths, consistency proofs) and RFC 9162, 2.1.3.2 and 2.1.4.2
(how proofs are verified). Leaves and nodes are hashed with different prefixes, so neither can pass
for the other. Proof generation asks for perfect subtrees by position, so a caller that stores some
of them pays for no more than the logarithm of the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from terminal.errors import DecodeError, KumquatError

HASH_SIZE: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
MAX_TREE_SIZE: Final = 2**53 - 1

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"

Subtree = Callable[[int, int], bytes]
"""``subtree(start, stop)``: the hash of leaves [start, stop), a perfect subtree in its place."""


class ProofInvalid(KumquatError):
    """A Merkle proof does not lead to the root it was given for."""

    exit_code = 65


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data): 32 bytes (RFC 6962, 2.1)."""
    return sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right): 32 bytes (RFC 6962, 2.1)."""
    return sha256(_NODE + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed of a tree to append to it: the roots of its perfect subtrees.

    ``size`` leaves; ``nodes`` from the largest subtree (leftmost) to the smallest, one for each
    set bit of ``size``, 32 bytes each.
    """

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> Frontier:
        """The frontier with one more leaf hash."""
        nodes, carry, size = self.nodes, leaf, self.size
        while size & 1:
            carry = node_hash(nodes[-1], carry)
            nodes = nodes[:-1]
            size >>= 1
        return Frontier(self.size + 1, (*nodes, carry))

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """The frontier with more leaf hashes, in order."""
        frontier = self
        for leaf in leaves:
            frontier = frontier.append(leaf)
        return frontier

    def root(self) -> bytes:
        """The tree's root hash, 32 bytes."""
        if not self.nodes:
            return EMPTY_ROOT
        root = self.nodes[-1]
        for node in self.nodes[-2::-1]:
            root = node_hash(node, root)
        return root

    def encode(self) -> bytes:
        """Eight bytes of size, big endian, then the nodes."""
        return self.size.to_bytes(8, "big") + b"".join(self.nodes)


def decode_frontier(data: bytes) -> Frontier:
    """The inverse of ``Frontier.encode``.

    Raises:
        DecodeError: the length does not follow from the size, or the size is out of range.
    """
    size = int.from_bytes(data[:8], "big")
    if len(data) < 8 or size > MAX_TREE_SIZE:
        raise DecodeError("frontier.size", "missing or larger than 2^53 - 1")
    if len(data) != 8 + HASH_SIZE * size.bit_count():
        raise DecodeError("frontier.nodes", f"{len(data) - 8} bytes for a tree of {size} leaves")
    nodes = tuple(data[at : at + HASH_SIZE] for at in range(8, len(data), HASH_SIZE))
    return Frontier(size, nodes)


def perfect_subtrees(size: int) -> tuple[tuple[int, int], ...]:
    """The intervals [start, stop) that a frontier's nodes stand for, largest first."""
    intervals, start = [], 0
    for height in range(size.bit_length() - 1, -1, -1):
        if size >> height & 1:
            intervals.append((start, start + (1 << height)))
            start += 1 << height
    return tuple(intervals)


def _split(count: int) -> int:
    """The largest power of two smaller than ``count`` (RFC 6962, 2.1)."""
    return 1 << (count - 1).bit_length() - 1


def subtree_of(leaves: Sequence[bytes]) -> Subtree:
    """A ``Subtree`` over leaf hashes held in memory: for hosts' tests and small trees."""

    def subtree(start: int, stop: int) -> bytes:
        return Frontier().extend(leaves[start:stop]).root()

    return subtree


def tree_root(subtree: Subtree, start: int, stop: int) -> bytes:
    """The root over leaves [start, stop), from perfect subtrees in their places."""
    count = stop - start
    if count == 0:
        return EMPTY_ROOT
    if count & (count - 1) == 0:
        return subtree(start, stop)
    middle = start + _split(count)
    return node_hash(subtree(start, middle), tree_root(subtree, middle, stop))


def inclusion_proof(subtree: Subtree, index: int, size: int) -> tuple[bytes, ...]:
    """The audit path of leaf ``index`` in the tree of ``size`` leaves (RFC 6962, 2.1.1).

    Raises:
        ValueError: not 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path, start, stop = [], 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(tree_root(subtree, middle, stop))
            stop = middle
        else:
            path.append(tree_root(subtree, start, middle))
            start = middle
    return tuple(reversed(path))


def consistency_proof(subtree: Subtree, old_size: int, new_size: int) -> tuple[bytes, ...]:
    """That the tree of ``new_size`` only adds to the one of ``old_size`` (RFC 6962, 2.1.2).

    Raises:
        ValueError: not 0 < old_size <= new_size.
    """
    if not 0 < old_size <= new_size:
        raise ValueError(f"no consistency proof from {old_size} to {new_size}")
    path, start, stop, whole = [], 0, new_size, True
    while old_size != stop:
        middle = start + _split(stop - start)
        if old_size <= middle:
            path.append(tree_root(subtree, middle, stop))
            stop = middle
        else:
            path.append(tree_root(subtree, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(tree_root(subtree, start, stop))
    return tuple(reversed(path))


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check an audit path as RFC 9162, 2.1.3.2 does.

    Raises:
        ProofInvalid: the leaf hash is not at ``index`` of the tree with this size and root.
    """
    if not 0 <= index < size:
        raise ProofInvalid(f"no leaf {index} in a tree of {size}")
    position, last, running = index, size - 1, leaf
    for node in proof:
        if last == 0 or len(node) != HASH_SIZE:
            raise ProofInvalid("inclusion proof is too long or holds something else than hashes")
        if position & 1 or position == last:
            running = node_hash(node, running)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            running = node_hash(running, node)
        position, last = position >> 1, last >> 1
    if last != 0 or running != root:
        raise ProofInvalid(f"leaf {index} is not under this root of {size} leaves")


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check a consistency proof as RFC 9162, 2.1.4.2 does; an empty old tree needs no proof.

    Raises:
        ProofInvalid: the new tree does not extend the old one, or the proof does not show it.
    """
    if not 0 <= old_size <= new_size:
        raise ProofInvalid(f"a tree of {new_size} leaves cannot extend one of {old_size}")
    if old_size in (0, new_size):
        trivial = EMPTY_ROOT if old_size == 0 else new_root
        if proof or old_root != trivial:
            raise ProofInvalid("sizes that need no proof came with one, or with unequal roots")
        return
    path = proof if old_size & (old_size - 1) else [old_root, *proof]
    if not path or any(len(node) != HASH_SIZE for node in path):
        raise ProofInvalid("consistency proof is empty or holds something else than hashes")
    if _climb(path, old_size - 1, new_size - 1) != (old_root, new_root):
        raise ProofInvalid(f"the tree of {new_size} leaves does not extend that of {old_size}")


def _climb(path: Sequence[bytes], position: int, last: int) -> tuple[bytes, bytes]:
    """Both roots that a consistency proof leads to (RFC 9162, 2.1.4.2, steps 3 to 6)."""
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            raise ProofInvalid("consistency proof is too long")
        if position & 1 or position == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, node)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise ProofInvalid("consistency proof is too short")
    return old, new
