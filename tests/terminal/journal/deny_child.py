"""A process that follows a host's deny list until it is killed; prints each version it has."""

from __future__ import annotations

import sys
from pathlib import Path

from terminal.crypto.keys import parse_public_key
from terminal.journal.deny_store import DenyStore


def main(folder: Path, host: Path, root_key: str) -> None:
    """Apply every delta there is, compacting or installing on the way, and say so."""
    followed = DenyStore(folder, parse_public_key(bytes.fromhex(root_key), "root"))
    view = followed.refresh()
    version = 0 if view is None else view.version
    if view is None:
        version = followed.install(host / "1.base").version
    sys.stdout.write(f"{version}\n")
    sys.stdout.flush()
    while (delta := host / f"{version + 1}.delta").exists():
        if version % 5 == 4:
            version = followed.install(host / f"{version + 1}.base").version
        else:
            version = followed.apply(delta.read_bytes()).version
        sys.stdout.write(f"{version}\n")
        sys.stdout.flush()
        if version % 3 == 0:
            followed.compact()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
