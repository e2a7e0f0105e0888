"""What a screen may know and ask: frozen values out, intentions in.

A screen never sees a presentation, a key or the journal; it shows a ``Screen`` and calls a
``Desk``. The three honest states of a line (accepted offline, host confirmed, host refused) are a
type, so no page can show one as another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from terminal.errors import KumquatError
from terminal.payment.reasons import Reason


class Phase(Enum):
    """What the sale in front of the customer is doing."""

    IDLE = "idle"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    STOPPED = "stopped"
    """A commit's outcome is unknown: selling stops until the journal is reopened."""


class LineKind(Enum):
    """What a line of the day's list is."""

    SALE = "sale"
    REFUND = "refund"
    VOID = "void"


class LineState(Enum):
    """How far a line has come, honestly."""

    ACCEPTED_OFFLINE = "accepted_offline"
    HOST_CONFIRMED = "host_confirmed"
    HOST_REFUSED = "host_refused"


class Carrier(Enum):
    """How the presentation reached us."""

    SOUND = "sound"
    TAP = "tap"
    SCAN = "scan"


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One line of the day's list. ``amount_minor`` is positive; refunds and voids give it back."""

    index: int
    kind: LineKind
    time_unix_s: int
    amount_minor: int
    state: LineState
    announced: bool
    original_index: int | None = None
    """For a refund or void: the entry it cites."""
    refundable_minor: int = 0
    """For a sale: what may still be given back here."""
    host_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """The day in figures. Net is sales less refunds and voids."""

    sales_count: int
    sales_minor: int
    returned_minor: int
    unsynced_count: int
    at_risk_minor: int
    """Accepted offline and not yet host confirmed."""

    @property
    def net_minor(self) -> int:
        return self.sales_minor - self.returned_minor


@dataclass(frozen=True, slots=True)
class PinView:
    """The payer's PIN as a screen may show it: how many digits, never which."""

    count: int
    ready: bool
    """Entered: the card may come."""
    tries_left: int | None = None
    """After a wrong one."""


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything the pages show of the moment. ``version`` rises with every change."""

    version: int
    phase: Phase
    currency: int
    payee: str | None
    terminal: int
    totals: Totals
    amount_minor: int | None = None
    ask_text: str | None = None
    """The text of the QR code while waiting (see ``terminal.payment.text``)."""
    check_code: str | None = None
    entry_index: int | None = None
    carrier: Carrier | None = None
    reasons: tuple[Reason, ...] = ()
    prior_entry: int | None = None
    """With ALREADY_ACCEPTED: the entry that took it."""
    confirm_payer: bool = False
    """The seller must confirm the payer before this amount is taken."""
    pin: PinView | None = None
    """The payer is asked for the card's PIN."""
    unannounced: tuple[SaleLine, ...] = ()
    """Accepted before a restart and never announced: shown first, until acknowledged."""
    host_online: bool = False
    last_host_contact_unix_s: int | None = None
    policy_version: int | None = None
    simulated: bool = False
    faults: tuple[str, ...] = ()
    """One clear line for each device that is missing or failing."""


class DeskRefused(KumquatError):
    """The desk will not do that now; the message says why and is fit for a screen."""


class Desk(Protocol):
    """What the seller can do. Every call returns at once; the screen follows.

    Raises:
        DeskRefused: from any of them, where it cannot be done now.
    """

    def screen(self) -> Screen: ...

    def today(self) -> tuple[SaleLine, ...]:
        """The business day's lines, newest first."""

    def charge(self, amount_minor: int) -> None:
        """Ask for an amount: opens the sale."""

    def cancel(self) -> None:
        """Close the open sale without a payment."""

    def done(self) -> None:
        """The accepted or declined screen was seen: back to the keypad."""

    def confirm_payer(self) -> None:
        """The seller has checked the payer where the policy asks for it."""

    def refund(self, index: int, amount_minor: int) -> None: ...

    def void(self, index: int) -> None: ...

    def undo(self) -> None:
        """Void the last sale."""

    def repeat_last(self) -> None:
        """Ask for the last amount again."""

    def replay(self) -> None:
        """Announce the last accepted sale once more, as a replay."""

    def acknowledge(self, index: int) -> None:
        """The seller has seen an accepted sale that was never announced."""

    def scan(self, line: str) -> None:
        """A line from a keyboard-wedge scanner."""

    def subscribe(self, changed: Callable[[Screen], None]) -> Callable[[], None]:
        """Call ``changed`` from any thread on every new screen; returns how to stop."""
