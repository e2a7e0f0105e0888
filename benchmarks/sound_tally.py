"""Counts kept on disk, so that a run goes on where the last one stopped."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

import numpy as np

ROOT: Final = Path(__file__).parents[1]
OURS: Final = sorted((ROOT / "terminal" / "acoustic").glob("*.py"))
WORLD: Final = [
    ROOT / "benchmarks" / f"sound_{name}.py"
    for name in ("abuse", "channel", "false", "modems", "world")
]


def digest(files: list[Path]) -> str:
    """Changes when one of these files does."""
    found = hashlib.sha256()
    for path in files:
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def wilson(passed: int, count: int) -> tuple[float, float]:
    """95 % interval of a share; ``count`` at least 1."""
    z, p = 1.96, passed / count
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(p * (1 - p) / count + z * z / (4 * count * count))
    return round(float(middle - half), 4), round(float(middle + half), 4)


class Tally:
    """Counts by key, appended to a file with the digest of what was measured.

    A count made with other source is not taken up again. The peers' depend on the world alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digests = {True: digest(WORLD), False: digest([*OURS, *WORLD])}
        self._counts: dict[str, dict[str, int]] = {}
        for line in path.read_text("utf-8").splitlines() if path.exists() else []:
            row = json.loads(line)
            if row["source"] == self._digests[row["peer"]]:
                self._counts[row["key"]] = row["counts"]

    @property
    def source(self) -> str:
        """Digest of the modem and the world."""
        return self._digests[False]

    def get(self, key: str) -> dict[str, int]:
        """The counts so far; empty if there are none."""
        return self._counts.get(key, {})

    def add(self, key: str, counts: dict[str, int]) -> None:
        """Add to what is counted."""
        old = self.get(key)
        self._counts[key] = {name: old.get(name, 0) + more for name, more in counts.items()}

    def save(self, key: str, *, peer: bool) -> None:
        """Keep a key's counts."""
        row = {
            "source": self._digests[peer],
            "peer": peer,
            "key": key,
            "counts": self._counts[key],
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
