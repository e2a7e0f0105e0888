"""Amounts the way people say them: "twelve yuan fifty", "十二元五角".

Numbers are spelt out rather than left to the voice, so that every voice says the same and a test
can read it. Chinese says 两 for a lone two before a unit and 零 for a skipped place. A currency
without an entry in the table of names is said by its letters.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from terminal.money import currency


@dataclass(frozen=True, slots=True)
class Names:
    """Unit and hundredth (or thousandth) in both languages; English plurals where they differ."""

    one: str
    many: str
    part_one: str
    part_many: str
    zh: str
    zh_part: str


NAMES: Final = MappingProxyType(
    {
        "AED": Names("dirham", "dirhams", "fils", "fils", "迪拉姆", "费尔"),
        "AUD": Names("dollar", "dollars", "cent", "cents", "澳元", "澳分"),
        "BHD": Names("dinar", "dinars", "fils", "fils", "第纳尔", "费尔"),
        "BRL": Names("real", "reais", "centavo", "centavos", "雷亚尔", "分"),
        "CAD": Names("dollar", "dollars", "cent", "cents", "加元", "加分"),
        "CHF": Names("franc", "francs", "rappen", "rappen", "法郎", "生丁"),
        "CNY": Names("yuan", "yuan", "fen", "fen", "元", "分"),
        "DKK": Names("krone", "kroner", "øre", "øre", "克朗", "欧尔"),
        "EGP": Names("pound", "pounds", "piastre", "piastres", "埃镑", "皮阿斯特"),
        "EUR": Names("euro", "euros", "cent", "cents", "欧元", "欧分"),
        "GBP": Names("pound", "pounds", "penny", "pence", "英镑", "便士"),
        "HKD": Names("dollar", "dollars", "cent", "cents", "港元", "港仙"),
        "IDR": Names("rupiah", "rupiah", "sen", "sen", "印尼盾", "仙"),
        "ILS": Names("shekel", "shekels", "agora", "agorot", "谢克尔", "阿高洛"),
        "INR": Names("rupee", "rupees", "paisa", "paise", "卢比", "派士"),
        "JPY": Names("yen", "yen", "", "", "日元", ""),
        "KES": Names("shilling", "shillings", "cent", "cents", "肯尼亚先令", "分"),
        "KRW": Names("won", "won", "", "", "韩元", ""),
        "KWD": Names("dinar", "dinars", "fils", "fils", "第纳尔", "费尔"),
        "MOP": Names("pataca", "patacas", "avo", "avos", "澳门元", "仙"),
        "MXN": Names("peso", "pesos", "centavo", "centavos", "比索", "分"),
        "MYR": Names("ringgit", "ringgit", "sen", "sen", "令吉", "仙"),
        "NGN": Names("naira", "naira", "kobo", "kobo", "奈拉", "考包"),
        "NOK": Names("krone", "kroner", "øre", "øre", "克朗", "欧尔"),
        "NZD": Names("dollar", "dollars", "cent", "cents", "新西兰元", "分"),
        "PHP": Names("peso", "pesos", "sentimo", "sentimos", "比索", "分"),
        "PLN": Names("zloty", "zlotys", "grosz", "groszy", "兹罗提", "格罗希"),
        "SEK": Names("krona", "kronor", "öre", "öre", "克朗", "欧尔"),
        "SGD": Names("dollar", "dollars", "cent", "cents", "新元", "分"),
        "THB": Names("baht", "baht", "satang", "satang", "泰铢", "萨当"),
        "TRY": Names("lira", "lira", "kurush", "kurush", "里拉", "库鲁什"),
        "TWD": Names("dollar", "dollars", "cent", "cents", "新台币", "分"),
        "USD": Names("dollar", "dollars", "cent", "cents", "美元", "美分"),
        "VND": Names("dong", "dong", "", "", "越南盾", ""),
        "ZAR": Names("rand", "rand", "cent", "cents", "兰特", "分"),
    }
)

# fmt: off
_ONES: Final = (
    "zero", "one", "two", "three", "four",
    "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
_TENS: Final = (
    "zero", "ten", "twenty", "thirty", "forty",
    "fifty", "sixty", "seventy", "eighty", "ninety",
)
# fmt: on
_SCALES: Final = (
    (10**15, "quadrillion"),
    (10**12, "trillion"),
    (10**9, "billion"),
    (10**6, "million"),
    (1000, "thousand"),
    (100, "hundred"),
)
_DIGITS_ZH: Final = "零一二三四五六七八九"
_PLACES_ZH: Final = ((1000, "千"), (100, "百"), (10, "十"), (1, ""))
_GROUPS_ZH: Final = ((10**12, "万亿"), (10**8, "亿"), (10**4, "万"), (1, ""))


def english_number(value: int) -> str:
    """A whole number from 0 to 2^53 in English words."""
    if value < 20:
        return _ONES[value]
    if value < 100:
        tens, ones = divmod(value, 10)
        return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
    for scale, name in _SCALES:
        if value >= scale:
            count, rest = divmod(value, scale)
            said = f"{english_number(count)} {name}"
            return f"{said} {english_number(rest)}" if rest else said
    raise AssertionError("every value of 100 or more has a scale")


def chinese_number(value: int) -> str:
    """A whole number from 0 to 2^53 in Chinese numerals, 两 where a lone two counts something."""
    if value == 0:
        return "零"
    said, gap = "", False
    for group, name in _GROUPS_ZH:
        count, value = divmod(value, group)
        if count == 0:
            gap = gap or bool(said)
            continue
        zero = "零" if said and (gap or count < 1000) else ""
        said += zero + _group(count, first=not said, unit=bool(name)) + name
        gap = False
    return said


def _group(count: int, *, first: bool, unit: bool) -> str:
    """One to four digits (1..9999) in Chinese numerals."""
    if count == 2 and (unit or first):
        return "两"
    said, gap = "", False
    for place, name in _PLACES_ZH:
        digit, count = divmod(count, place)
        if digit == 0:
            gap = gap or bool(said)
            continue
        numeral = "两" if digit == 2 and place >= 100 else _DIGITS_ZH[digit]
        if place == 10 and digit == 1 and not said and first:
            numeral = ""
        said += ("零" if gap else "") + numeral + name
        gap = False
    return said


def spoken_amount(amount_minor: int, code: int, language: str) -> str:
    """``1250, 156`` as "twelve yuan fifty" (en) or "十二元五角" (zh); ``amount_minor`` >= 0.

    Raises:
        DecodeError: the currency is not in the frozen table.
    """
    unit = currency(code)
    whole, part = divmod(amount_minor, 10**unit.exponent)
    names = NAMES.get(unit.letters)
    if names is None:
        names = Names(unit.letters, unit.letters, "", "", unit.letters, "")
    if language == "zh":
        return _chinese(whole, part, names, cny=unit.letters == "CNY")
    return _english(whole, part, names, unit.exponent)


def _english(whole: int, part: int, names: Names, exponent: int) -> str:
    unit = names.one if whole == 1 else names.many
    part_unit = names.part_one if part == 1 else names.part_many
    if not part:
        return f"{english_number(whole)} {unit}"
    if not whole:
        return f"{english_number(part)} {part_unit}"
    if exponent != 2:
        return f"{english_number(whole)} {unit} and {english_number(part)} {part_unit}"
    oh = "oh " if part < 10 else ""
    return f"{english_number(whole)} {unit} {oh}{english_number(part)}"


def _chinese(whole: int, part: int, names: Names, *, cny: bool) -> str:
    said = f"{chinese_number(whole)}{names.zh}" if whole or not part else ""
    if not part:
        return said
    if not cny:
        return f"{said}{chinese_number(part)}{names.zh_part}"
    tenths, hundredths = divmod(part, 10)
    if tenths:
        said += f"{chinese_number(tenths)}角"
    elif whole:
        said += "零"
    return said + (f"{chinese_number(hundredths)}分" if hundredths else "")
