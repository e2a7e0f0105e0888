"""One world for each test that asks for it, behind each of the host's two doors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host_sim.http_door import over_http
from tests.host_sim.rigs import World

DOORS = ["memory", pytest.param("http", marks=pytest.mark.slow)]


@pytest.fixture
def memory_world(tmp_path: Path) -> Iterator[World]:
    """A world whose terminals call the host directly."""
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture(params=DOORS)
def world(request: pytest.FixtureRequest, memory_world: World) -> Iterator[World]:
    """The same world, once in memory and once over HTTP on loopback."""
    if request.param == "memory":
        yield memory_world
        return
    with over_http(memory_world.door) as door:
        memory_world.door = door
        yield memory_world
