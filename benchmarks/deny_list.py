"""The deny list at ten million subjects: what a lookup, its memory and an update cost.

    python -m benchmarks.deny_list [--subjects 10000000]

A list of that many random subjects is published, installed and opened as a terminal does, and every
figure is taken on it. Lookups are timed one by one after a first round over the same subjects, half
of them listed, half not, and the loop's own cost is left in. *Mapped* is the address space of the
mapping as the kernel states it; *own* is how much anonymous memory the process gained by opening
the list. *sync_delta* is the delta through the sync: requests sealed and opened, pieces checked,
changes verified, durable; without a network. Writes ``build/bench/deny_list.json``;
``benchmarks.nfc`` includes ``measure()``.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from host_sim import deny_publisher
from terminal.crypto.keys import parse_public_key, private_signer
from terminal.journal.deny_base import Values
from terminal.journal.deny_intake import DenyIntake
from terminal.journal.deny_store import DenyStore
from terminal.journal.deny_view import DenyView
from terminal.payment.deny_head import split_delta
from terminal.sync.deny_messages import MAX_PIECE_BYTES, Piece, decode_piece_query
from terminal.sync.deny_session import deny_session
from terminal.sync.exchange import PATH_DENY_PIECE, HostReply, HostRequest, run
from terminal.sync.messages import decode_sealed
from terminal.sync.sealing import unseal

OUT: Final = Path("build/bench/deny_list.json")
SUBJECTS: Final = 10_000_000
CHANGES: Final = 10_000
LOOKUPS: Final = 20_000
ROOT: Final = private_signer("Ed25519", b"benchmark root".ljust(32, b"\0"))


def subjects(seed: int, count: int) -> Values:
    """So many different subjects, ascending."""
    chance = np.random.default_rng(seed)
    found = np.sort(chance.integers(0, 2**64, count + 100, dtype=np.uint64))
    return np.asarray(found[np.flatnonzero(np.diff(found)) + 1][:count])


def lookups_us(view: DenyView, listed: Values) -> list[float]:
    """Microseconds of each lookup, warm; half the subjects are listed."""
    chance = np.random.default_rng(7)
    half = LOOKUPS // 2
    both = np.concatenate([chance.choice(listed, half), subjects(8, half)])
    asked = [int(value).to_bytes(8, "big") for value in chance.permutation(both)]
    found = sum(one in view for one in asked)
    assert found == half
    taken = []
    for one in asked:
        begun = time.perf_counter_ns()
        _ = one in view
        taken.append((time.perf_counter_ns() - begun) / 1e3)
    return taken


def mapped_mb(path: Path) -> float:
    """Address space of this process's mapping of a file, in megabytes."""
    smaps = Path("/proc/self/smaps").read_text("ascii")
    sizes = re.findall(rf"{re.escape(str(path))}\nSize: +(\d+) kB", smaps)
    return sum(map(int, sizes)) * 1024 / 1e6


def own_mb() -> float:
    """This process's anonymous memory, in megabytes."""
    status = Path("/proc/self/status").read_text("ascii")
    found = re.search(r"RssAnon:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024 / 1e6


def seconds(work: Callable[[], object]) -> float:
    """How long it took."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def measure(count: int = SUBJECTS) -> dict[str, float]:
    """Every figure of the deny list; takes some seconds and half a gigabyte of disk."""
    root_key = parse_public_key(ROOT.public_key, "root")
    with tempfile.TemporaryDirectory(prefix="kumquat-deny-") as name:
        folder = Path(name)
        listed = subjects(1, count)
        deny_publisher.build(folder / "1.base", listed, 1, ROOT)
        DenyStore(folder / "deny-list", root_key).install(folder / "1.base")
        old = deny_publisher.open_published(folder / "1.base", root_key)
        half = CHANGES // 2
        kept = np.delete(listed, np.arange(half) * (count // half))
        wanted = np.sort(np.concatenate([kept, subjects(2, half)]))
        delta = folder / "delta"
        deny_publisher.publish_changes(old, folder / "2.base", delta, wanted, ROOT)
        del old, kept, wanted
        return _measured(DenyStore(folder / "deny-list", root_key), folder, listed)


def _measured(store: DenyStore, folder: Path, listed: Values) -> dict[str, float]:
    before_mb = own_mb()
    open_s = seconds(store.refresh)
    own = own_mb() - before_mb
    assert store.view is not None
    taken = sorted(lookups_us(store.view, listed))
    mapped = mapped_mb(folder / "deny-list" / "base")
    delta = (folder / "delta").read_bytes()
    sync_s = synced_s(folder / "deny-list", delta)
    (folder / "deny-list" / "log").unlink()  # as if it had not come yet
    store.refresh()
    delta_s = seconds(lambda: store.apply(delta))
    steps = compaction_steps_s(store)
    return {
        "deny_list_subjects": float(listed.size),
        "deny_list_lookup_us": round(statistics.median(taken), 2),
        "deny_list_lookup_p99_us": round(taken[round(0.99 * len(taken)) - 1], 2),
        "deny_list_mapped_mb": round(mapped, 2),
        "deny_list_own_mb": round(max(own, 0.0), 2),
        "deny_list_delta_s": round(delta_s, 4),
        "deny_list_sync_delta_s": round(sync_s, 4),
        "deny_list_open_s": round(open_s, 3),
        "deny_list_compaction_s": round(sum(steps), 3),
        "deny_list_compaction_step_ms": round(1e3 * statistics.median(steps), 2),
        "deny_list_compaction_longest_step_ms": round(1e3 * max(steps), 2),
    }


def synced_s(folder: Path, delta: bytes) -> float:
    """Seconds to fetch a delta piece by piece, sealed and unsealed, and install it; no network."""
    root_key = parse_public_key(ROOT.public_key, "root")
    intake = DenyIntake(folder, root_key)
    intake.in_force()  # the list was opened at the start

    def send(request: HostRequest) -> HostReply:
        payload = unseal(decode_sealed(request.body), PATH_DENY_PIECE, root_key)
        query = decode_piece_query(payload)
        data = delta[query.offset : query.offset + MAX_PIECE_BYTES]
        return HostReply(200, Piece(query, len(delta), data).encode())

    head, _, _ = split_delta(delta)
    dialogue = deny_session(intake, head, root_key, origin="host.test/t/1/1", signer=ROOT)
    return seconds(lambda: run(dialogue, send))


def compaction_steps_s(store: DenyStore) -> list[float]:
    """Seconds of each step of a compaction, as ``idle`` takes them one by one."""
    steps: list[float] = []
    work = store._compacting()  # noqa: SLF001 - idle waits for a long log, a benchmark does not
    ended = False
    while not ended:
        begun = time.perf_counter()
        ended = next(work, store) is store
        steps.append(time.perf_counter() - begun)
    return steps


def main(words: list[str] | None = None, show: Callable[[str], object] = print) -> int:
    """Measure, print, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--subjects", type=int, default=SUBJECTS)
    measured = measure(parser.parse_args(words).subjects)
    for name, value in measured.items():
        show(f"{name:40} {value}")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"figures": measured}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
