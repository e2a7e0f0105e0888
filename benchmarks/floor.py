"""The floor of a sale, and how ours compares: what no honest terminal can leave out.

The floor verifies the same signatures, signs one checkpoint with the same key, and commits the same
bytes with ``BEGIN; INSERT; COMMIT`` into a one-table SQLite with the same pragmas on the same file
system. Calls alternate, ours and the floor's, so that both meet the same moments of the disk; both
databases move their WAL at the same times, outside the timed part. Ratios are of medians and of
99th percentiles, with a bootstrap interval over the pairs.

    python -m benchmarks.floor [--pairs 5000] [--directory .]

prints the journal's own path (verify, transaction, counters, append) against the floor, and counts
fsyncs and WAL bytes a sale through a VFS shim.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import apsw
import numpy as np
from numpy.typing import NDArray

from host_sim.world.faults import FaultyDisk
from host_sim.world.sales import Shop
from terminal.crypto.keys import PublicKey
from terminal.crypto.notes import Checkpoint
from terminal.journal.draft import EntryDraft
from terminal.journal.schema import PAGE_SIZE, WAL_SIZE_LIMIT
from terminal.journal.writer import IDLE_WAL_PAGES, Journal
from terminal.ports import Signer

PAIRS: Final = 5_000
WARM_UP: Final = 200
RESAMPLES: Final = 1_000
COUNTED_SALES: Final = 500
Signed = tuple[PublicKey, bytes, bytes]
"""Key, signature, message."""


class Floor:
    """The one-table database. ``idle`` is called as often as the journal's."""

    def __init__(self, path: Path, signer: Signer, vfs: str | None = None) -> None:
        self._connection = apsw.Connection(str(path), vfs=vfs)
        self._connection.pragma("page_size", PAGE_SIZE)
        assert self._connection.pragma("journal_mode", "wal") == "wal"
        self._connection.pragma("synchronous", "FULL")
        self._connection.pragma("wal_autocheckpoint", 0)
        self._connection.pragma("journal_size_limit", WAL_SIZE_LIMIT)
        self._connection.execute("CREATE TABLE entry(idx INTEGER PRIMARY KEY, data BLOB NOT NULL)")
        self._connection.set_wal_hook(self._count_wal)
        self._wal_pages = 0
        self._signer = signer
        self._checkpoint = Checkpoint("host.example/t/7/1", 10_000, bytes(32)).text()

    def sale(self, signed: Sequence[Signed], data: bytes) -> None:
        """Verify, sign, commit."""
        for key, signature, message in signed:
            key.verify(signature, message)
        self._signer.sign(self._checkpoint)
        execute = self._connection.execute
        execute("BEGIN")
        execute("INSERT INTO entry(data) VALUES (?)", (data,))
        execute("COMMIT")

    def idle(self) -> None:
        if self._wal_pages >= IDLE_WAL_PAGES:
            self._connection.wal_checkpoint()

    def close(self) -> None:
        self._connection.close()

    def _count_wal(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ours over the floor. Each ratio with the 2.5 and 97.5 percentile of its bootstrap."""

    pairs: int
    ours_p50_us: float
    floor_p50_us: float
    p50_ratio: float
    p50_low: float
    p50_high: float
    ours_p99_us: float
    floor_p99_us: float
    p99_ratio: float
    p99_low: float
    p99_high: float


def alternate(
    ours: Callable[[int], object],
    floor: Callable[[int], object],
    between: Callable[[int], object],
    pairs: int = PAIRS,
    seed: int = 1,
) -> Comparison:
    """Time ``ours(i)`` and ``floor(i)`` in turn, who is first alternating; ``between(i)`` is not.

    The first ``WARM_UP`` pairs are not counted.
    """
    times = np.empty((2, pairs), dtype=np.float64)
    calls = (ours, floor)
    for number in range(-WARM_UP, pairs):
        between(number)
        for which in (0, 1) if number % 2 else (1, 0):
            began = time.perf_counter_ns()
            calls[which](number)
            if number >= 0:
                times[which, number] = (time.perf_counter_ns() - began) / 1000
    return compare(times, seed)


def compare(times_us: NDArray[np.float64], seed: int = 1) -> Comparison:
    """The ratios of ``times_us``, shape (2, pairs): ours, then the floor's."""
    pairs = times_us.shape[1]
    chance = np.random.default_rng(seed)
    quantiles = np.percentile(times_us, (50, 99), axis=1)
    resampled = np.empty((RESAMPLES, 2))
    for turn in range(RESAMPLES):
        drawn = np.percentile(times_us[:, chance.integers(0, pairs, pairs)], (50, 99), axis=1)
        resampled[turn] = drawn[:, 0] / drawn[:, 1]
    low, high = np.percentile(resampled, (2.5, 97.5), axis=0)
    ratio = quantiles[:, 0] / quantiles[:, 1]
    return Comparison(
        pairs=pairs,
        ours_p50_us=float(quantiles[0, 0]),
        floor_p50_us=float(quantiles[0, 1]),
        p50_ratio=float(ratio[0]),
        p50_low=float(low[0]),
        p50_high=float(high[0]),
        ours_p99_us=float(quantiles[1, 0]),
        floor_p99_us=float(quantiles[1, 1]),
        p99_ratio=float(ratio[1]),
        p99_low=float(low[1]),
        p99_high=float(high[1]),
    )


@dataclass(frozen=True, slots=True)
class DiskCost:
    """What one sale costs the disk, on average."""

    fsyncs_per_sale: float
    wal_bytes_per_sale: float
    mark_wal_bytes: float
    """Of the announcement mark, which has no fsync of its own."""


def disk_cost(path: Path, sales: int = COUNTED_SALES) -> DiskCost:
    """Count the journal's fsyncs and WAL bytes over ``sales`` sales, marks apart."""
    disk = FaultyDisk(f"count-{path.name}")
    shop = Shop(phones=100)
    with shop.open(path, disk.name) as journal:
        syncs = wal_bytes = mark_bytes = 0
        for number in range(sales):
            before = (disk.counts["wal-sync"] + disk.counts["main-sync"], disk.wal_bytes)
            shop.sell(journal, 10)
            after = (disk.counts["wal-sync"] + disk.counts["main-sync"], disk.wal_bytes)
            syncs, wal_bytes = syncs + after[0] - before[0], wal_bytes + after[1] - before[1]
            journal.mark_announced(number)
            mark_bytes += disk.wal_bytes - after[1]
            journal.idle()
    return DiskCost(syncs / sales, wal_bytes / sales, mark_bytes / sales)


def _journal_sale(journal: Journal, draft: EntryDraft, signed: Sequence[Signed]) -> bytes:
    for key, signature, message in signed:
        key.verify(signature, message)
    assert draft.spend is not None
    with journal.transaction() as transaction:
        transaction.counters(draft.spend.coupon)
        return transaction.append(draft).data


def compare_journal(directory: Path, pairs: int) -> Comparison:
    """The journal alone against the floor: same two signatures, same entry bytes."""
    shop = Shop(phones=100)
    signed = shop.signatures()
    drafts = [shop.draft(10) for _ in range(pairs + WARM_UP)]
    floor = Floor(directory / "floor", shop.journal_key)
    data = bytes(309)
    with shop.open(directory / "journal") as journal:

        def between(_number: int) -> None:
            journal.idle()
            floor.idle()

        result = alternate(
            lambda number: _journal_sale(journal, drafts[number + WARM_UP], signed),
            lambda _number: floor.sale(signed, data),
            between,
            pairs,
        )
    floor.close()
    return result


def main() -> None:
    """Print both as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floor")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--directory", type=Path, default=Path())
    given = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="kumquat-floor-", dir=given.directory))
    try:
        cost = disk_cost(directory / "counted")
        comparison = compare_journal(directory, given.pairs)
    finally:
        shutil.rmtree(directory)
    print(json.dumps({"disk": asdict(cost), "journal_over_floor": asdict(comparison)}, indent=1))


if __name__ == "__main__":
    main()
