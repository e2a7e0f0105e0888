"""The legal moves of the sale in front of the customer: one table, and its causes."""

from __future__ import annotations

from enum import Enum
from typing import Final

from terminal.sale.view import Phase


class Cause(Enum):
    """What moves a sale from one phase to another."""

    CHARGE = "the seller asks for an amount"
    ACCEPT = "a commit"
    DECLINE = "a decline"
    DISMISS = "the seller has seen it, or cancels"
    RETRY = "the sale is open for another try"
    STOP = "a commit failed"


TRANSITIONS: Final = {
    (Phase.IDLE, Cause.CHARGE): Phase.WAITING,
    (Phase.ACCEPTED, Cause.CHARGE): Phase.WAITING,
    (Phase.DECLINED, Cause.CHARGE): Phase.WAITING,
    (Phase.IDLE, Cause.ACCEPT): Phase.ACCEPTED,
    (Phase.WAITING, Cause.ACCEPT): Phase.ACCEPTED,
    (Phase.DECLINED, Cause.ACCEPT): Phase.ACCEPTED,
    (Phase.ACCEPTED, Cause.ACCEPT): Phase.ACCEPTED,
    (Phase.IDLE, Cause.DECLINE): Phase.DECLINED,
    (Phase.WAITING, Cause.DECLINE): Phase.DECLINED,
    (Phase.DECLINED, Cause.DECLINE): Phase.DECLINED,
    (Phase.WAITING, Cause.DISMISS): Phase.IDLE,
    (Phase.ACCEPTED, Cause.DISMISS): Phase.IDLE,
    (Phase.DECLINED, Cause.DISMISS): Phase.IDLE,
    (Phase.DECLINED, Cause.RETRY): Phase.WAITING,
    (Phase.IDLE, Cause.STOP): Phase.STOPPED,
    (Phase.WAITING, Cause.STOP): Phase.STOPPED,
    (Phase.ACCEPTED, Cause.STOP): Phase.STOPPED,
    (Phase.DECLINED, Cause.STOP): Phase.STOPPED,
}
"""Every legal move. STOPPED is left by reopening the journal alone."""
