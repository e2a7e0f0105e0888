"""The server starts, follows the desk, stops, and says clearly when it cannot start."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from host_sim.world.desk import SimulatedDesk, settings_of
from host_sim.world.scenes import scene
from terminal.errors import ConfigError, DeviceError
from terminal.kiosk.app import create_app, live_of
from terminal.kiosk.live import MAX_PAGES
from terminal.kiosk.server import KioskServer
from terminal.sale.view import Screen


class CountingDesk(SimulatedDesk):
    """Counts who listens."""

    listening = 0

    def subscribe(self, changed: Callable[[Screen], None]) -> Callable[[], None]:
        unsubscribe = super().subscribe(changed)
        self.listening += 1

        def counted() -> None:
            self.listening -= 1
            unsubscribe()

        return counted


class Follower:
    """One open page's stream; closed with ``close`` or at the end of its block."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
        self._connection.request("GET", "/live")
        self.response = self._connection.getresponse()

    def next_event(self) -> str:
        while True:
            line = self.response.readline().decode()
            assert line, "the stream ended"
            if line.startswith("data: "):
                return line.removeprefix("data: ").strip()

    def close(self) -> None:
        self.response.close()
        self._connection.close()


def _nudged(desk: CountingDesk) -> int:
    desk.replay()
    desk.done()
    return desk.listening


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


Keep = Callable[[Follower], Follower]


@pytest.fixture
def opened() -> Iterator[Keep]:
    """Keeps followers and closes them all at the end."""
    followers: list[Follower] = []

    def keep(follower: Follower) -> Follower:
        followers.append(follower)
        return follower

    yield keep
    for follower in followers:
        follower.close()


def test_a_page_follows_the_desk_from_any_thread(opened: Keep) -> None:
    desk = CountingDesk(scene("sell"))
    with KioskServer(create_app(desk, settings_of("en")), port=0) as server:
        stream = opened(Follower(server.url))
        kind = stream.response.getheader("content-type", "")
        assert kind.startswith("text/event-stream")
        assert stream.next_event() == "1 idle"
        thread = threading.Thread(target=desk.charge, args=(1250,))
        thread.start()
        thread.join()
        assert stream.next_event() == "2 waiting"
        desk.accept()
        assert stream.next_event() == "3 accepted"


def test_stopping_ends_live_pages_soon_and_unsubscribes_them(opened: Keep) -> None:
    desk = CountingDesk(scene("sell"))
    server = KioskServer(create_app(desk, settings_of("en")), port=0)
    server.start()
    streams = [opened(Follower(server.url)) for _ in range(3)]
    for stream in streams:
        stream.next_event()
    assert desk.listening == 3
    before = time.monotonic()
    server.stop()
    assert time.monotonic() - before < 3
    assert desk.listening == 0
    server.stop()


def test_a_page_that_goes_away_is_forgotten(opened: Keep) -> None:
    desk = CountingDesk(scene("sell"))
    app = create_app(desk, settings_of("en"))
    with KioskServer(app, port=0) as server:
        stream = opened(Follower(server.url))
        stream.next_event()
        stream.close()
        wait_until(lambda: _nudged(desk) == 0)


def test_live_pages_are_bounded(opened: Keep) -> None:
    app = create_app(SimulatedDesk(scene("sell")), settings_of("en"))
    with KioskServer(app, port=0) as server:
        streams = [opened(Follower(server.url)) for _ in range(MAX_PAGES)]
        for stream in streams:
            stream.next_event()
        assert live_of(app).is_full
        assert opened(Follower(server.url)).response.status == 503


def test_a_taken_port_is_one_clear_error() -> None:
    app = create_app(SimulatedDesk(scene("sell")), settings_of("en"))
    with KioskServer(app, port=0) as server:
        port = urlsplit(server.url).port
        assert port is not None
        with pytest.raises(DeviceError, match=f"port {port} on 127.0.0.1 cannot be used"):
            KioskServer(app, port=port).start()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "::", "example.org"])  # noqa: S104 - refused
def test_it_listens_on_loopback_only(host: str) -> None:
    app = create_app(SimulatedDesk(scene("sell")), settings_of("en"))
    with pytest.raises(ConfigError, match="loopback"):
        KioskServer(app, host=host)
