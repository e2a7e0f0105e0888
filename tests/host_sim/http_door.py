"""The HTTP door on a free loopback port, in a thread of the test's own process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from host_sim.api.app import create_app
from host_sim.door import Door
from terminal.devices.https import HttpsDoor
from tests.host_sim.rigs import AnyDoor


@contextmanager
def listening(app: Starlette) -> Iterator[str]:
    """The application's address while it answers."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)


@contextmanager
def over_http(door: AnyDoor) -> Iterator[HttpsDoor]:
    """A client of the host behind ``door``, over HTTP."""
    assert isinstance(door, Door)
    with listening(create_app(door)) as url, HttpsDoor(url) as client:
        yield client
