"""The reader's side of the block protocol (ISO/IEC 14443-4:2018, clause 7), as a dialogue.

A generator yields the next frame with the time to wait and is sent what was heard, or how hearing
failed. It knows no reader and no clock; check bytes (CRC_A) are the reader's. Neither CID nor NAD
is used. Every retry and every waiting-time extension has a bound, and whoever runs the dialogue
holds the deadline of the whole tap.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from terminal.nfc.ats import CARRIER_HZ, Ats
from terminal.nfc.errors import CardLost

MAX_RETRIES: Final = 2
"""Times one block is asked for again (clause 7.5.6.2 leaves the number to the reader)."""
MAX_EXTENSIONS: Final = 64
"""Waiting-time extensions granted for one block."""
MAX_RESPONSE: Final = 512
"""Longest response put together from chained blocks; a short response APDU has 258."""
DELTA_US: Final = -(-49_152 * 1_000_000 // CARRIER_HZ)
"""Grace of the reader on top of FWT (7.2)."""
MAX_WAITING_US: Final = -(-256 * 16 * 1_000_000 * 2**14 // CARRIER_HZ)
"""FWT at FWI 14, the longest any block may take."""


class FrameFault(Enum):
    """How hearing a frame failed."""

    TIMEOUT = "nothing was heard"
    GARBLED = "what was heard is damaged"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame to send and how long to wait for the answer."""

    data: bytes
    timeout_us: int


Heard = bytes | FrameFault
BlockDialogue = Generator[Frame, Heard, bytes]


class IsoDep:
    """One activated card's block protocol; the only state is the current block number."""

    def __init__(self, ats: Ats) -> None:
        self._size = ats.frame_size - 3  # PCB and two check bytes
        self._waiting_us = ats.frame_waiting_us
        self._number = 0

    def exchange(self, command: bytes) -> BlockDialogue:
        """Send a command APDU, return the response APDU.

        Raises:
            CardLost: the card fell silent or left the protocol.
        """
        assert command, "an APDU has a header"
        starts = range(0, len(command), self._size)
        for start in starts[:-1]:
            part = command[start : start + self._size]
            answer = yield from self._transfer(bytes((0x12 | self._number,)) + part)
            if answer[0] & 0xFE != 0xA2:
                raise CardLost("no acknowledgement within a chain")
            self._number ^= 1
        last = command[starts[-1] :]
        block = yield from self._transfer(bytes((0x02 | self._number,)) + last)
        return (yield from self._collect(block))

    def _collect(self, block: bytes) -> BlockDialogue:
        """Put the response together from one block or a chain of them."""
        response = b""
        while True:
            if block[0] & 0xEE != 0x02:
                raise CardLost("an information block was due")
            self._number ^= 1
            response += block[1:]
            if not block[0] & 0x10:
                return response
            if len(response) > MAX_RESPONSE:
                raise CardLost("the response does not end")
            block = yield from self._transfer(bytes((0xA2 | self._number,)))

    def _transfer(self, sent: bytes) -> BlockDialogue:
        """Send one block until its answer is heard whole (rules 4 to 7)."""
        outgoing = sent
        for _ in range(MAX_RETRIES + 1):
            heard = yield Frame(outgoing, self._waiting_us + DELTA_US)
            heard = yield from self._extend(heard)
            if isinstance(heard, bytes) and self._answers(sent, heard):
                return heard
            missed = isinstance(heard, bytes) and heard == bytes((0xA3 - self._number,))
            receiving = sent[0] & 0xFE == 0xA2
            outgoing = sent if missed or receiving else bytes((0xB2 | self._number,))
        raise CardLost("the card no longer answers")

    def _extend(self, heard: Heard) -> Generator[Frame, Heard, Heard]:
        """Grant the time the card asks for (7.3): FWT times WTXM, for the next block only."""
        for _ in range(MAX_EXTENSIONS):
            if not isinstance(heard, bytes) or len(heard) != 2 or heard[0] != 0xF2:
                return heard
            factor = heard[1] & 0x3F
            if not 1 <= factor <= 59:
                return FrameFault.GARBLED
            wait_us = min(self._waiting_us * factor, MAX_WAITING_US) + DELTA_US
            heard = yield Frame(bytes((0xF2, factor)), wait_us)
        raise CardLost("the card asks for more and more time")

    def _answers(self, sent: bytes, heard: bytes) -> bool:
        """Whether a whole block was heard that can follow ``sent``."""
        if not heard:
            return False
        if heard[0] & 0xEE == 0x02:  # I-block
            return heard[0] & 1 == self._number and not self._is_chained(sent)
        acknowledged = len(heard) == 1 and heard[0] == 0xA2 | self._number
        return acknowledged and self._is_chained(sent)

    @staticmethod
    def _is_chained(sent: bytes) -> bool:
        return sent[0] & 0xFE == 0x12
