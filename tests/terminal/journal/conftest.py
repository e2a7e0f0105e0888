"""A shop whose journal the tests fill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_sim.world.sales import Shop
from terminal.journal.writer import Journal


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def journal(shop: Shop, tmp_path: Path) -> Iterator[Journal]:
    with shop.open(tmp_path / "journal") as opened:
        yield opened
