"""The enrolment code and the origin line, as people and files bring them."""

from __future__ import annotations

from terminal.errors import DecodeError
from terminal.sync.enrolment_messages import parse_code
from terminal.sync.origin import parse_origin

SEEDS = (b"1001-12345678-ABCDEFGHIJKLMNOP", b"host.test/t/1001/1")


def fuzz(data: bytes) -> None:
    text = data.decode("utf-8", errors="replace")
    try:
        code = parse_code(text)
        assert parse_code(code.text) == code
    except DecodeError:
        pass
    assert str(parse_origin(text)) == text
