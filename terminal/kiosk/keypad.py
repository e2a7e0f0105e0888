"""The keypad's arithmetic: what is typed, key by key, and the amount it stands for.

``typed`` is a sum of terms such as ``6+4.5``; the page's script computes the same from the same
rules, and a test in a real browser holds the two equal. Exact integers throughout.
"""

from __future__ import annotations

import re
from typing import Final

from terminal.errors import DecodeError
from terminal.money import MAX_AMOUNT_MINOR, parse_amount
from terminal.money import currency as currency_of

MAX_TYPED_CHARS: Final = 48
MAX_WHOLE_DIGITS: Final = 9
DIGITS: Final = frozenset("0123456789")
_TYPED: Final = re.compile(r"(?:\d{1,9}(?:\.\d{0,3})?\+?)*", re.ASCII)


def is_typed(text: str) -> bool:
    """Whether ``text`` could have come from these keys."""
    return len(text) <= MAX_TYPED_CHARS and _TYPED.fullmatch(text) is not None


def press(typed: str, key: str, exponent: int) -> str:
    """``typed`` after one key: a digit, ``00``, ``.``, ``+``, ``back`` or ``clear``.

    A key that makes no sense there (a second point, a decimal too many) changes nothing.
    """
    if key == "clear":
        return ""
    if key == "back":
        return typed[:-1]
    if key == "00":
        return press(press(typed, "0", exponent), "0", exponent)
    if len(typed) >= MAX_TYPED_CHARS:
        return typed
    term = typed.rpartition("+")[2]
    if key == "+":
        return typed + "+" if _is_positive(term) else typed
    if key == ".":
        if not exponent or "." in term:
            return typed
        return typed + ("." if term else "0.")
    return _digit(typed, term, key, exponent) if key in DIGITS else typed


def add(typed: str, amount_minor: int, exponent: int) -> str:
    """``typed`` with one more term, as a favourite adds it."""
    whole, part = divmod(amount_minor, 10**exponent)
    term = f"{whole}.{part:0{exponent}d}" if part else str(whole)
    last = typed.rpartition("+")[2]
    grown = typed.removesuffix(last) if not _is_positive(last) else typed + "+"
    grown += term
    return grown if len(grown) <= MAX_TYPED_CHARS else typed


def total_minor(typed: str, currency: int) -> int:
    """The sum in minor units; 0 where nothing is typed yet.

    Raises:
        DecodeError: not what the keys can make, or larger than 2^53 - 1.
    """
    if not is_typed(typed):
        raise DecodeError("amount", "not typed on this keypad")
    terms = (term.removesuffix(".") for term in typed.split("+"))
    total = sum(parse_amount(term, currency) for term in terms if term)
    if total > MAX_AMOUNT_MINOR:
        raise DecodeError("amount", "larger than 2^53 - 1 minor units")
    return total


def decimals(currency: int) -> int:
    """How many decimals the currency has."""
    return currency_of(currency).exponent


def _digit(typed: str, term: str, digit: str, exponent: int) -> str:
    whole, point, part = term.partition(".")
    if point:
        return typed + digit if len(part) < exponent else typed
    if whole == "0":
        return typed[:-1] + digit
    return typed + digit if len(whole) < MAX_WHOLE_DIGITS else typed


def _is_positive(term: str) -> bool:
    return any(sign in "123456789" for sign in term)
