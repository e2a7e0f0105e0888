"""One spelling of every value, and cbor2 as the referee of what the bytes mean."""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.crypto import cbor
from terminal.errors import DecodeError
from terminal.ports import ClockQuality

LEAVES = st.one_of(
    st.integers(0, cbor.MAX_UINT), st.binary(max_size=300), st.text(max_size=40), st.none()
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=30), max_leaves=40)


@given(VALUES)
def test_what_is_written_is_read_back_and_cbor2_agrees(value: object) -> None:
    data = cbor.encode(value)
    assert cbor.decode(data, "value", 1 << 16) == value
    assert data == cbor2.dumps(value, canonical=True)
    assert cbor2.loads(data) == value


@given(st.binary(max_size=40))
def test_what_is_read_has_one_spelling(data: bytes) -> None:
    try:
        value = cbor.decode(data, "value", 40)
    except DecodeError:
        return
    assert cbor.encode(value) == data


@pytest.mark.parametrize(
    ("spelled", "what"),
    [
        ("", "nothing"),
        ("1800", "0 in two bytes"),
        ("1817", "23 in two bytes"),
        ("1900ff", "255 in three bytes"),
        ("1a0000ffff", "65535 in five bytes"),
        ("1b00000000ffffffff", "2^32 - 1 in nine bytes"),
        ("1b0020000000000000", "2^53"),
        ("1bffffffffffffffff", "2^64 - 1"),
        ("20", "-1"),
        ("c24101", "a tagged big number"),
        ("c074323031332d30332d32315432303a30343a30305a", "a date"),
        ("d82301", "a tagged value"),
        ("d81c80", "a shared value"),
        ("f4", "false"),
        ("f5", "true"),
        ("f7", "undefined"),
        ("f90000", "a half float"),
        ("fb3ff0000000000000", "a float"),
        ("f818", "a simple value"),
        ("a10102", "a filled map"),
        ("b800", "an empty map in two bytes"),
        ("bfff", "an indefinite map"),
        ("9fff", "an indefinite array"),
        ("5fff", "an indefinite byte string"),
        ("7fff", "indefinite text"),
        ("ff", "a break"),
        ("1c", "a reserved length"),
        ("5d", "a reserved length"),
        ("5801", "a byte string cut short"),
        ("5b00200000", "a length cut short"),
        ("5bffffffffffffffff", "a huge byte string"),
        ("9bffffffffffffffff", "a huge array"),
        ("9affffffff00", "an array of four thousand million"),
        ("580100", "one byte's length in two"),
        ("61ff", "bytes that are not UTF-8"),
        ("62c0af", "an overlong character"),
        ("63eda080", "half a surrogate pair"),
        ("0000", "two values"),
        ("8100ff", "a byte after the end"),
        ("81" * 9 + "00", "nine arrays deep"),
        ("82", "an array cut short"),
    ],
)
def test_anything_outside_the_subset_is_refused(spelled: str, what: str) -> None:
    with pytest.raises(DecodeError) as caught:
        cbor.decode(bytes.fromhex(spelled), "here", 100)
    assert caught.value.field == "here"


def test_eight_arrays_deep_is_deep_enough() -> None:
    assert cbor.decode(b"\x81" * 8 + b"\x00", "here", 100) == [[[[[[[[0]]]]]]]]


def test_a_size_above_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(DecodeError, match="at most 3"):
        cbor.decode(b"\x43abc", "here", 3)


@pytest.mark.parametrize("value", [True, False, 1.5, {}, {1: 2}, -1, 1 << 53, set(), object()])
def test_what_has_no_place_is_never_written(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        cbor.encode(value)
    with pytest.raises((TypeError, ValueError)):
        cbor.encode([value])


def test_shapes_are_checked_by_exact_type() -> None:
    with pytest.raises(DecodeError, match="not an integer"):
        cbor.expect_uint(True, "flag")
    with pytest.raises(DecodeError, match="within"):
        cbor.expect_uint(0, "amount", minimum=1)
    with pytest.raises(DecodeError, match="not a byte string"):
        cbor.expect_bytes("text", "key")
    with pytest.raises(DecodeError, match="3 bytes where 32 or 33 belong"):
        cbor.expect_bytes(b"abc", "key", (32, 33))
    with pytest.raises(DecodeError, match="at most 2"):
        cbor.expect_bytes(b"abc", "key", max_size=2)
    with pytest.raises(DecodeError, match="not an array"):
        cbor.expect_array((1, 2), "list")
    with pytest.raises(DecodeError, match="2 where 3"):
        cbor.expect_array([1, 2], "list", 3)
    with pytest.raises(DecodeError, match="not defined"):
        cbor.expect_enum(4, "quality", ClockQuality)
    with pytest.raises(DecodeError, match="empty map"):
        cbor.expect_empty_map([], "header")
    assert cbor.expect_enum(3, "quality", ClockQuality) is ClockQuality.NTP


@pytest.mark.parametrize("text", ["a\nb", "\x00", "a\u202eb", "\ufeffname", "tab\t"])
def test_text_that_would_mislead_a_reader_is_refused(text: str) -> None:
    with pytest.raises(DecodeError, match="print"):
        cbor.expect_text(text, "name", 64)


def test_text_is_measured_in_bytes() -> None:
    assert cbor.expect_text("王氏水果", "name", 12) == "王氏水果"
    with pytest.raises(DecodeError, match="longer than 11"):
        cbor.expect_text("王氏水果", "name", 11)
