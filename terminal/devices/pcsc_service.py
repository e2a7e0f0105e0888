"""PC/SC itself: the few calls that a reader needs, and what can come of each.

``ScardService`` makes them through pyscard's thin layer over the system's PC/SC library (PC/SC part
5; pcsc-lite 1.9 on Debian). pyscard is an optional part of Kumquat: it is imported when a reader is
opened. Every call may block for as long as the reader's driver likes.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Protocol

from terminal.nfc.errors import ReaderLost

INSTALL_PYSCARD: Final = "install it: pip install 'kumquat[pcsc]'"


class Code(IntEnum):
    """Return codes that are told apart (pcsc-lite, ``pcsclite.h``)."""

    INVALID_HANDLE = 0x80100003
    UNKNOWN_READER = 0x80100009
    TIMEOUT = 0x8010000A
    SHARING_VIOLATION = 0x8010000B
    NO_SMARTCARD = 0x8010000C
    PROTOCOL_MISMATCH = 0x8010000F
    COMMUNICATION = 0x80100013
    NOT_TRANSACTED = 0x80100016
    READER_UNAVAILABLE = 0x80100017
    NO_SERVICE = 0x8010001D
    SERVICE_STOPPED = 0x8010001E
    NO_READERS = 0x8010002E
    UNSUPPORTED_CARD = 0x80100065
    UNRESPONSIVE_CARD = 0x80100066
    UNPOWERED_CARD = 0x80100067
    RESET_CARD = 0x80100068
    REMOVED_CARD = 0x80100069
    NOT_ALLOWED = 0x8010006A


class PcscFault(Exception):
    """A call failed with this code, which may be none of ``Code``."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code:08X}")
        self.code = code


@dataclass(frozen=True, slots=True)
class SlotStatus:
    """A reader just now. ``changes`` counts cards come and gone; ``attached``: it is there."""

    attached: bool
    present: bool
    changes: int
    atr: bytes


class PcscService(Protocol):
    """One client of the PC/SC service with at most one card; every method raises ``PcscFault``."""

    def readers(self) -> tuple[str, ...]:
        """The names of the readers that are there."""

    def status(self, reader: str) -> SlotStatus:
        """What is in that reader; asks the service, not the reader."""

    def connect(self, reader: str) -> None:
        """Power the card there and keep every other program away from it."""

    def transmit(self, command_apdu: bytes) -> bytes:
        """One APDU each way, no status word if the card left meanwhile."""

    def disconnect(self, *, reset: bool) -> None:
        """Let go of the card; ``reset`` makes it forget its session.

        A card that is gone must not be reset: pcscd 1.9 then calls the reader empty, and where it
        polls the reader it overlooks the next card for as long as that one stays.
        """

    def close(self) -> None:
        """Let go of everything."""


class ScardService:
    """``PcscService`` through pyscard.

    Raises:
        ReaderLost: from the constructor, pyscard or the PC/SC library is not installed.
        PcscFault: from the constructor, the service does not run.
    """

    def __init__(self, path: str) -> None:
        try:
            self._scard: Any = importlib.import_module("smartcard.scard")
        except ImportError as error:
            raise ReaderLost(path, "pyscard is not installed", INSTALL_PYSCARD) from error
        self._card: Any = None
        self._protocol = 0
        code, self._context = self._scard.SCardEstablishContext(self._scard.SCARD_SCOPE_SYSTEM)
        _check(code)

    def readers(self) -> tuple[str, ...]:
        code, names = self._scard.SCardListReaders(self._context, [])
        _check(code)
        return tuple(names)

    def status(self, reader: str) -> SlotStatus:
        scard = self._scard
        asked = [(reader, scard.SCARD_STATE_UNAWARE)]
        code, states = scard.SCardGetStatusChange(self._context, 0, asked)
        _check(code)
        _, state, atr = states[0]
        gone = scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE
        present = bool(state & scard.SCARD_STATE_PRESENT)
        return SlotStatus(not state & gone, present, state >> 16, bytes(atr))

    def connect(self, reader: str) -> None:
        scard = self._scard
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        alone = scard.SCARD_SHARE_EXCLUSIVE
        code, card, protocol = scard.SCardConnect(self._context, reader, alone, protocols)
        _check(code)
        self._card, self._protocol = card, protocol

    def transmit(self, command_apdu: bytes) -> bytes:
        assert self._card is not None, "connect first"
        code, answer = self._scard.SCardTransmit(self._card, self._protocol, list(command_apdu))
        _check(code)
        return bytes(answer)

    def disconnect(self, *, reset: bool) -> None:
        card, self._card = self._card, None
        if card is not None:
            scard = self._scard
            after = scard.SCARD_RESET_CARD if reset else scard.SCARD_LEAVE_CARD
            _check(scard.SCardDisconnect(card, after))

    def close(self) -> None:
        try:
            self.disconnect(reset=False)
        finally:
            _check(self._scard.SCardReleaseContext(self._context))


def _check(code: int) -> None:
    if code:
        raise PcscFault(code & 0xFFFFFFFF)
