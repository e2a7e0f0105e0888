"""Money: integers in minor units with an ISO 4217 numeric code, and the letters people read.

The exponent table is frozen: a currency's number of decimals is part of what was signed, so it may
never follow a library's update. Source: ISO 4217:2015 list one, currencies in use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from terminal.errors import DecodeError

MAX_AMOUNT_MINOR: Final = 2**53 - 1
"""Largest integer that JavaScript and the wire format both carry exactly."""


@dataclass(frozen=True, slots=True)
class Currency:
    """One currency: ISO 4217 ``number`` (1..999), three ``letters``, decimals ``exponent``."""

    number: int
    letters: str
    exponent: int


_TABLE: Final = (
    Currency(36, "AUD", 2),
    Currency(48, "BHD", 3),
    Currency(124, "CAD", 2),
    Currency(156, "CNY", 2),
    Currency(208, "DKK", 2),
    Currency(344, "HKD", 2),
    Currency(356, "INR", 2),
    Currency(360, "IDR", 2),
    Currency(376, "ILS", 2),
    Currency(392, "JPY", 0),
    Currency(404, "KES", 2),
    Currency(410, "KRW", 0),
    Currency(414, "KWD", 3),
    Currency(446, "MOP", 2),
    Currency(458, "MYR", 2),
    Currency(484, "MXN", 2),
    Currency(554, "NZD", 2),
    Currency(566, "NGN", 2),
    Currency(578, "NOK", 2),
    Currency(608, "PHP", 2),
    Currency(702, "SGD", 2),
    Currency(704, "VND", 0),
    Currency(710, "ZAR", 2),
    Currency(752, "SEK", 2),
    Currency(756, "CHF", 2),
    Currency(764, "THB", 2),
    Currency(784, "AED", 2),
    Currency(818, "EGP", 2),
    Currency(826, "GBP", 2),
    Currency(840, "USD", 2),
    Currency(901, "TWD", 2),
    Currency(949, "TRY", 2),
    Currency(978, "EUR", 2),
    Currency(985, "PLN", 2),
    Currency(986, "BRL", 2),
)

CURRENCIES: Final = MappingProxyType({currency.number: currency for currency in _TABLE})
_BY_LETTERS: Final = MappingProxyType({currency.letters: currency for currency in _TABLE})
_DECIMAL: Final = re.compile(r"(\d{1,16})(?:\.(\d{1,3}))?", re.ASCII)


def currency(code: int | str) -> Currency:
    """The currency with this ISO 4217 number or these letters.

    Raises:
        DecodeError: the code is not in the frozen table.
    """
    found = CURRENCIES.get(code) if isinstance(code, int) else _BY_LETTERS.get(code)
    if found is None:
        raise DecodeError("currency", f"{code!r} is not in the table of known currencies")
    return found


def format_amount(amount_minor: int, code: int) -> str:
    """``1250, 156`` as ``CNY 12.50``: letters, since the yen and yuan signs look alike."""
    unit = currency(code)
    sign, magnitude = ("-" if amount_minor < 0 else ""), abs(amount_minor)
    whole, part = divmod(magnitude, 10**unit.exponent)
    decimals = f".{part:0{unit.exponent}d}" if unit.exponent else ""
    return f"{unit.letters} {sign}{whole}{decimals}"


def parse_amount(text: str, code: int) -> int:
    """Minor units in a person's ``12.5`` or ``12.50``, exactly; never through a float.

    Raises:
        DecodeError: not a plain decimal number, more decimals than the currency has, or too large.
    """
    unit = currency(code)
    match = _DECIMAL.fullmatch(text.strip())
    if match is None:
        raise DecodeError("amount", f"{text!r} is not a plain decimal number such as 12.50")
    whole, decimals = match[1], match[2] or ""
    if len(decimals) > unit.exponent:
        raise DecodeError("amount", f"{unit.letters} has {unit.exponent} decimals, not {text!r}")
    amount_minor = int(whole + decimals.ljust(unit.exponent, "0"))
    if amount_minor > MAX_AMOUNT_MINOR:
        raise DecodeError("amount", "larger than 2^53 - 1 minor units")
    return amount_minor
