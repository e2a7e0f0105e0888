"""The voice of outcomes: which announcement belongs to which, rendered when it is played."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.devices.speech import EspeakSpeech
from terminal.kiosk import announcement
from terminal.kiosk.voice import Voice as Rendering
from terminal.sale.outcome import Accepted, Refused, Replayed, Returned, Telling
from terminal.sale.view import LineKind

if TYPE_CHECKING:
    from terminal.config import Voice
    from terminal.kiosk.announcement import Announcement
    from terminal.ports import Samples
    from terminal.runtime.announcer import Speak


def speaker_of_outcomes(settings: Voice, currency: int) -> Speak:
    """How this terminal speaks, in the seller's language and then the payer's."""
    rendering = Rendering(EspeakSpeech() if settings.enabled else None, settings.cue)
    languages = tuple(dict.fromkeys((settings.seller, settings.payer)))

    def speak(telling: Telling) -> Samples | None:
        said = announce(telling, currency, languages)
        return None if said is None else rendering.utterance(said).samples

    return speak


def announce(telling: Telling, currency: int, languages: tuple[str, ...]) -> Announcement | None:
    """What is said of an outcome; None where nothing is."""
    match telling:
        case Accepted():
            return announcement.accepted(telling.amount_minor, currency, languages)
        case Refused():
            return announcement.declined(telling.reasons, telling.prior_entry, languages)
        case Replayed(accepted):
            amount = accepted.amount_minor
            return announcement.replay(accepted.index, amount, currency, languages)
        case Returned():
            kind = LineKind.VOID if telling.void else LineKind.REFUND
            return announcement.returned(kind, telling.amount_minor, currency, languages)
        case _:
            return None
