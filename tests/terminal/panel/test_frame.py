"""Frames on a line that loses, adds and changes bytes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.panel import frame
from terminal.panel.frame import MAX_BODY_BYTES, FrameReader, decode_frame, encode_frame

bodies = st.binary(min_size=1, max_size=MAX_BODY_BYTES)


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    """``data`` cut at these places."""
    at = sorted({cut % (len(data) + 1) for cut in cuts})
    return [data[a:b] for a, b in zip([0, *at], [*at, len(data)], strict=True)]


def test_a_frame_is_what_the_documentation_shows() -> None:
    assert encode_frame(b"\x00abc\x00\x00").hex() == "0001046162630105afb52ece00"
    assert encode_frame(b"123456789").hex() == "000e3132333435363738392639f4cb00"


@given(bodies)
def test_what_is_encoded_is_decoded(body: bytes) -> None:
    encoded = encode_frame(body)
    assert encoded[0] == encoded[-1] == 0
    assert 0 not in encoded[1:-1]
    assert len(encoded) == len(body) + 7
    assert decode_frame(encoded[1:-1]) == body


@given(st.lists(bodies, max_size=5), st.lists(st.integers(0, 500), max_size=8))
def test_the_pieces_in_which_bytes_arrive_change_nothing(
    sent: list[bytes], cuts: list[int]
) -> None:
    data = b"".join(encode_frame(body) for body in sent)
    reader = FrameReader()
    heard = [body for piece in pieces_of(data, cuts) for body in reader.receive(piece)]
    assert heard == sent
    assert reader.damaged == 0


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5), bodies)
def test_the_first_whole_frame_after_any_bytes_is_heard(
    noise: bytes, cuts: list[int], body: bytes
) -> None:
    reader = FrameReader()
    for piece in pieces_of(noise, cuts):
        reader.receive(piece)
    assert reader.receive(encode_frame(body)) == [body]


@given(bodies, bodies, st.data())
def test_a_changed_byte_costs_its_own_frame_at_most(
    hit: bytes, after: bytes, data: st.DataObject
) -> None:
    encoded = bytearray(encode_frame(hit))
    index = data.draw(st.integers(0, len(encoded) - 1))
    encoded[index] ^= data.draw(st.integers(1, 255))
    heard = FrameReader().receive(bytes(encoded) + encode_frame(after))
    # Changing the first zero byte merges nothing: what follows is framed by its own.
    assert heard[-1] == after
    assert all(body == hit for body in heard[:-1])


@given(bodies, st.data())
def test_a_lost_byte_costs_its_own_frame_at_most(body: bytes, data: st.DataObject) -> None:
    encoded = encode_frame(body)
    index = data.draw(st.integers(1, len(encoded) - 2))
    reader = FrameReader()
    assert reader.receive(encoded[:index] + encoded[index + 1 :]) == []
    assert reader.damaged == 1
    assert reader.receive(encode_frame(body)) == [body]


def test_a_run_without_an_end_is_not_kept() -> None:
    reader = FrameReader()
    for _ in range(100):
        assert reader.receive(b"\x01" * 1000) == []
    assert len(reader._held) == 0
    assert reader.receive(encode_frame(b"after")) == [b"after"]
    assert reader.damaged == 1


@pytest.mark.parametrize("size", [0, MAX_BODY_BYTES + 1])
def test_a_body_of_a_wrong_size_is_our_own_fault(size: int) -> None:
    with pytest.raises(AssertionError):
        encode_frame(bytes(size))


def test_it_imports_what_micropython_has_and_no_more() -> None:
    tree = ast.parse(Path(frame.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert imported == {"binascii", "struct"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
