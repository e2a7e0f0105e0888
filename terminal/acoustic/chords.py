"""Write the table of chords again: every length in every mode. About half a minute.

    python -m terminal.acoustic.chords

Only a change of the modes or of the search in ``graph.py`` can change it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from terminal.acoustic.frame import layout
from terminal.acoustic.graph import CHORDS_FILE, find_chords
from terminal.acoustic.modes import MODES, PAYLOAD_BYTES_MAX


def code_sizes() -> list[tuple[int, int, int]]:
    """Symbol bits, information and parity symbols of every code in use, sorted."""
    shapes = (
        (mode.symbol_bits, layout(mode, length))
        for mode in MODES.values()
        for length in range(1, PAYLOAD_BYTES_MAX + 1)
    )
    return sorted({(bits, shape.information_count, shape.parity_count) for bits, shape in shapes})


def write(path: Path) -> None:
    """Find every chord and write them to ``path``."""
    keys = code_sizes()
    found = [find_chords(*key) for key in keys]
    starts = np.cumsum([0, *map(len, found)])
    np.savez_compressed(
        path,
        keys=np.array(keys, np.uint16),
        starts=starts.astype(np.uint32),
        ends=np.ascontiguousarray(np.concatenate(found).T),  # each row by itself packs smaller
    )


if __name__ == "__main__":
    write(Path(__file__).parent / CHORDS_FILE)
