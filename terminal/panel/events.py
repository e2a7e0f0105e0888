"""What the panel session tells the terminal: frozen events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from terminal.panel.messages import FaultCode, Feature, PulseResult, ResetCause


class LinkLoss(Enum):
    """Why there is no link any more."""

    SILENCE = "nothing was heard from the panel"
    UNACKNOWLEDGED = "the panel did not acknowledge"
    PANEL_RESTARTED = "the panel restarted"
    PANEL_UNLINKED = "the panel lost the terminal"
    OVERLOADED = "too many commands were waiting"
    DEVICE_GONE = "the serial device is gone"


class Unconfirmed(Enum):
    """Why nobody can say that the barrier was told to open."""

    NO_LINK = "the panel was not there"
    LINK_LOST = "the link was lost before the panel answered"
    TIMED_OUT = "the panel did not answer in time"
    NOT_SENSED = "the relay was driven but its contact did not close"
    BUSY = "the panel was still at the pulse before"
    REFUSED = "the panel refused the pulse"


@dataclass(frozen=True, slots=True)
class LinkUp:
    """A panel is there and obeys. Its lights are idle until the next command."""

    boot: int
    firmware: tuple[int, int, int]
    reset_cause: ResetCause
    features: Feature


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The panel is not there, or no longer obeys; it shows so itself and closes its barrier."""

    reason: LinkLoss


@dataclass(frozen=True, slots=True)
class PanelIncompatible:
    """A panel speaks another version of the protocol; said once until it changes."""

    version: int


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """One character of 0-9, A-D, ``*``, ``#``."""

    character: str


@dataclass(frozen=True, slots=True)
class BarrierConfirmed:
    """The pulse with this job number was given; ``evidence`` says how far that is known."""

    job: int
    evidence: PulseResult
    after_ms: int
    """From the call of ``pulse_barrier`` to the panel's answer, on the terminal's clock."""


@dataclass(frozen=True, slots=True)
class BarrierUnconfirmed:
    """No confirmation: this is to become a journal entry. It may yet have opened."""

    job: int
    reason: Unconfirmed


@dataclass(frozen=True, slots=True)
class BarrierReportLate:
    """The panel answered for a job that was already given up as unconfirmed."""

    job: int
    result: PulseResult


@dataclass(frozen=True, slots=True)
class EmergencyChanged:
    """The emergency input opened the barrier, or let go of it again."""

    active: bool


@dataclass(frozen=True, slots=True)
class PanelFault:
    """The panel complains of something; ``detail`` is the kind of command, or a count."""

    code: FaultCode
    detail: int


@dataclass(frozen=True, slots=True)
class ReportUnreadable:
    """A frame with a good checksum made no sense: another version, or our own fault."""

    field: str
    problem: str


PanelEvent = (
    LinkUp
    | LinkLost
    | PanelIncompatible
    | KeyPressed
    | BarrierConfirmed
    | BarrierUnconfirmed
    | BarrierReportLate
    | EmergencyChanged
    | PanelFault
    | ReportUnreadable
)
