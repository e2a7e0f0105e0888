"""Merkle trees against published vectors, and against each other for any size.

Vectors: ``tests/vectors/journal/merkle.json``, from github.com/transparency-dev/merkle
(``testonly/constants.go`` and ``testdata/{inclusion,consistency}/*/happy-path.json``, Apache-2.0).
"""

from __future__ import annotations

import json
from base64 import b64decode
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.crypto.merkle import (
    EMPTY_ROOT,
    Frontier,
    ProofInvalid,
    consistency_proof,
    decode_frontier,
    inclusion_proof,
    leaf_hash,
    perfect_subtrees,
    subtree_of,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from terminal.errors import DecodeError

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "journal" / "merkle.json").read_text(encoding="utf-8")
)
LEAVES = [leaf_hash(bytes([n])) for n in range(70)]
SUBTREE = subtree_of(LEAVES)


def unpack(texts: list[str]) -> list[bytes]:
    return [b64decode(text) for text in texts]


def test_leaf_and_root_hashes_are_the_published_ones() -> None:
    leaves = [leaf_hash(bytes.fromhex(text)) for text in VECTORS["leaf_inputs"]]
    assert [leaf.hex() for leaf in leaves] == VECTORS["leaf_hashes"]
    frontier = Frontier()
    roots = [frontier.root().hex()]
    for leaf in leaves:
        frontier = frontier.append(leaf)
        roots.append(frontier.root().hex())
    assert roots == VECTORS["roots"]


@pytest.mark.parametrize("case", VECTORS["inclusion"])
def test_published_inclusion_proofs_verify_and_are_what_we_make(
    case: dict[str, int | str | list[str]],
) -> None:
    index, size = case["leafIdx"], case["treeSize"]
    proof, root, leaf = case["proof"], case["root"], case["leafHash"]
    assert isinstance(index, int)
    assert isinstance(size, int)
    assert isinstance(proof, list)
    path = unpack(proof)
    verify_inclusion(b64decode(str(leaf)), index, size, path, b64decode(str(root)))
    leaves = [bytes.fromhex(text) for text in VECTORS["leaf_hashes"]]
    assert list(inclusion_proof(subtree_of(leaves), index, size)) == path


@pytest.mark.parametrize("case", VECTORS["consistency"])
def test_published_consistency_proofs_verify_and_are_what_we_make(
    case: dict[str, int | str | list[str]],
) -> None:
    old, new = case["size1"], case["size2"]
    proof = case["proof"]
    assert isinstance(old, int)
    assert isinstance(new, int)
    assert isinstance(proof, list)
    path = unpack(proof)
    roots = b64decode(str(case["root1"])), b64decode(str(case["root2"]))
    verify_consistency(old, roots[0], new, roots[1], path)
    leaves = [bytes.fromhex(text) for text in VECTORS["leaf_hashes"]]
    assert list(consistency_proof(subtree_of(leaves), old, new)) == path


@given(st.integers(1, 70), st.data())
def test_every_leaf_is_provable_and_no_other_passes_for_it(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root = tree_root(SUBTREE, 0, size)
    proof = inclusion_proof(SUBTREE, index, size)
    verify_inclusion(LEAVES[index], index, size, proof, root)
    other = data.draw(st.integers(0, size - 1))
    changed = [
        (LEAVES[index], other, size, proof),
        (LEAVES[index], index, size + 1, proof),
        (LEAVES[index], index, size, proof[1:]),
        (LEAVES[index], index, size, (*proof, root)),
        (LEAVES[(index + 1) % 70], index, size, proof),
    ]
    for leaf, place, count, path in changed:
        if (leaf, place, count, path) != (LEAVES[index], index, size, proof):
            with pytest.raises(ProofInvalid):
                verify_inclusion(leaf, place, count, path, tree_root(SUBTREE, 0, size - 1))


@given(st.integers(1, 70), st.data())
def test_every_earlier_tree_is_consistent_and_no_other(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, new))
    roots = tree_root(SUBTREE, 0, old), tree_root(SUBTREE, 0, new)
    proof = consistency_proof(SUBTREE, old, new) if old else ()
    verify_consistency(old, roots[0], new, roots[1], proof)
    for bad in ((old, LEAVES[0], new, LEAVES[1], proof), (new + 1, roots[1], new, roots[1], ())):
        with pytest.raises(ProofInvalid):
            verify_consistency(*bad)
    if proof:
        for broken in (proof[:-1], (*proof, roots[0]), (bytes(32), *proof[1:])):
            with pytest.raises(ProofInvalid):
                verify_consistency(old, roots[0], new, roots[1], broken)


@given(st.integers(0, 70))
def test_a_frontier_appends_as_the_whole_tree_does(size: int) -> None:
    frontier = Frontier().extend(LEAVES[:size])
    assert frontier.root() == (tree_root(SUBTREE, 0, size) if size else EMPTY_ROOT)
    assert decode_frontier(frontier.encode()) == frontier
    intervals = perfect_subtrees(size)
    assert [SUBTREE(start, stop) for start, stop in intervals] == list(frontier.nodes)
    assert all(one[1] == two[0] for one, two in pairwise(intervals))


@given(st.binary(max_size=200))
def test_a_frontier_of_another_length_is_refused(data: bytes) -> None:
    try:
        found = decode_frontier(data)
    except DecodeError:
        return
    assert found.encode() == data


def test_proofs_that_cannot_be_made_are_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(SUBTREE, 5, 5)
    with pytest.raises(ValueError, match="no consistency proof"):
        consistency_proof(SUBTREE, 0, 5)
