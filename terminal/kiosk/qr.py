"""The request as a QR code (ISO/IEC 18004) in SVG, drawn for a screen that another phone reads.

The text is upper-case base32, so segno uses alphanumeric mode. Level M is kept even where a higher
one would fit: modules as large as possible read better across a counter than more redundancy does.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import segno

QUIET_MODULES: Final = 4
"""ISO/IEC 18004, 9.1: four modules of white on every side."""

WIDTH_PX: Final = 440
MAX_TEXT_CHARS: Final = 1024
KEPT: Final = 4
"""Codes kept drawn: a page that follows a sale loads the same one several times."""


@lru_cache(maxsize=KEPT)
def qr_svg(text: str) -> str:
    """``text`` as an inline SVG whose modules are whole pixels, at most ``WIDTH_PX`` wide.

    The page may scale it down by its viewBox; it holds no style and no script.
    """
    assert 0 < len(text) <= MAX_TEXT_CHARS, "a request is far shorter"
    code = segno.make_qr(text, error="m", boost_error=False)
    side = code.symbol_size(border=QUIET_MODULES)[0]
    scale = max(WIDTH_PX // side, 2)
    width = side * scale
    path = "".join(
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(code.matrix_iter(border=QUIET_MODULES))
        for x, dark in enumerate(row)
        if dark
    )
    return (
        f'<svg class="qr" viewBox="0 0 {side} {side}" width="{width}" height="{width}" '
        f'shape-rendering="crispEdges" aria-hidden="true" focusable="false">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    )
