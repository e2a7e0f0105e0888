"""What can go wrong between a reader, a card and us, by whose fault it is.

A card taken away or refusing is everyday life at a till: the polling loop turns these errors into
events. A reader that is gone is the supervisor's business. A reply that is not what the standard or
``docs/protocol/card.md`` says is a ``DecodeError`` like any other.
"""

from __future__ import annotations

from typing import ClassVar

from terminal.errors import DeviceError, KumquatError


class CardLost(KumquatError):
    """The card was taken away, or was too slow; presenting it again resumes the same sale."""

    exit_code: ClassVar[int] = 75


class CardRefused(KumquatError):
    """The card understood and said no; ``status`` is its status word (docs/protocol/card.md)."""

    exit_code: ClassVar[int] = 76

    def __init__(self, status: int, meaning: str) -> None:
        super().__init__(f"the card answered {status:04X}: {meaning}")
        self.status = status
        self.meaning = meaning


class ReaderLost(DeviceError):
    """The reader is gone or cannot be opened; only opening it anew can help."""


class ReaderGlitch(DeviceError):
    """One command to the reader failed (a damaged frame, no answer); the next may well work."""
