"""What the loop waits for: frozen messages from the threads that wait on devices."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from terminal.sale.view import Carrier
    from terminal.sync.exchange import HostReply, HostRequest


@dataclass(frozen=True, slots=True)
class Heard:
    """Payload bytes from a carrier that needs no answer in the same breath."""

    payload: bytes
    carrier: Carrier


@dataclass(frozen=True, slots=True)
class Call:
    """Work for the loop's thread, whose result another thread waits for."""

    work: Callable[[], Any]
    result: Future[Any]


@dataclass(frozen=True, slots=True)
class PanelData:
    """Bytes from the front panel."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PanelGone:
    """The panel's serial device failed; bytes come again when it is back."""


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device's condition: ``fault`` is one clear line, None when it works."""

    device: str
    fault: str | None


@dataclass(frozen=True, slots=True)
class HostAnswered:
    """The host's reply to ``request``, or None when it could not be reached."""

    request: HostRequest
    reply: HostReply | None


@dataclass(frozen=True, slots=True)
class Stop:
    """End the loop after this message."""


Message = Heard | Call | PanelData | PanelGone | DeviceState | HostAnswered | Stop
Post = Callable[[Message], None]
