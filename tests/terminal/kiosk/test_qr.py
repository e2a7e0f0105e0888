"""The code on the screen is whole pixels in a quiet zone, and an independent reader reads it."""

from __future__ import annotations

import re

import numpy as np
import pytest
import zxingcpp

from host_sim.world.scenes import ASK_TEXT
from terminal.kiosk.qr import QUIET_MODULES, WIDTH_PX, qr_svg


def pixels(svg: str, scale: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    side_match = re.search(r'viewBox="0 0 (\d+) \1"', svg)
    assert side_match is not None
    side = int(side_match[1])
    image = np.full((side, side), 255, dtype=np.uint8)
    for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", svg):
        image[int(y), int(x)] = 0
    return np.kron(image, np.ones((scale, scale), dtype=np.uint8))


@pytest.mark.parametrize("text", ["KQRA", ASK_TEXT, "KQR" + "A" * 400])
def test_an_independent_reader_reads_it(text: str) -> None:
    found = zxingcpp.read_barcodes(pixels(qr_svg(text), 4))
    assert [code.text for code in found] == [text]


def test_modules_are_whole_pixels_within_the_width() -> None:
    svg = qr_svg(ASK_TEXT)
    shape = re.search(r'viewBox="0 0 (\d+) \d+" width="(\d+)" height="(\d+)"', svg)
    assert shape is not None
    side, width, height = map(int, shape.groups())
    assert width == height <= WIDTH_PX
    assert width % side == 0


def test_four_modules_stay_white_on_every_side() -> None:
    image = pixels(qr_svg(ASK_TEXT), 1)
    edge = QUIET_MODULES
    inner = image[edge:-edge, edge:-edge]
    assert (inner == 0).sum() == (image == 0).sum()


def test_the_picture_holds_no_style_and_no_script() -> None:
    svg = qr_svg(ASK_TEXT)
    assert "style" not in svg
    assert "script" not in svg
