"""The phone's camera: what QR codes say in a picture of a screen.

The reader is ZXing (``zxing-cpp``), which shares nothing with the writer the terminal uses, so a
code that both agree on is a code that other people's phones read too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from host_sim.world.png import decode_luminance
from terminal.errors import KumquatError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

MAX_CODES: Final = 8


class NothingRead(KumquatError):
    """No QR code of the wanted kind is in the picture."""

    exit_code = 66


def read_codes(luminance: NDArray[np.uint8]) -> tuple[str, ...]:
    """The texts of the QR codes in a grey picture of shape (height, width), uint8."""
    import zxingcpp

    found = zxingcpp.read_barcodes(
        luminance, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    )
    return tuple(each.text for each in found[:MAX_CODES] if each.valid)


def read_screenshot(path: Path, starts_with: str = "") -> str:
    """The text of the one QR code in a PNG file that starts with ``starts_with``.

    Raises:
        DecodeError: the file is not a PNG that we read.
        NothingRead: no such code is in it, or more than one.
        OSError: the file cannot be read.
    """
    codes = read_codes(decode_luminance(path.read_bytes()))
    wanted = sorted({code for code in codes if code.startswith(starts_with)})
    if len(wanted) != 1:
        count = f"{len(wanted)} codes" if wanted else "no code"
        raise NothingRead(f"{path}: {count} beginning with {starts_with!r}, of {len(codes)} read")
    return wanted[0]
