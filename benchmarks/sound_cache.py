"""Arrays that are slow to make and needed by every process and run: kept under build/bench."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Sound = NDArray[np.float64]

HERE: Final = Path(__file__).parent
FOLDER: Final = HERE.parent / "build" / "bench" / "sound-world"
SOURCE: Final = hashlib.sha256((HERE / "sound_world.py").read_bytes()).hexdigest()[:16]
"""What is kept was made by this source; other source makes it anew."""


def kept(name: str, make: Callable[[], Sound]) -> Sound:
    """The array of this name, made at first use; two processes may both make it, to the same."""
    path = FOLDER / SOURCE / f"{name}.npy"
    if path.exists():
        return np.asarray(np.load(path), np.float64)
    array = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.npy")
    np.save(part, array)
    part.replace(path)
    return array
