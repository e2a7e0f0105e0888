"""The bytes of docs/protocol/journal.md, frozen: ``tests/vectors/journal/journal.json``."""

from __future__ import annotations

import json
from pathlib import Path

from host_sim.world.sales import MIRROR_NAME, NOON_UNIX_S, ORIGIN, Shop
from terminal.crypto.keys import SoftwareSigner, parse_public_key
from terminal.crypto.merkle import Frontier, decode_frontier, verify_consistency, verify_inclusion
from terminal.crypto.notes import COSIGNATURE, Checkpoint, cosign, open_note, verifier
from terminal.journal.entry import decode_entry
from terminal.journal.export import read_export
from terminal.journal.export_file import decode_export
from terminal.journal.verify import TrustedKeys, check_export

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "journal" / "journal.json").read_text(encoding="utf-8")
)
JOURNAL_KEY = bytes.fromhex(VECTORS["journal_key"])


def test_entries_leaves_roots_and_signatures_are_the_frozen_ones() -> None:
    frontier = Frontier()
    key = parse_public_key(JOURNAL_KEY, "key")
    for vector in VECTORS["entries"]:
        entry = decode_entry(bytes.fromhex(vector["data"]))
        assert (entry.kind.name, entry.leaf().hex()) == (vector["kind"], vector["leaf"])
        frontier = frontier.append(entry.leaf())
        assert frontier.root().hex() == vector["root"]
        checkpoint = Checkpoint(ORIGIN, frontier.size, frontier.root())
        key.verify(bytes.fromhex(vector["signature"]), checkpoint.text())
    assert decode_frontier(bytes.fromhex(VECTORS["frontier"])) == frontier


def test_checkpoint_and_cosignature_are_the_frozen_ones() -> None:
    mirror = verifier(MIRROR_NAME, bytes.fromhex(VECTORS["mirror_key"]), COSIGNATURE)
    opened = open_note(VECTORS["cosigned"].encode(), [verifier(ORIGIN, JOURNAL_KEY), mirror])
    assert len(opened.verified) == 2
    assert opened.cosigned_unix_s == ((MIRROR_NAME, NOON_UNIX_S),)
    assert VECTORS["cosigned"].startswith(VECTORS["checkpoint"])


def test_proofs_are_the_frozen_ones() -> None:
    leaves = [bytes.fromhex(vector["leaf"]) for vector in VECTORS["entries"]]
    roots = [bytes.fromhex(vector["root"]) for vector in VECTORS["entries"]]
    path = [bytes.fromhex(text) for text in VECTORS["inclusion_of_1_in_3"]]
    verify_inclusion(leaves[1], 1, 3, path, roots[2])
    proof = [bytes.fromhex(text) for text in VECTORS["consistency_2_to_3"]]
    verify_consistency(2, roots[1], 3, roots[2], proof)


def test_the_export_is_the_frozen_one() -> None:
    export = decode_export(VECTORS["export"].encode())
    report = check_export(export, TrustedKeys(journal=parse_public_key(JOURNAL_KEY, "key")))
    assert (report.accepted_minor, report.returned_minor) == (2500, 250)


def test_the_same_sales_give_the_same_bytes(tmp_path: Path) -> None:
    shop = Shop()
    mirror = SoftwareSigner("Ed25519", b"mirr" * 8)
    with shop.open(tmp_path / "j") as journal:
        shop.sell(journal, 1250, 0)
        shop.sell(journal, 1250, 0)
        with journal.transaction() as transaction:
            transaction.refund(0, 250, policy=1)
        journal.record_cosigned(cosign(journal.checkpoint(), MIRROR_NAME, mirror, NOON_UNIX_S))
        assert read_export(journal).encode().decode() == VECTORS["export"]
