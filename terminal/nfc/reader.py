"""The port of a reader, and what it can find: frozen values.

A driver speaks in cards and APDUs; whether a chip, a USB stick or PC/SC is behind it shows nowhere
else. Everything it may raise is in ``terminal.nfc.errors``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol, runtime_checkable

from terminal.errors import DecodeError
from terminal.ports import CardLink


class CardKind(Enum):
    """What an ISO/IEC 14443-3 Type A card says it is by its SAK (NXP AN10833, table 6)."""

    ISO_DEP = "a Type 4 card or phone"
    CLASSIC = "a MIFARE Classic card, whose cipher is broken"
    TYPE_2 = "a Type 2 tag, which can be copied"
    PEER = "a device that only speaks peer to peer"
    OTHER = "a card of an unknown kind"


def kind_of(sak: int) -> CardKind:
    """The kind by SAK; a phone's 60 and a SmartMX's 28 count as ISO-DEP, since bit 6 is set."""
    if sak & 0x20:
        return CardKind.ISO_DEP
    if sak & 0x08 or sak & 0x1F in (0x01, 0x10, 0x11):
        return CardKind.CLASSIC
    if sak & 0x40:
        return CardKind.PEER
    return CardKind.TYPE_2 if sak == 0x00 else CardKind.OTHER


@dataclass(frozen=True, slots=True)
class CardFound:
    """One card in the field: ``uid`` 4, 7 or 10 bytes, ``atqa`` 2 bytes as sent, ``sak``.

    A reader that keeps ``uid`` or ``atqa`` to itself leaves them empty (``terminal.nfc.atr``).
    """

    uid: bytes
    atqa: bytes
    sak: int

    @property
    def kind(self) -> CardKind:
        """What it says it is."""
        return kind_of(self.sak)


@dataclass(frozen=True, slots=True)
class TwoCards:
    """More than one card in the field: nobody can say which is meant to pay."""

    uids: tuple[bytes, ...]


Sensed = CardFound | TwoCards | None


class ReaderDriver(CardLink, Protocol):
    """One reader. Not thread-safe: one thread owns it."""

    def open(self) -> str:
        """Open and set up the reader; returns what it says it is. A second call opens anew.

        Raises:
            ReaderLost: missing, or what is there is no reader.
        """

    def sense(self) -> Sensed:
        """Look once, briefly, for cards. The field stays on.

        Raises:
            ReaderLost, ReaderGlitch: the reader is gone, or this look failed.
        """

    def activate(self, timeout_ms: int) -> None:
        """Bring the one card found by the last ``sense`` to where it takes APDUs.

        Raises:
            CardLost: it went away.
            DecodeError: its answer to select is malformed.
            ReaderLost, ReaderGlitch: as above.
        """

    def exchange(self, command_apdu: bytes, timeout_ms: int) -> bytes:
        """One command and its response, all retries and extensions within ``timeout_ms``.

        Raises:
            CardLost: it went away, or was too slow.
            ReaderLost, ReaderGlitch: as above.
        """

    def release(self) -> None:
        """Field off: every card forgets what it was doing. The next ``sense`` turns it on.

        Raises:
            ReaderLost, ReaderGlitch: as above.
        """

    def close(self) -> None:
        """Let go of the reader; never raises, may be called twice."""


@runtime_checkable
class TagDriver(Protocol):
    """A reader that also reads Type 2 tags; one that cannot refuses them all."""

    def select_tag(self) -> None:
        """Wake the one Type 2 tag that the last ``sense`` found.

        Raises:
            CardLost, ReaderLost, ReaderGlitch: it went away, or the reader did.
        """

    def read_pages(self, page: int, timeout_ms: int) -> bytes:
        """READ (NFC Forum Type 2 Tag, 5.1): the bytes of four pages from ``page`` (0..255) on.

        Raises:
            CardLost, ReaderLost, ReaderGlitch: as above; also a tag that answers NAK.
        """


MAX_TARGETS: Final = 2


def decode_targets(data: bytes) -> tuple[CardFound, ...]:
    """Type A targets as a PN53x lists them (UM0701-02, 7.3.5): count, then each target's data.

    Without automatic RATS: number, SENS_RES (2), SEL_RES, length of the UID, UID.

    Raises:
        DecodeError: a count above 2, numbers out of order, an impossible UID, or bytes left over.
    """
    if not data or data[0] > MAX_TARGETS:
        raise DecodeError("targets", "no count, or more than 2")
    found, rest = [], data[1:]
    for number in range(1, data[0] + 1):
        if len(rest) < 5 or rest[0] != number:
            raise DecodeError("targets", f"target {number} is missing")
        size = rest[4]
        if size not in (4, 7, 10) or len(rest) < 5 + size:
            raise DecodeError("targets.uid", f"{size} bytes announced")
        found.append(CardFound(bytes(rest[5 : 5 + size]), bytes(rest[1:3]), rest[3]))
        rest = rest[5 + size :]
    if rest:
        raise DecodeError("targets", f"{len(rest)} bytes left over")
    return tuple(found)
