"""What the phone shows, as JSON lines, and what its owner types, read strictly."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from terminal.errors import DecodeError
from terminal.money import format_amount
from terminal.payment.coupon import CouponId

if TYPE_CHECKING:
    from host_sim.world.wallet import Holding, Payment


def tell(event: str, **values: Any) -> None:
    """One JSON line."""
    sys.stdout.write(json.dumps({"event": event, **values}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def holding_fields(holding: Holding) -> dict[str, Any]:
    """A coupon and what is left of it."""
    fields = holding.coupon.fields
    return {
        "coupon": f"{fields.issuer}:{fields.serial}",
        "remaining": format_amount(holding.remaining_minor, fields.currency),
        "remaining_minor": holding.remaining_minor,
        "limit_minor": fields.limit_minor,
        "not_after_unix_s": fields.not_after_unix_s,
    }


def payment_fields(payment: Payment) -> dict[str, Any]:
    """A payment: amounts, the interval's beginning, and the check code of both screens."""
    return {
        "coupon": f"{payment.coupon_id.issuer}:{payment.coupon_id.serial}",
        "terminal": payment.terminal,
        "amount": format_amount(payment.amount_minor, payment.currency),
        "amount_minor": payment.amount_minor,
        "from_minor": payment.from_minor,
        "check_code": payment.check_code,
        "bytes": len(payment.presentation),
        "full": payment.full,
        "repeated": payment.repeated,
    }


def read_coupon_id(name: str) -> CouponId | None:
    """The coupon called ISSUER:SERIAL; None for an empty name.

    Raises:
        DecodeError: it is not of that form.
    """
    if not name:
        return None
    issuer, _, serial = name.partition(":")
    if not (issuer.isdecimal() and serial.isdecimal()):
        raise DecodeError("coupon", f"{name!r} is not ISSUER:SERIAL")
    return CouponId(int(issuer), int(serial))


def read_hex(value: str, field: str) -> bytes:
    """Bytes typed in hexadecimal.

    Raises:
        DecodeError: naming ``field``.
    """
    try:
        return bytes.fromhex(value)
    except ValueError as error:
        raise DecodeError(field, "not hexadecimal") from error


def bytes_or_file(value: str) -> bytes:
    """Bytes given as hex, or a file that holds them plainly or as hex."""
    path = Path(value)
    if len(value) > 200 or not path.is_file():
        return read_hex(value, "bytes")
    data = path.read_bytes()
    try:
        return bytes.fromhex(data.decode("ascii"))
    except ValueError:
        return data
