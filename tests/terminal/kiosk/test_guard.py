"""The door: foreign names, foreign pages and foreign scripts get nothing."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from host_sim.world.desk import SimulatedDesk, settings_of
from host_sim.world.scenes import scene
from terminal.kiosk.app import create_app
from terminal.kiosk.guard import SECURITY_HEADERS, host_of, is_same_origin

ORIGIN = "http://127.0.0.1:8190"


def open_page() -> tuple[SimulatedDesk, TestClient]:
    desk = SimulatedDesk(scene("sell"))
    return desk, TestClient(create_app(desk, settings_of("en")), base_url=ORIGIN)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8190", "127.0.0.1.evil.example", ""]
)
def test_a_foreign_name_that_leads_here_is_not_answered(host: str) -> None:
    _, client = open_page()
    for path in ("/", "/live", "/static/kiosk.js"):
        assert client.get(path, headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8190", "localhost:1", "LOCALHOST", "[::1]:8190"])
def test_every_name_of_this_machine_is_answered(host: str) -> None:
    _, client = open_page()
    assert client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "https://127.0.0.1:8190"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {},
    ],
)
def test_a_post_from_elsewhere_is_refused(headers: dict[str, str]) -> None:
    desk, client = open_page()
    answer = client.post("/charge", data={"typed": "5"}, headers=headers)
    assert answer.status_code == 403
    assert not desk.calls


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": ORIGIN},
        {"origin": ORIGIN, "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "same-origin"},
    ],
)
def test_a_post_from_our_own_page_is_taken(headers: dict[str, str]) -> None:
    desk, client = open_page()
    client.post("/charge", data={"typed": "5"}, headers=headers, follow_redirects=False)
    assert desk.calls == [("charge", 500)]


def test_every_answer_carries_the_security_headers() -> None:
    _, client = open_page()
    foreign = {"host": "evil.example"}
    answers = [client.get("/"), client.get("/static/kiosk.css"), client.get("/nothing")]
    answers += [client.get("/", headers=foreign), client.post("/charge")]
    for answer in answers:
        for name, value in SECURITY_HEADERS:
            assert answer.headers[name] == value


def test_nothing_inline_and_nothing_foreign_may_run() -> None:
    policy = dict(SECURITY_HEADERS)["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "default-src 'none'" in policy


def test_pages_of_the_moment_are_not_stored() -> None:
    _, client = open_page()
    assert client.get("/").headers["cache-control"] == "no-store"


def test_a_get_changes_nothing() -> None:
    desk, client = open_page()
    for path in ("/charge", "/cancel", "/done", "/refund", "/void", "/repeat", "/scan"):
        assert client.get(path).status_code == 405
    assert not desk.calls


def test_a_host_is_read_without_its_port() -> None:
    assert host_of("[::1]:80") == "::1"
    assert host_of("LocalHost:80") == "localhost"
    assert host_of("[") == ""
    assert is_same_origin(Headers({"origin": "http://a:1", "host": "A:1"}), "http")
