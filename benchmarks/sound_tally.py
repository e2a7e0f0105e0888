"""Counts kept on disk, so that a run goes on where the last one stopped."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
OURS: Final = sorted((ROOT / "terminal" / "acoustic").glob("*.py"))
WORLD: Final = [
    ROOT / "benchmarks" / f"sound_{name}.py"
    for name in ("abuse", "channel", "false", "modems", "world")
]


Counts = dict[str, float]
"""Whole numbers by name, and ``seconds``, what they took."""


def digest(files: list[Path]) -> str:
    """Changes when one of these files does."""
    found = hashlib.sha256()
    for path in files:
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


class Tally:
    """Counts by key, appended to a file with the digest of what was measured.

    A count made with other source is not taken up again. The peers' depend on the world alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digests = {True: digest(WORLD), False: digest([*OURS, *WORLD])}
        self._counts: dict[str, Counts] = {}
        for line in path.read_text("utf-8").splitlines() if path.exists() else []:
            row = json.loads(line)
            if row["source"] == self._digests[row["peer"]]:
                self._counts[row["key"]] = row["counts"]

    @property
    def source(self) -> str:
        """Digest of the modem and the world."""
        return self._digests[False]

    def get(self, key: str) -> Counts:
        """The counts so far; empty if there are none."""
        return self._counts.get(key, {})

    def add(self, key: str, counts: Counts) -> None:
        """Add to what is counted."""
        old = self.get(key)
        names = dict.fromkeys([*old, *counts])
        self._counts[key] = {name: old.get(name, 0) + counts.get(name, 0) for name in names}

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
