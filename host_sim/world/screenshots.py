"""Pictures of the page for the README: ``python -m host_sim.world.screenshots docs/images``.

Each is a real page served by the real server over a simulated desk, taken by a real browser; the
files are written again as small as a palette allows.
"""

from __future__ import annotations

import argparse
import struct
import sys
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from host_sim.world.browser import screenshot
from host_sim.world.desk import SimulatedDesk, settings_of
from host_sim.world.png import SIGNATURE, decode_png
from host_sim.world.scenes import scene
from terminal.errors import KumquatError
from terminal.kiosk.app import create_app
from terminal.kiosk.server import KioskServer

TERMINAL: Final = (1024, 600)
PHONE: Final = (390, 844)
MAX_COLOURS: Final = 256
SHADES: Final = 64
"""Steps kept of each colour: enough for the edges of letters, few enough for a palette."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: its file name without suffix, what it shows, in which language and size."""

    name: str
    scene: str
    path: str = "/"
    language: str = "en"
    size: tuple[int, int] = TERMINAL


PICTURES: Final = (
    Picture("sell", "sell", "/?typed=12.5"),
    Picture("waiting", "waiting"),
    Picture("accepted", "accepted"),
    Picture("declined", "declined"),
    Picture("today", "sell", "/today"),
    Picture("unannounced", "unannounced"),
    Picture("stopped", "stopped"),
    Picture("faults", "faults"),
    Picture("accepted-zh", "accepted", language="zh"),
    Picture("sell-zh", "sell", "/?typed=12.5", language="zh"),
    Picture("sell-phone", "sell", "/?typed=12.5", size=PHONE),
    Picture("waiting-phone", "waiting", size=PHONE),
    Picture("today-phone-zh", "sell", "/today", "zh", PHONE),
)


def take(picture: Picture, folder: Path) -> Path:
    """Serve the scene, take the picture, write it small; gives the file.

    Raises:
        DeviceError: no browser, or no picture.
    """
    target = folder / f"{picture.name}.png"
    desk = SimulatedDesk(scene(picture.scene, picture.language))
    app = create_app(desk, settings_of(picture.language))
    with (
        tempfile.TemporaryDirectory(prefix="kumquat-picture-") as drafts,
        KioskServer(app, port=0) as server,
    ):
        draft = Path(drafts) / "page.png"
        screenshot(server.url + picture.path, draft, *picture.size, language=picture.language)
        target.write_bytes(encode_palette_png(decode_png(draft.read_bytes())))
    return target


def encode_palette_png(pixels: NDArray[np.uint8]) -> bytes:
    """A palette PNG (PNG third edition, colour type 3) of (height, width, 3 or 4) pixels.

    Colours are kept to the 256 most used of ``SHADES`` steps; rarer ones take the nearest.
    """
    height, width = pixels.shape[:2]
    step = 256 // SHADES
    levels = np.minimum(pixels[:, :, :3].astype(np.int32) // step, SHADES - 1)
    codes = (levels[:, :, 0] * SHADES + levels[:, :, 1]) * SHADES + levels[:, :, 2]
    present, counts = np.unique(codes, return_counts=True)
    kept = present[np.argsort(counts)[::-1][:MAX_COLOURS]]
    means = _mean_colours(pixels[:, :, :3].reshape(-1, 3), codes.reshape(-1), kept)
    spread = np.stack([present // SHADES**2, present // SHADES % SHADES, present % SHADES], axis=1)
    centres = spread * step + step // 2
    distance = ((centres[:, None, :] - means[None, :, :]) ** 2).sum(axis=2)
    nearest = np.zeros(SHADES**3, dtype=np.uint8)
    nearest[present] = np.argmin(distance, axis=1)
    rows = np.zeros((height, width + 1), dtype=np.uint8)
    rows[:, 1:] = nearest[codes]
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = np.rint(means).astype(np.uint8).tobytes()
    body = zlib.compress(rows.tobytes(), 9)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", body), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _mean_colours(
    colours: NDArray[np.uint8], codes: NDArray[np.int32], kept: NDArray[np.int32]
) -> NDArray[np.float64]:
    """The mean colour of the pixels behind each kept code, shape (n, 3)."""
    counts = np.bincount(codes, minlength=SHADES**3)[kept]
    sums = [np.bincount(codes, colours[:, at], SHADES**3)[kept] for at in range(3)]
    return np.stack(sums, axis=1) / counts[:, None]


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def main(arguments: Sequence[str] | None = None) -> int:
    """Take every picture, or those named."""
    parser = argparse.ArgumentParser(
        prog="python -m host_sim.world.screenshots", description=__doc__
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="only these (default: all)")
    chosen = parser.parse_args(arguments)
    unknown = set(chosen.names) - {picture.name for picture in PICTURES}
    if unknown:
        parser.error(f"no picture is named {', '.join(sorted(unknown))}")
    chosen.folder.mkdir(parents=True, exist_ok=True)
    try:
        for picture in PICTURES:
            if not chosen.names or picture.name in chosen.names:
                made = take(picture, chosen.folder)
                print(f"{made} {made.stat().st_size} bytes", flush=True)
    except KumquatError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
