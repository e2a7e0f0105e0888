"""Tells everybody what happened, after the commit: panel, voice, ack by sound, log.

Voice and ack are made on the thread that plays them. An outcome that comes again is shown and never
spoken: a recording played at the stall must not produce a second approval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from terminal.money import format_amount
from terminal.sale.outcome import (
    Accepted,
    Asked,
    Cleared,
    ConfirmPayer,
    Refused,
    Replayed,
    Returned,
    Telling,
)

if TYPE_CHECKING:
    from terminal.ports import Samples
    from terminal.runtime.front_panel import FrontPanel
    from terminal.runtime.mouth import Mouth

Report = Callable[[Mapping[str, object]], None]
"""Takes one event of the running log; must not raise."""

Speak = Callable[[Telling], "Samples | None"]
"""The spoken form of an outcome as sound, or None for what is not spoken. Slow: may render."""

Burst = Callable[[bytes], "Samples"]
"""Payload bytes as one burst of sound."""


@dataclass(frozen=True, slots=True)
class Voices:
    """What this terminal says aloud: ``speak`` outcomes, ``ask`` and ``ack`` as bursts."""

    mouth: Mouth
    speak: Speak
    ask: Burst | None = None
    ack: Callable[[Accepted], Samples] | None = None


class Announcer:
    """For the loop's thread; nothing here waits."""

    def __init__(self, report: Report, voices: Voices | None, panel: FrontPanel | None) -> None:
        self._report = report
        self._voices = voices
        self._panel = panel

    def tell(self, telling: Telling, currency: int) -> None:
        """Everything a person or a machine learns of this outcome."""
        self._report(describe(telling, currency))
        if self._panel is not None:
            self._panel.tell(telling)
        if self._voices is not None:
            self._sound(telling, self._voices)

    def _sound(self, telling: Telling, voices: Voices) -> None:
        match telling:
            case Asked(request) if voices.ask is not None:
                burst = voices.ask
                voices.mouth.say(lambda: burst(request))
            case Accepted() if voices.ack is not None:
                answer = voices.ack
                voices.mouth.say(lambda: answer(telling))
        if isinstance(telling, Accepted) and telling.again:
            return
        if isinstance(telling, Accepted | Returned | Replayed) or (
            isinstance(telling, Refused) and telling.verified
        ):
            voices.mouth.say(lambda: voices.speak(telling))


def describe(telling: Telling, currency: int) -> dict[str, object]:
    """The log's event for an outcome: plain values, no presentation, no key."""
    match telling:
        case Accepted():
            return {
                "event": "accepted",
                "entry": telling.index,
                "amount": format_amount(telling.amount_minor, currency),
                "carrier": telling.carrier.value,
                "check_code": telling.check_code,
                "again": telling.again,
            }
        case Refused():
            return {
                "event": "declined",
                "reasons": [reason.name for reason in telling.reasons],
                "words": [reason.text for reason in telling.reasons],
                "carrier": telling.carrier.value,
                "verified": telling.verified,
                "prior_entry": telling.prior_entry,
            }
        case ConfirmPayer():
            return {"event": "confirm_payer", "check_code": telling.check_code}
        case Returned():
            return {
                "event": "returned",
                "kind": "void" if telling.void else "refund",
                "entry": telling.index,
                "original": telling.original,
                "amount": format_amount(telling.amount_minor, currency),
            }
        case Asked():
            amount = format_amount(telling.amount_minor, currency)
            return {"event": "asked", "amount": amount, "request": telling.request.hex()}
        case Replayed():
            return {"event": "replayed", "entry": telling.accepted.index}
        case Cleared():
            return {"event": "cleared"}
