"""What a merchant chooses about the page and the voice; frozen, checked when it is made.

Nothing here decides about money: limits and keys come from the signed policy alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from terminal.errors import ConfigError
from terminal.kiosk.cues import CUES
from terminal.kiosk.words import LANGUAGES
from terminal.money import MAX_AMOUNT_MINOR

LOOPBACK_HOSTS: Final = ("127.0.0.1", "localhost", "::1")
"""The names a browser on this machine may call us by; any other is DNS rebinding."""

MAX_FAVOURITES: Final = 12
MAX_LABEL_CHARS: Final = 24
HANDS: Final = ("right", "left")


@dataclass(frozen=True, slots=True)
class Favourite:
    """A button that adds ``amount_minor`` to the sale; ``label`` in the merchant's words.

    Raises:
        ConfigError: an empty or long label, or an amount outside 1..2^53-1.
    """

    label: str
    amount_minor: int

    def __post_init__(self) -> None:
        if not 1 <= len(self.label) <= MAX_LABEL_CHARS or not self.label.isprintable():
            raise ConfigError("favourites.label", f"1 to {MAX_LABEL_CHARS} printable characters")
        if not 1 <= self.amount_minor <= MAX_AMOUNT_MINOR:
            raise ConfigError("favourites.amount_minor", "from 1 to 2^53 - 1 minor units")


@dataclass(frozen=True, slots=True)
class KioskSettings:
    """Languages (BCP 47) of page and voice, favourites, cue, the hand that types, hosts answered.

    Raises:
        ConfigError: naming the field that cannot be used.
    """

    language: str = "en"
    payer_language: str = "zh"
    favourites: tuple[Favourite, ...] = ()
    cue: str = "kumquat"
    hand: str = "right"
    time_zone: str = "UTC"
    allowed_hosts: tuple[str, ...] = LOOPBACK_HOSTS

    def __post_init__(self) -> None:
        _one_of("language", self.language, LANGUAGES)
        _one_of("payer_language", self.payer_language, LANGUAGES)
        _one_of("cue", self.cue, tuple(CUES))
        _one_of("hand", self.hand, HANDS)
        if len(self.favourites) > MAX_FAVOURITES:
            raise ConfigError("favourites", f"at most {MAX_FAVOURITES}")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ConfigError(
                "time_zone", f"{self.time_zone!r} is not in the zone table"
            ) from error

    @property
    def languages(self) -> tuple[str, ...]:
        """What is spoken, the seller's language first, each once."""
        return tuple(dict.fromkeys((self.language, self.payer_language)))


def _one_of(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(field, f"{value!r} is not one of {', '.join(allowed)}")
