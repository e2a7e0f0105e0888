"""The deterministic subset of CBOR that everything signed is written in.

Source: RFC 8949, section 4.2.1 (core deterministic encoding), cut down to unsigned integers up to
2^53 - 1, byte strings, text, arrays, null and, for COSE headers, the empty map. Everything else is
refused where it stands: tags, floats, booleans, undefined, filled maps, negative integers,
indefinite lengths, heads that are not the shortest, trailing bytes.

Invariant: ``encode(decode(data)) == data`` for whatever ``decode`` accepts, so a value has one
spelling and signatures over re-built bytes are sound.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum, IntEnum
from typing import Final, TypeVar

from terminal.errors import DecodeError

MAX_UINT: Final = 2**53 - 1
MAX_DEPTH: Final = 8
_UINT, _BYTES, _TEXT, _ARRAY = 0, 2, 3, 4
_ONE_BYTE: Final = tuple(bytes((byte,)) for byte in range(256))
_NULL: Final = 0xF6
_EMPTY_MAP: Final = 0xA0


class EmptyMap(Enum):
    """The type of ``EMPTY_MAP``, the only map there is."""

    EMPTY_MAP = 0


EMPTY_MAP: Final = EmptyMap.EMPTY_MAP
_Number = TypeVar("_Number", bound=IntEnum)


def encode(value: object) -> bytes:
    """The one spelling of ``value``: int, bytes, str, None, EMPTY_MAP, or a list or tuple of them.

    Raises:
        TypeError: a type outside the subset (``bool`` is one); a fault of ours, never a peer's.
        ValueError: an integer outside 0 .. 2^53 - 1.
    """
    parts: list[bytes] = []
    _write(value, parts)
    return b"".join(parts)


def _write(value: object, parts: list[bytes]) -> None:
    """Append the spelling of ``value``; the commonest types first, since every sale encodes."""
    if isinstance(value, bytes):
        parts += (_head(_BYTES, len(value)), value)
    elif isinstance(value, (tuple, list)):
        parts.append(_head(_ARRAY, len(value)))
        for item in value:
            _write(item, parts)
    else:
        parts.append(_scalar(value))


def _scalar(value: object) -> bytes:
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value <= MAX_UINT:
            raise ValueError("integers on the wire are 0 .. 2^53 - 1")
        return _head(_UINT, value)
    if value is None:
        return b"\xf6"
    if isinstance(value, str):
        text = value.encode()
        return _head(_TEXT, len(text)) + text
    if value is EMPTY_MAP:
        return b"\xa0"
    raise TypeError(f"{type(value).__name__} has no place in our CBOR")


def array_head(count: int) -> bytes:
    """What stands before the ``count`` items of an array, for arrays joined from encoded items."""
    return _head(_ARRAY, count)


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return _ONE_BYTE[major << 5 | argument]
    if argument < 0x100:
        return bytes((major << 5 | 24, argument))
    if argument < 0x10000:
        return bytes((major << 5 | 25,)) + argument.to_bytes(2, "big")
    if argument < 0x100000000:
        return bytes((major << 5 | 26,)) + argument.to_bytes(4, "big")
    return bytes((major << 5 | 27,)) + argument.to_bytes(8, "big")


def decode(data: bytes, field: str, max_size: int) -> object:
    """The value spelled by the whole of ``data``; arrays come as lists.

    Raises:
        DecodeError: naming ``field``; longer than ``max_size``, outside the subset, or not the one
            spelling of its value.
    """
    if len(data) > max_size:
        raise DecodeError(field, f"{len(data)} bytes where at most {max_size} are allowed")
    value, end = _item(data, 0, 0, field)
    if end != len(data):
        raise DecodeError(field, f"{len(data) - end} bytes after the end")
    return value


def _item(data: bytes, at: int, depth: int, field: str) -> tuple[object, int]:
    if at >= len(data):
        raise DecodeError(field, "cut short")
    first = data[at]
    if first == _NULL:
        return None, at + 1
    if first == _EMPTY_MAP:
        return EMPTY_MAP, at + 1
    major = first >> 5
    if major not in (_UINT, _BYTES, _TEXT, _ARRAY):
        raise DecodeError(field, f"byte {first:#04x} begins a type that is not allowed")
    argument, at = _argument(data, at, field)
    if major == _UINT:
        if argument > MAX_UINT:
            raise DecodeError(field, "integer above 2^53 - 1")
        return argument, at
    if argument > len(data) - at:  # an array's items take a byte each, at least
        raise DecodeError(field, "cut short")
    if major == _ARRAY:
        return _array(data, at, argument, depth, field)
    content = data[at : at + argument]
    return (content if major == _BYTES else _text(content, field)), at + argument


def _argument(data: bytes, at: int, field: str) -> tuple[int, int]:
    short = data[at] & 0x1F
    if short < 24:
        return short, at + 1
    if short > 27:
        raise DecodeError(field, "indefinite or reserved length")
    size = 1 << (short - 24)
    end = at + 1 + size
    if end > len(data):
        raise DecodeError(field, "cut short")
    argument = int.from_bytes(data[at + 1 : end], "big")
    smallest = 24 if size == 1 else 1 << (4 * size)
    if argument < smallest:
        raise DecodeError(field, "not the shortest spelling")
    return argument, end


def _array(data: bytes, at: int, count: int, depth: int, field: str) -> tuple[object, int]:
    if depth >= MAX_DEPTH:
        raise DecodeError(field, f"nested deeper than {MAX_DEPTH}")
    items = []
    for _ in range(count):
        item, at = _item(data, at, depth + 1, field)
        items.append(item)
    return items, at


def _text(content: bytes, field: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise DecodeError(field, "not UTF-8") from None


def expect_array(value: object, field: str, size: int | None = None) -> list[object]:
    """``value`` if it is an array (of exactly ``size`` items, where given).

    Raises:
        DecodeError: it is not; so for each function below.
    """
    if type(value) is not list:
        raise DecodeError(field, "not an array")
    if size is not None and len(value) != size:
        raise DecodeError(field, f"array of {len(value)} where {size} items belong")
    return value


def expect_uint(value: object, field: str, maximum: int = MAX_UINT, minimum: int = 0) -> int:
    """``value`` if it is an integer from ``minimum`` to ``maximum``, both included."""
    if type(value) is not int:
        raise DecodeError(field, "not an integer")
    if not minimum <= value <= maximum:
        raise DecodeError(field, f"{value} is not within {minimum} .. {maximum}")
    return value


def expect_enum(value: object, field: str, numbers: type[_Number]) -> _Number:
    """The member of ``numbers`` that the integer ``value`` stands for."""
    try:
        return numbers(expect_uint(value, field))
    except ValueError:
        raise DecodeError(field, f"{value} is not defined") from None


def expect_bytes(
    value: object,
    field: str,
    size: int | Collection[int] | None = None,
    max_size: int | None = None,
) -> bytes:
    """``value`` if it is a byte string of an allowed ``size``, at most ``max_size`` long."""
    if type(value) is not bytes:
        raise DecodeError(field, "not a byte string")
    if size is not None:
        sizes = (size,) if isinstance(size, int) else size
        if len(value) not in sizes:
            wanted = " or ".join(str(one) for one in sizes)
            raise DecodeError(field, f"{len(value)} bytes where {wanted} belong")
    if max_size is not None and len(value) > max_size:
        raise DecodeError(field, f"{len(value)} bytes where at most {max_size} are allowed")
    return value


def expect_text(value: object, field: str, max_bytes: int) -> str:
    """``value`` if it is text of at most ``max_bytes`` bytes of UTF-8, printable throughout.

    Control characters and the invisible ones that turn the direction of writing are refused: such
    text is shown to people who decide by it.
    """
    if type(value) is not str:
        raise DecodeError(field, "not text")
    if len(value.encode()) > max_bytes:
        raise DecodeError(field, f"text longer than {max_bytes} bytes")
    if not value.isprintable():
        raise DecodeError(field, "text with characters that do not print")
    return value


def expect_empty_map(value: object, field: str) -> None:
    """Accept ``EMPTY_MAP`` alone."""
    if value is not EMPTY_MAP:
        raise DecodeError(field, "not an empty map")
