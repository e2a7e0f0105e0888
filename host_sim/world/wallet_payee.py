"""Whom the phone's screen names as the payee: only whom the host named, in a signed payee card.

Source: ``docs/protocol/money.md``, "Payee card". A request is unsigned and may come from anybody's
loudspeaker, so a name in any other shape is never shown; without one the screen says *unknown
payee*, asks a second time and takes a lower cap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from terminal.crypto.keys import parse_public_key
from terminal.errors import DecodeError, KumquatError, SignatureInvalid
from terminal.payment.payee import verify_payee_card

if TYPE_CHECKING:
    from terminal.payment.request import Request, StaticRequest

UNKNOWN_PAYEE: Final = "unknown payee"
UNKNOWN_PAYEE_CAP_MINOR: Final = 20_000


class PayeeUnconfirmed(KumquatError):
    """The payer did not confirm an unknown payee, or the amount is above the cap for one."""

    exit_code = 77


def trusted_name(
    card: bytes | None, key: bytes | None, request: Request | StaticRequest, now_unix_s: int
) -> str | None:
    """The name on a payee card that ``key`` signed for this request's terminal, or None; pure."""
    if card is None or key is None:
        return None
    try:
        found = verify_payee_card(card, parse_public_key(key, "payee key"))
    except (DecodeError, SignatureInvalid):
        return None
    same = (found.terminal, found.currency) == (request.terminal, request.currency)
    return found.name if same and found.not_after_unix_s >= now_unix_s else None


def check_payee(name: str | None, amount_minor: int, *, confirmed: bool) -> None:
    """Let a payment to an unknown payee pass only when confirmed, and only up to the cap.

    Raises:
        PayeeUnconfirmed: otherwise.
    """
    if name is None and not confirmed:
        raise PayeeUnconfirmed(f"{UNKNOWN_PAYEE}: confirm a second time (--confirm-unknown)")
    if name is None and amount_minor > UNKNOWN_PAYEE_CAP_MINOR:
        raise PayeeUnconfirmed(f"{UNKNOWN_PAYEE}: more than the cap for one")
