"""A reader without chip, line or waiting: the ``ReaderDriver`` port over a simulated field.

For tests and simulations that need many taps in little time. Time passes only where a card stays
silent, on a clock that the test holds; faults are planned, as on the real line.
"""

from __future__ import annotations

from host_sim.world.rf_field import RfCard, RfField
from terminal.nfc.ats import RATS, decode_ats
from terminal.nfc.errors import CardLost, ReaderGlitch, ReaderLost
from terminal.nfc.isodep import Frame, FrameFault, Heard, IsoDep
from terminal.nfc.reader import CardFound, Sensed, TwoCards

NAME = "simulated reader"
RATS_WAIT_US = 8_459
READ_WAIT_US = 5_000


class HandClock:
    """Milliseconds that pass when told to, or while a simulated card is silent."""

    def __init__(self) -> None:
        self._us = 0

    def monotonic_ms(self) -> int:
        return self._us // 1000

    def pass_us(self, us: int) -> None:
        self._us += us

    def pass_ms(self, ms: int) -> None:
        self._us += 1000 * ms


class DirectReader:
    """A driver over ``field``. ``plugged`` False: gone. ``glitches``: calls that will fail."""

    def __init__(self, field: RfField, clock: HandClock) -> None:
        self.field = field
        self.plugged = True
        self.glitches = 0
        self.opened = 0
        self._clock = clock
        self._open = False
        self._found: RfCard | None = None
        self._blocks: IsoDep | None = None

    def open(self) -> str:
        self._open = self.plugged
        self._check()
        self.opened += 1
        return NAME

    def sense(self) -> Sensed:
        self._check()
        found = self.field.find(2)
        if len(found) == 2:
            return TwoCards(tuple(card.uid for card in found))
        self._found = found[0] if found else None
        card = self._found
        return CardFound(card.uid, card.atqa, card.sak) if card else None

    def activate(self, timeout_ms: int) -> None:
        self._check()
        if self._found is None or not self.field.select(self._found):
            raise CardLost("no answer to select")
        heard = self._carry(Frame(RATS, min(RATS_WAIT_US, timeout_ms * 1000)))
        if isinstance(heard, FrameFault):
            raise CardLost("no answer to select")
        self._blocks = IsoDep(decode_ats(heard))

    def exchange(self, command_apdu: bytes, timeout_ms: int) -> bytes:
        assert self._blocks is not None, "activate first"
        until_ms = self._clock.monotonic_ms() + timeout_ms
        dialogue = self._blocks.exchange(command_apdu)
        try:
            frame = next(dialogue)
            while True:
                self._check()
                left_ms = until_ms - self._clock.monotonic_ms()
                if left_ms <= 0:
                    raise CardLost("the card was too slow")
                in_time = Frame(frame.data, min(frame.timeout_us, left_ms * 1000))
                frame = dialogue.send(self._carry(in_time))
        except StopIteration as end:
            return bytes(end.value)

    def select_tag(self) -> None:
        self._check()
        if self._found is None or not self.field.select(self._found):
            raise CardLost("no answer to select")

    def read_pages(self, page: int, timeout_ms: int) -> bytes:
        self._check()
        heard = self._carry(Frame(bytes((0x30, page)), min(READ_WAIT_US, timeout_ms * 1000)))
        if isinstance(heard, FrameFault):
            raise CardLost(f"no answer to read ({heard.value})")
        return heard

    def release(self) -> None:
        self._check()
        self._blocks = None
        self.field.off()

    def close(self) -> None:
        self._open = False
        self.field.off()

    def _carry(self, frame: Frame) -> Heard:
        exchange = self.field.exchange(frame.data)
        if exchange.answer is None:
            self._clock.pass_us(frame.timeout_us)
            return FrameFault.TIMEOUT
        return FrameFault.GARBLED if exchange.damaged else exchange.answer

    def _check(self) -> None:
        if not (self._open and self.plugged):
            raise ReaderLost(NAME, "gone", "plug it in")
        if self.glitches:
            self.glitches -= 1
            raise ReaderGlitch(NAME, "a damaged answer", "nothing")
