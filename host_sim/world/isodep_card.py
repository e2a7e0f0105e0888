"""The card's side of the block protocol (ISO/IEC 14443-4:2018, clause 7), over any application.

What a chip on a card does: answer to select, chaining both ways, retransmission, waiting-time
extension, deselection. Wrong or unwanted blocks are met with silence, as the standard has it.
"""

from __future__ import annotations

from typing import Final, Protocol

DEFAULT_ATS: Final = bytes.fromhex("0578807002")
"""TL 5, FSCI 8 (256 bytes), 106 kbit/s only, FWI 7 (38.7 ms), SFGI 0, CID supported."""
FRAME_SIZES: Final = (16, 24, 32, 40, 48, 64, 96, 128, 256)


class CardApplication(Protocol):
    """What runs on the card."""

    def power_off(self) -> None:
        """The field dropped: everything not durable is gone."""

    def process(self, command: bytes) -> bytes:
        """A command APDU to its response APDU."""


class IsoDepCard:
    """A Type 4A card. ``extensions`` is how often it asks for more time before each response."""

    def __init__(
        self,
        application: CardApplication,
        uid: bytes,
        *,
        sak: int = 0x20,
        atqa: bytes = b"\x00\x04",
        ats: bytes = DEFAULT_ATS,
        extensions: int = 0,
    ) -> None:
        self._application = application
        self._uid, self._sak, self._atqa = uid, sak, atqa
        self.ats = ats
        self.extensions = extensions
        self.power_off()

    @property
    def uid(self) -> bytes:
        return self._uid

    @property
    def atqa(self) -> bytes:
        return self._atqa

    @property
    def sak(self) -> int:
        return self._sak

    def power_off(self) -> None:
        """Back to before RATS; the application forgets its session."""
        self._reader_takes = 0
        self._number = 1
        self._command = b""
        self._response = b""
        self._last = b""
        self._extend = 0
        self._application.power_off()

    def hear(self, frame: bytes) -> bytes | None:
        """One frame without check bytes to its answer, or silence."""
        if not frame:
            return None
        if not self._reader_takes:
            return self._select(frame)
        if frame == b"\xc2":  # S(DESELECT)
            self.power_off()
            return frame
        if frame[0] & 0xFE == 0x02 or frame[0] & 0xFE == 0x12:
            return self._information(frame)
        if len(frame) == 1 and frame[0] & 0xEE == 0xA2:
            return self._acknowledgement(frame[0])
        if len(frame) == 2 and frame[0] == 0xF2:
            return self._answer()
        return None

    def _select(self, frame: bytes) -> bytes | None:
        if len(frame) != 2 or frame[0] != 0xE0:
            return None
        self._reader_takes = FRAME_SIZES[min(frame[1] >> 4, 8)]
        return self.ats

    def _information(self, frame: bytes) -> bytes:
        self._number ^= 1  # rule D
        self._command += frame[1:]
        if frame[0] & 0x10:
            return self._remember(bytes((0xA2 | self._number,)))
        command, self._command = self._command, b""
        self._response = self._application.process(command)
        self._extend = self.extensions
        return self._answer()

    def _acknowledgement(self, block: int) -> bytes | None:
        same = block & 1 == self._number
        if same:
            return self._last  # rule 11
        if block & 0x10:
            return self._remember(bytes((0xA2 | self._number,)))  # rule 12
        if not self._response:
            return None
        self._number ^= 1  # rules E and 13
        return self._part()

    def _answer(self) -> bytes:
        """The next block of what is to be said: more time, please, or the response."""
        if self._extend:
            self._extend -= 1
            return self._remember(b"\xf2\x01")
        return self._part()

    def _part(self) -> bytes:
        size = self._reader_takes - 3
        part, self._response = self._response[:size], self._response[size:]
        more = 0x10 if self._response else 0x00
        return self._remember(bytes((0x02 | more | self._number,)) + part)

    def _remember(self, block: bytes) -> bytes:
        self._last = block
        return block
