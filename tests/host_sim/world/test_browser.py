"""A real picture of the real page, read by an independent reader."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import zxingcpp

from host_sim.world.browser import PROGRAMS, find_browser, screenshot
from host_sim.world.desk import SimulatedDesk, settings_of
from host_sim.world.png import decode_luminance
from host_sim.world.scenes import ASK_TEXT, scene
from terminal.errors import DeviceError
from terminal.kiosk.app import create_app
from terminal.kiosk.server import KioskServer

CHROMIUM = pytest.mark.skipif(
    not any(shutil.which(program) for program in PROGRAMS), reason="chromium is not installed"
)


def test_without_a_browser_it_says_what_to_install() -> None:
    with pytest.raises(DeviceError, match="apt-get install chromium"):
        find_browser(programs=("no-such-browser",))


@CHROMIUM
@pytest.mark.end_to_end
@pytest.mark.parametrize(("width", "height"), [(1024, 600), (390, 844)])
def test_the_request_is_read_from_a_picture_of_the_page(
    tmp_path: Path, width: int, height: int
) -> None:
    picture = tmp_path / "page.png"
    app = create_app(SimulatedDesk(scene("waiting")), settings_of("en"))
    with KioskServer(app, port=0) as server:
        screenshot(server.url, picture, width, height)
    pixels = decode_luminance(picture.read_bytes())
    assert pixels.shape == (height, width)
    assert [code.text for code in zxingcpp.read_barcodes(pixels)] == [ASK_TEXT]


@CHROMIUM
@pytest.mark.end_to_end
def test_an_address_where_nothing_answers_is_still_a_picture_or_a_clear_fault(
    tmp_path: Path,
) -> None:
    with pytest.raises(DeviceError, match="made no picture"):
        screenshot("http://127.0.0.1:1/", tmp_path / "missing" / "page.png", 400, 300)
