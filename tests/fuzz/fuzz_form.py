"""The page's forms: every field is typed or refused, whatever bytes are posted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from terminal.errors import DecodeError
from terminal.kiosk.forms import (
    decode_form,
    entry_index,
    refund_amount,
    scanned_line,
    typed_amount,
)

SEEDS = (b"typed=12.5%2B6", b"index=211&amount=5.00", b"line=KQPAB23", b"language=zh&back=%2Ftoday")
CNY = 156


def fuzz(data: bytes) -> None:
    fields = decode_form(data)
    readers: tuple[Callable[[Mapping[str, str]], int | str], ...] = (
        entry_index,
        scanned_line,
        lambda given: typed_amount(given, CNY),
        lambda given: refund_amount(given, CNY),
    )
    for read in readers:
        try:
            value = read(fields)
        except DecodeError:
            continue
        assert value != ""
