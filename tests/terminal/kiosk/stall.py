"""A simulated stall behind a real server, and where the pictures of its pages go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from host_sim.world.desk import SimulatedDesk, settings_of
from host_sim.world.scenes import scene
from terminal.kiosk.app import create_app
from terminal.kiosk.server import KioskServer

CHROMIUM = "/usr/bin/chromium"
PICTURES = Path(__file__).parents[3] / "build" / "screenshots"
SIZES = {"terminal": (1024, 600), "phone": (390, 844)}
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
)
IN_BROWSER = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="chromium is not installed"),
]


@dataclass(frozen=True, slots=True)
class Stall:
    """One simulated desk behind a real server."""

    desk: SimulatedDesk
    url: str


def stall_of(language: str) -> Iterator[Stall]:
    """A stall in one language, for as long as a fixture keeps it."""
    desk = SimulatedDesk(scene("sell", language))
    with KioskServer(create_app(desk, settings_of(language)), port=0) as server:
        yield Stall(desk, server.url)
