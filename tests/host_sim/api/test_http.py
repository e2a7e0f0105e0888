"""The HTTP door gives the same answers as the one in memory; the client believes nothing else."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from host_sim.api.server import Listen
from terminal.devices.https import HttpsDoor, check_url, is_loopback
from terminal.errors import ConfigError, HostUnreachable
from terminal.payment.verdict import VerdictStatus
from terminal.sync.exchange import (
    MAX_BODY_BYTES,
    MEDIA_TYPE,
    PATH_OPEN,
    HostRequest,
    decode_refusal,
)
from tests.host_sim.http_door import listening, over_http
from tests.host_sim.rigs import World

REQUEST = HostRequest("POST", PATH_OPEN, b"")


def test_a_day_over_http_ends_as_in_memory(memory_world: World) -> None:
    world = memory_world
    till = world.terminal()
    sale = till.sell(world.wallet(), 1250)
    world.host.registration.publish_all()
    with over_http(world.door) as door:
        outcome = till.sync(door.send)
    assert outcome.complete
    assert outcome.installed_policy == 2
    assert till.verdicts()[sale.index].status is VerdictStatus.SETTLED
    assert world.owed() == 1250


def test_refusals_come_through_with_their_codes(memory_world: World) -> None:
    with over_http(memory_world.door) as door:
        malformed = door.send(REQUEST)
        assert (malformed.status, decode_refusal(malformed.body)[0]) == (400, "malformed")
        nothing = door.send(HostRequest("POST", "/nothing", b""))
        assert (nothing.status, decode_refusal(nothing.body)[0]) == (404, "no_such_path")
        method = door.send(HostRequest("GET", PATH_OPEN, b""))
        assert (method.status, decode_refusal(method.body)[0]) == (405, "method")
        large = door.send(HostRequest("POST", PATH_OPEN, bytes(MAX_BODY_BYTES + 1)))
        assert (large.status, decode_refusal(large.body)[0]) == (413, "too_large")


def answering(response: Response) -> Starlette:
    return Starlette(routes=[Route(PATH_OPEN, lambda _: response, methods=["POST"])])


@pytest.mark.parametrize(
    "response",
    [
        PlainTextResponse("a captive portal"),
        Response(b"", 302, {"location": "https://elsewhere.example"}),
        Response(bytes(MAX_BODY_BYTES + 1), media_type=MEDIA_TYPE),
    ],
    ids=["not-a-host", "redirect", "too-large"],
)
def test_an_answer_that_is_not_a_hosts_is_no_answer(response: Response) -> None:
    with (
        listening(answering(response)) as url,
        HttpsDoor(url) as door,
        pytest.raises(HostUnreachable),
    ):
        door.send(REQUEST)


def test_a_host_that_is_not_there_is_unreachable_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    with HttpsDoor(url) as door, pytest.raises(HostUnreachable) as unreachable:
        door.send(REQUEST)
    assert "\n" not in str(unreachable.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://host.example",
        "http://192.168.1.5:8470",
        "ftp://127.0.0.1",
        "https://host.example/path",
        "https://user@host.example",
        "http://[::1",
        "127.0.0.1:8470",
    ],
)
def test_an_address_that_would_talk_in_the_clear_or_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        check_url(url)


def test_plain_http_is_for_loopback() -> None:
    assert check_url("http://127.0.0.1:8470/") == "http://127.0.0.1:8470"
    assert check_url("http://[::1]:8470") == "http://[::1]:8470"
    assert check_url("https://host.example") == "https://host.example"
    assert is_loopback("localhost")
    assert not is_loopback("localhost.example")


def test_a_missing_certificate_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ca_file"):
        HttpsDoor("https://host.example", ca_file=tmp_path / "none.pem")


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5", "host.example"])  # noqa: S104 - refused
def test_listening_beyond_loopback_needs_a_certificate(address: str) -> None:
    with pytest.raises(ConfigError, match="reachable from outside"):
        Listen(address)


def test_half_a_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="belong together"):
        Listen("127.0.0.1", certificate=tmp_path / "cert.pem")
    with pytest.raises(ConfigError, match="not a file"):
        Listen("127.0.0.1", certificate=tmp_path / "cert.pem", key=tmp_path / "key.pem")
