"""What a page may post, typed: every field is checked here, before the desk hears of it.

Bodies are ``application/x-www-form-urlencoded`` (URL standard, 5), at most ``MAX_BODY_BYTES``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from terminal.errors import DecodeError
from terminal.kiosk.keypad import is_typed, total_minor
from terminal.money import parse_amount

MAX_BODY_BYTES: Final = 4096
MAX_FIELDS: Final = 8
MAX_LINE_CHARS: Final = 1024
_INDEX: Final = re.compile(r"\d{1,10}", re.ASCII)
_LINE: Final = re.compile(r"[0-9A-Za-z]+", re.ASCII)


class BadInput(DecodeError):
    """A field that cannot be used; ``key`` names the words that say so to a person."""

    def __init__(self, field: str, key: str, text: str = "") -> None:
        super().__init__(field, key)
        self.key = key
        self.text = text[:32]


async def read_form(request: Request) -> dict[str, str]:
    """The posted fields by name.

    Raises:
        BadInput: another content type, too large, not UTF-8, too many or doubled fields.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise BadInput("content-type", "bad.form")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise BadInput("body", "bad.form")
    return decode_form(bytes(body))


def decode_form(body: bytes) -> dict[str, str]:
    """The fields of an urlencoded body.

    Raises:
        BadInput: not UTF-8, too many fields, or one name twice.
    """
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise BadInput("body", "bad.form") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadInput("body", "bad.form")
    return fields


def typed_amount(fields: Mapping[str, str], currency: int) -> int:
    """Minor units of the keypad's ``typed``; at least 1.

    Raises:
        BadInput: nothing typed, or not an amount in this currency.
    """
    typed = fields.get("typed", "").strip()
    if not is_typed(typed):
        raise BadInput("typed", "bad.amount", typed)
    try:
        return _positive("typed", total_minor(typed, currency))
    except BadInput:
        raise
    except DecodeError as error:
        too_large = error.problem.startswith("larger")
        raise BadInput("typed", "bad.amount_large" if too_large else "bad.amount", typed) from None


def refund_amount(fields: Mapping[str, str], currency: int) -> int:
    """Minor units of a typed ``amount``; at least 1.

    Raises:
        BadInput: not an amount in this currency, or nothing.
    """
    text = fields.get("amount", "").strip()
    try:
        return _positive("amount", parse_amount(text, currency))
    except BadInput:
        raise
    except DecodeError:
        raise BadInput("amount", "bad.amount", text) from None


def entry_index(fields: Mapping[str, str]) -> int:
    """The journal index a form speaks of.

    Raises:
        BadInput: not a whole number of at most ten digits.
    """
    text = fields.get("index", "")
    if _INDEX.fullmatch(text) is None:
        raise BadInput("index", "bad.index", text)
    return int(text)


def scanned_line(fields: Mapping[str, str]) -> str:
    """One line of a scanner, upper case, without surrounding space.

    Raises:
        BadInput: empty, too long, or with signs that no payment code has.
    """
    line = fields.get("line", "").strip()
    if len(line) > MAX_LINE_CHARS or _LINE.fullmatch(line) is None:
        raise BadInput("line", "bad.line")
    return line.upper()


def _positive(field: str, amount_minor: int) -> int:
    if amount_minor < 1:
        raise BadInput(field, "bad.amount_zero")
    return amount_minor
