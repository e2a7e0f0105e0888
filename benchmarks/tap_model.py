"""How long a tap keeps a real reader busy, from the bytes of a simulated one.

One tap is carried through the real driver on the simulated chip and its bytes are counted; time is
then computed from the line's and the air's rates. Left out: the card's own computing, the chip's
firmware, the operating system. The parts of anticollision that the simulation does not send byte by
byte are added from ISO/IEC 14443-3.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from benchmarks.tap_world import issued_card, request_for
from host_sim.world.card import open_card
from host_sim.world.pn532 import Pn532
from host_sim.world.pn532_pty import Pn532Line
from host_sim.world.rf_field import RfField
from terminal.devices.nfcpy_reader import NfcpyReader
from terminal.nfc.polling import PollingLoop
from terminal.nfc.reader import CardFound
from terminal.nfc.tap import ReaderEvent, TapAnswer, TapAsk

LINE_BAUD: Final = 921_600
BITS_PER_LINE_BYTE: Final = 10
CARRIER_HZ: Final = 13_560_000
AIR_BIT_S: Final = 128 / CARRIER_HZ
"""106 kbit/s."""
TURN_S: Final = (1236 + 1172) / CARRIER_HZ
"""Frame delay times, reader to card and card to reader (ISO/IEC 14443-3, 6.2.1.1)."""
CHECK_BYTES: Final = 2
ACK_BYTES: Final = 112
ANTICOLLISION: Final = ((1, 2), (2, 5), (7, 1))
"""REQA and ATQA; anticollision and UID with BCC; SELECT and SAK. Bytes without check bytes."""
SECOND_LOOK_S: Final = 3 * 1.0e-3
"""HLTA's silence, and REQA to nobody twice: 1 ms each."""


class OneTapDesk:
    """Asks once; ``alone`` when the coupon is to be known. Reads the counters when presented."""

    def __init__(self, chip: Pn532, *, alone: bool) -> None:
        self._chip = chip
        self._alone = alone
        self.presented_ms = 0.0

    def armed(self) -> bool:
        return True

    def ask(self, card: CardFound) -> TapAsk:
        assert card.uid
        return TapAsk(request_for(1), knows_coupon=lambda _: self._alone)

    def named(self, _card: CardFound) -> bool:
        """No permits by number here."""
        return False

    def number_read(self) -> None:
        """Never asked for."""

    def presented(self, presentation: bytes) -> TapAnswer:
        assert presentation
        self.presented_ms = _spent_ms(self._chip)
        return TapAnswer(bytes(ACK_BYTES))

    def notice(self, event: ReaderEvent) -> None:
        """Nobody watches."""


def modelled_tap_ms(*, alone: bool) -> tuple[float, float]:
    """From the look that finds the card, in milliseconds: to the presentation, to the field off."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Pn532Line(Pn532(RfField())) as line:
            desk = OneTapDesk(line.chip, alone=alone)
            loop = PollingLoop(NfcpyReader(f"tty:{line.path}:pn532"), desk, lambda: 0)
            loop.turn()
            line.chip.line_bytes[:] = [0, 0]
            line.place(open_card(issued_card(folder)))
            loop.turn()
            whole_ms = _spent_ms(line.chip)
            loop.close()
    return desk.presented_ms, whole_ms


def _spent_ms(chip: Pn532) -> float:
    """What the bytes so far take on the line and in the air."""
    twice = [*ANTICOLLISION, *((1, 2), (7, 1))]  # found once, woken once more by InSelect
    air_s = sum(air_time_s(sent, heard) for sent, heard in [*twice, *chip.field.exchanges])
    line_s = sum(chip.line_bytes) * BITS_PER_LINE_BYTE / LINE_BAUD
    return 1e3 * (line_s + air_s + SECOND_LOOK_S)


def air_time_s(sent: int, heard: int) -> float:
    """One exchange at 106 kbit/s: nine bits a byte, check bytes, start and end, and the turns."""
    bits = sum(9 * (size + CHECK_BYTES) + 2 for size in (sent, heard) if size)
    return bits * AIR_BIT_S + TURN_S
