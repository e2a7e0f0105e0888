"""What is said aloud, and with which cue: pure values, made after the commit and never before.

The seller's language comes first, then the payer's, each once. Only ``accepted`` carries the
merchant's approval cue: a replay, a decline, a refund and a sale found after a restart each have
their own, so that nobody takes one of them for a new payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from terminal.kiosk.spoken_money import spoken_amount
from terminal.kiosk.words import words
from terminal.payment.reasons import Reason
from terminal.sale.view import LineKind, Phase, Screen


class Cue(Enum):
    """Which sound comes before the words."""

    APPROVED = "approved"
    DECLINED = "declined"
    REPLAY = "replay"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Phrase:
    """``text`` to be said in ``language`` (BCP 47)."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """One cue, then its phrases in order."""

    cue: Cue
    phrases: tuple[Phrase, ...]


def accepted(amount_minor: int, currency: int, languages: tuple[str, ...]) -> Announcement:
    """A sale has just been accepted; call it after its entry is durable."""
    return _amount(Cue.APPROVED, "voice.accepted", amount_minor, currency, languages)


def declined(
    reasons: tuple[Reason, ...], prior_entry: int | None, languages: tuple[str, ...]
) -> Announcement:
    """A payment was declined; the first reason is said, the screen shows them all."""
    said = []
    for language in languages:
        table = words(language)
        reason = table.reason(reasons[0], prior_entry) if reasons else table("declined.no_money")
        said.append(Phrase(language, table("voice.declined", reason=reason)))
    return Announcement(Cue.DECLINED, tuple(said))


def replay(
    entry_index: int, amount_minor: int, currency: int, languages: tuple[str, ...]
) -> Announcement:
    """The last accepted sale once more, said to be a repetition."""
    return _amount(Cue.REPLAY, "voice.replay", amount_minor, currency, languages, index=entry_index)


def returned(
    kind: LineKind, amount_minor: int, currency: int, languages: tuple[str, ...]
) -> Announcement:
    """A refund or void was entered; ``kind`` is not SALE."""
    assert kind is not LineKind.SALE, "a sale gives nothing back"
    return _amount(Cue.RETURNED, f"voice.{kind.value}", amount_minor, currency, languages)


def unannounced(amount_minor: int, currency: int, languages: tuple[str, ...]) -> Announcement:
    """A sale accepted before a restart and found unannounced after it."""
    return _amount(Cue.REPLAY, "voice.unannounced", amount_minor, currency, languages)


def stopped(languages: tuple[str, ...]) -> Announcement:
    """A commit's outcome is unknown and selling has stopped."""
    said = tuple(Phrase(language, words(language)("voice.stopped")) for language in languages)
    return Announcement(Cue.DECLINED, said)


def announcement_of(screen: Screen, languages: tuple[str, ...]) -> Announcement | None:
    """What a new screen is announced with; None where it says nothing aloud."""
    if screen.phase is Phase.ACCEPTED and screen.amount_minor is not None:
        return accepted(screen.amount_minor, screen.currency, languages)
    if screen.phase is Phase.DECLINED:
        return declined(screen.reasons, screen.prior_entry, languages)
    return stopped(languages) if screen.phase is Phase.STOPPED else None


def _amount(
    cue: Cue,
    key: str,
    amount_minor: int,
    currency: int,
    languages: tuple[str, ...],
    **values: object,
) -> Announcement:
    said = tuple(
        Phrase(
            language,
            words(language)(key, amount=spoken_amount(amount_minor, currency, language), **values),
        )
        for language in languages
    )
    return Announcement(cue, said)
