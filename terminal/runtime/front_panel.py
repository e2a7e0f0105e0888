"""The front panel from the loop's side: lights and cues follow outcomes, the barrier a commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from terminal.panel.events import PanelEvent
from terminal.panel.messages import Cue, Light
from terminal.panel.session import PanelSession
from terminal.sale.outcome import Accepted, Asked, Cleared, Refused, Returned, Telling
from terminal.sale.view import Carrier

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.runtime.wire import Wire

VERDICT_MS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Post:
    """An unattended post: the amount asked of every card, and how long the barrier is pulsed."""

    amount_minor: int
    barrier_ms: int


class FrontPanel:
    """One panel on one wire. All methods but construction are for the loop's thread."""

    def __init__(
        self,
        wire: Wire,
        first_link: int,
        monotonic_ms: Callable[[], int],
        post: Post | None,
    ) -> None:
        self.wire = wire
        self._now_ms = monotonic_ms
        self._post = post
        self._session = PanelSession(first_link, monotonic_ms())

    def receive(self, data: bytes) -> tuple[PanelEvent, ...]:
        """Bytes from the panel."""
        return self._then_send(self._session.receive(data, self._now_ms()))

    def advance(self) -> tuple[PanelEvent, ...]:
        """Time passed."""
        return self._then_send(self._session.advance(self._now_ms()))

    def gone(self) -> tuple[PanelEvent, ...]:
        """The serial device failed."""
        return self._session.device_gone(self._now_ms())

    def wait_s(self) -> float:
        """How long until ``advance`` has something to do."""
        return max(0, self._session.wake_ms() - self._now_ms()) / 1000

    @property
    def fault(self) -> str | None:
        """One line while the panel does not obey; None while it does."""
        return self._session.fault

    def card_seen(self) -> None:
        """A card is in the field: light and sound at once; the verdict comes later."""
        self._session.show(Light.READING, Cue.READING)
        self._send()

    def pin_wanted(self) -> None:
        """The payer is asked for a PIN."""
        self._session.show(Light.WAITING, Cue.ATTENTION)
        self._send()

    def stopped(self) -> None:
        """Selling has stopped."""
        self._session.show(Light.STOPPED, Cue.ATTENTION)
        self._send()

    def resumed(self, *, waiting: bool) -> None:
        """Selling goes on."""
        self._session.show(Light.WAITING if waiting else Light.IDLE)
        self._send()

    def tell(self, telling: Telling) -> None:
        """Show an outcome; open the barrier for an acceptance at an unattended post."""
        session = self._session
        match telling:
            case Accepted(again=True):
                session.show(Light.ACCEPTED, Cue.SILENT, VERDICT_MS)
            case Accepted():
                if self._post is not None:
                    session.pulse_barrier(telling.index, self._now_ms(), self._post.barrier_ms)
                session.show(Light.ACCEPTED, Cue.ACCEPTED, VERDICT_MS)
            case Refused(verified=True) | Refused(carrier=Carrier.TAP):
                session.show(Light.DECLINED, Cue.DECLINED, VERDICT_MS)
            case Asked():
                session.show(Light.WAITING)
            case Cleared():
                session.show(Light.IDLE)
            case Returned():
                session.play(Cue.ATTENTION)
            case _:
                return
        self._send()

    def _then_send(self, events: tuple[PanelEvent, ...]) -> tuple[PanelEvent, ...]:
        self._send()
        return events

    def _send(self) -> None:
        self.wire.write(self._session.data_to_send())
