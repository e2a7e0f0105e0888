"""The camera reads what segno, which shares no code with it, wrote on a screen."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
import segno

from host_sim.world.camera import NothingRead, read_screenshot
from host_sim.world.png import SIGNATURE
from terminal.errors import DecodeError

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "KQR" + "ABCDEFGH234567" * 9


def screenshot(path: Path, *texts: str) -> Path:
    """A page with these codes on it side by side, as a browser would write it (filter: up)."""
    codes = [np.array(segno.make_qr(each, error="m").matrix, np.uint8) for each in texts]
    page = np.full((300, 40 + 300 * len(codes), 3), 230, np.uint8)
    for place, code in enumerate(codes):
        dots = np.kron(1 - code, np.full((4, 4), 255, np.uint8))
        left = 40 + 300 * place
        page[20 : 20 + len(dots), left : left + len(dots)] = dots[:, :, np.newaxis]
    above = np.vstack((np.zeros_like(page[:1]), page[:-1]))
    rows = (page - above).reshape(len(page), -1)
    filtered = np.hstack((np.full((len(rows), 1), 2, np.uint8), rows)).tobytes()
    head = struct.pack(">IIBBBBB", page.shape[1], page.shape[0], 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(filtered)), (b"IEND", b""))
    path.write_bytes(
        SIGNATURE
        + b"".join(
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
            for kind, body in chunks
        )
    )
    return path


def test_a_code_on_a_screen_is_read(tmp_path: Path) -> None:
    assert read_screenshot(screenshot(tmp_path / "screen.png", TEXT), "KQR") == TEXT


def test_our_code_is_found_beside_another(tmp_path: Path) -> None:
    path = screenshot(tmp_path / "screen.png", "https://example.org", TEXT)
    assert read_screenshot(path, "KQR") == TEXT


def test_a_code_of_another_kind_is_not_taken_for_ours(tmp_path: Path) -> None:
    path = screenshot(tmp_path / "screen.png", "https://example.org")
    with pytest.raises(NothingRead, match="no code"):
        read_screenshot(path, "KQR")


def test_two_codes_of_one_kind_are_not_chosen_between(tmp_path: Path) -> None:
    path = screenshot(tmp_path / "screen.png", TEXT, TEXT[:-1])
    with pytest.raises(NothingRead, match="2 codes"):
        read_screenshot(path, "KQR")


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "screen.png"
    path.write_bytes(b"no picture")
    with pytest.raises(DecodeError, match="signature"):
        read_screenshot(path)
