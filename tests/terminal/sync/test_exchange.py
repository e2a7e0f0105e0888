"""Driving a dialogue, refusals as bytes, and the origin line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import DecodeError, HostRefused, HostUnreachable
from terminal.sync.exchange import (
    MAX_CODE_BYTES,
    MAX_PROBLEM_BYTES,
    Dialogue,
    HostReply,
    HostRequest,
    accepted,
    decode_refusal,
    encode_refusal,
    run,
)
from terminal.sync.origin import Origin, parse_origin


def counting(closed: list[bool]) -> Dialogue[int]:
    try:
        first = yield HostRequest("POST", "/a", b"1")
        second = yield HostRequest("POST", "/b", first.body)
        return len(second.body)
    finally:
        closed.append(True)


def test_a_dialogue_is_sent_each_reply_and_gives_its_outcome() -> None:
    seen: list[HostRequest] = []

    def send(request: HostRequest) -> HostReply:
        seen.append(request)
        return HostReply(200, request.body * 2)

    assert run(counting([]), send) == 4
    assert [request.path for request in seen] == ["/a", "/b"]


def test_a_dialogue_is_closed_when_the_host_is_gone() -> None:
    closed: list[bool] = []

    def send(_: HostRequest) -> HostReply:
        raise HostUnreachable("gone")

    with pytest.raises(HostUnreachable):
        run(counting(closed), send)
    assert closed == [True]


@given(st.text(max_size=200), st.text(max_size=2000))
def test_any_refusal_can_be_said_and_read(code: str, problem: str) -> None:
    read_code, read_problem = decode_refusal(encode_refusal(code, problem))
    assert len(read_code.encode()) <= MAX_CODE_BYTES
    assert len(read_problem.encode()) <= MAX_PROBLEM_BYTES
    if code.isprintable() and code.isascii() and len(code) <= MAX_CODE_BYTES:
        assert read_code == code


def test_a_refusal_carries_its_code() -> None:
    with pytest.raises(HostRefused) as refused:
        accepted(HostReply(403, encode_refusal("wrong_code", "4 tries left")))
    assert refused.value.code == "wrong_code"
    with pytest.raises(DecodeError):
        accepted(HostReply(502, b"<html>"))


@given(
    st.from_regex(r"\A[a-z0-9][a-z0-9.:-]{0,63}\Z"),
    st.integers(0, 2**32 - 1),
    st.integers(1, 2**32 - 1),
)
def test_an_origin_is_read_back_as_it_was_written(host: str, terminal: int, epoch: int) -> None:
    origin = Origin(host, terminal, epoch)
    assert parse_origin(str(origin)) == origin


@pytest.mark.parametrize(
    "text",
    ["", "h/t/1", "h/t/01/1", "h/t/1/0", "H/t/1/1", "h/t/4294967296/1", "h/t/1/1\n", "h/x/1/1"],
)
def test_a_strange_origin_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        parse_origin(text)
