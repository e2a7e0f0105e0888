"""Payload bytes to samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from terminal.acoustic.modes import Mode


def modulate(payload: bytes, mode: Mode | str) -> NDArray[np.float32]:
    """The burst that carries ``payload``: float32, shape ``(n,)``, 48 kHz, peak at most 1."""
    raise NotImplementedError
