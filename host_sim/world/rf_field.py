"""The air above a reader: cards put there and taken away, and what may go wrong on the way.

Type A states are ISO/IEC 14443-3's as far as a reader can tell them apart: idle, active, halted;
they end when the field drops. Mishaps are data: each waits for its frame, counted from activation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class RfCard(Protocol):
    """A Type A card after anticollision; frames come without their check bytes."""

    @property
    def uid(self) -> bytes: ...

    @property
    def atqa(self) -> bytes: ...

    @property
    def sak(self) -> int: ...

    def power_off(self) -> None:
        """The field dropped: everything not durable is gone."""

    def hear(self, frame: bytes) -> bytes | None:
        """The answer to a frame, or silence."""


class CardState(Enum):
    """ISO/IEC 14443-3, 6.3, with READY left out."""

    IDLE = "idle"
    ACTIVE = "active"
    HALTED = "halted"


class Mishap(Enum):
    """What can happen to one exchange on air."""

    TORN_BEFORE = "the card leaves before it hears the frame"
    TORN_AFTER = "the card leaves after it worked, before its answer is heard"
    LOST = "the answer is not heard"
    UNHEARD = "the card does not hear the frame"
    GARBLED = "the answer is damaged"


@dataclass(frozen=True, slots=True)
class PlannedMishap:
    """``mishap`` befalls the ``frame``-th exchange after activation, counting from 1."""

    mishap: Mishap
    frame: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came of one frame: the answer, None for silence; ``damaged``: it failed its check."""

    answer: bytes | None
    damaged: bool = False


SILENCE = Exchange(None)


class RfField:
    """The cards in reach of one antenna."""

    def __init__(self) -> None:
        self._cards: dict[int, RfCard] = {}
        self._states: dict[int, CardState] = {}
        self._frames = 0
        self.planned: list[PlannedMishap] = []
        self.exchanges: list[tuple[int, int]] = []
        """Bytes sent and heard, exchange by exchange, check bytes left out."""

    @property
    def cards(self) -> tuple[RfCard, ...]:
        """Those in reach."""
        return tuple(self._cards.values())

    def place(self, card: RfCard) -> None:
        """Put a card into the field."""
        self._cards[id(card)] = card
        self._states[id(card)] = CardState.IDLE
        card.power_off()

    def remove(self, card: RfCard) -> None:
        """Take a card away; nothing happens if it is not there."""
        if self._cards.pop(id(card), None) is not None:
            del self._states[id(card)]
            card.power_off()

    def off(self) -> None:
        """No field: every card forgets."""
        for key, card in self._cards.items():
            self._states[key] = CardState.IDLE
            card.power_off()

    def find(self, most: int, uid: bytes = b"") -> tuple[RfCard, ...]:
        """REQA, anticollision and selection, up to ``most`` times; found cards but the last halt.

        Looking for one more than there are leaves every card halted. With a ``uid``, WUPA wakes
        exactly that card even when it is halted.
        """
        idle = [
            key
            for key, state in self._states.items()
            if (self._cards[key].uid == uid if uid else state is CardState.IDLE)
        ]
        for key, state in self._states.items():
            if state is CardState.ACTIVE:  # an active card takes REQA as a reason to stop
                self._states[key] = CardState.HALTED
        found = sorted(idle, key=lambda key: self._cards[key].uid)[:most]
        for key in found:
            self._states[key] = CardState.HALTED
        if found and len(found) == most:
            self._activate(found[-1])
        return tuple(self._cards[key] for key in found)

    def select(self, card: RfCard) -> bool:
        """Wake exactly this card (WUPA and its identifier); whether it is still there."""
        for key, state in self._states.items():
            if state is CardState.ACTIVE and key != id(card):
                self._states[key] = CardState.HALTED
        if id(card) not in self._cards:
            return False
        if self._states[id(card)] is not CardState.ACTIVE:
            self._activate(id(card))
        return True

    def exchange(self, frame: bytes) -> Exchange:
        """A frame to the active card, with whatever mishap is planned for it."""
        active = [key for key, state in self._states.items() if state is CardState.ACTIVE]
        if not active:
            return SILENCE
        self._frames += 1
        due = next((plan for plan in self.planned if plan.frame == self._frames), None)
        if due is not None:
            self.planned.remove(due)
        result = self._befall(self._cards[active[0]], frame, due.mishap if due else None)
        self.exchanges.append((len(frame), len(result.answer or b"")))
        return result

    def _befall(self, card: RfCard, frame: bytes, mishap: Mishap | None) -> Exchange:
        if mishap is Mishap.TORN_BEFORE:
            self.remove(card)
            return SILENCE
        if mishap is Mishap.UNHEARD:
            return SILENCE
        answer = card.hear(frame)
        if answer is None and not card.sak & 0x20:  # not understood: back to waiting for REQA
            self._states[id(card)] = CardState.IDLE
        if mishap is Mishap.TORN_AFTER:
            self.remove(card)
        if mishap in (Mishap.TORN_AFTER, Mishap.LOST):
            return SILENCE
        return Exchange(answer, damaged=mishap is Mishap.GARBLED and answer is not None)

    def _activate(self, key: int) -> None:
        self._states[key] = CardState.ACTIVE
        self._frames = 0
