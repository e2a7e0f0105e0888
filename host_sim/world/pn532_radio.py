"""The radio half of a simulated PN532: finding cards and carrying frames (UM0701-02, 7.3).

Two ways to a card: raw frames (InCommunicateThru), where the host runs the block protocol, and
InDataExchange after automatic RATS, where the chip does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from host_sim.world.rf_field import RfCard, RfField
from terminal.errors import DecodeError
from terminal.nfc.ats import decode_ats
from terminal.nfc.errors import CardLost
from terminal.nfc.isodep import FrameFault, IsoDep

OK: Final = b"\x00"
TIMED_OUT: Final = 0x01
DAMAGED: Final = 0x02
NO_SUCH_TARGET: Final = 0x27
TYPE_A: Final = 0x00
OWN_RATS: Final = bytes((0xE0, 0x50))
"""The chip's automatic RATS: frames of 64 bytes."""
ENDLESS: Final = 0xFF


@dataclass(frozen=True, slots=True)
class Answer:
    """Response data (None: an error frame) and when the chip would send it."""

    data: bytes | None
    after_s: float = 0.0


class Radio:
    """What the chip knows of the air; new at every power-up."""

    def __init__(self, field: RfField) -> None:
        self._field = field
        self.on = False
        self.automatic_rats = True
        self.last_error = 0
        self._targets: tuple[RfCard, ...] = ()
        self._blocks: IsoDep | None = None
        self._timeout_index = 0x0A
        self._activation_retries = ENDLESS
        self._waiting: bytes | None = None

    @property
    def timeout_s(self) -> float:
        """How long a raw frame may stay unanswered."""
        return 100e-6 * 2 ** (self._timeout_index - 1) if self._timeout_index else 60.0

    def configure(self, parameters: bytes) -> Answer:
        """RFConfiguration; the analogue settings are taken and forgotten."""
        item = parameters[0]
        if item == 0x01:
            self.on = bool(parameters[1] & 1)
            if not self.on:
                self._field.off()
        elif item == 0x02:
            self._timeout_index = min(parameters[3], 16)
        elif item == 0x05:
            self._activation_retries = parameters[3]
        return Answer(b"")

    def stop(self) -> None:
        """A new command, or the host's acknowledgement: no look is waiting any more."""
        self._waiting = None

    def retry_look(self) -> Answer | None:
        """The answer to a look without end, once there is a card."""
        if self._waiting is None or not self._field.cards:
            return None
        parameters, self._waiting = self._waiting, None
        return self.list_targets(parameters)

    def list_targets(self, parameters: bytes) -> Answer | None:
        """InListPassiveTarget at 106 kbit/s Type A; other modulations find nobody."""
        most, modulation = parameters[0], parameters[1]
        if not 1 <= most <= 2:
            return Answer(None)
        self.on = True
        uid = _plain_uid(parameters[2:])
        self._targets = self._field.find(most, uid) if modulation == TYPE_A else ()
        self._blocks = None
        if not self._targets and self._activation_retries == ENDLESS and modulation == TYPE_A:
            self._waiting = parameters
            return None
        entries = [self._entry(number, card) for number, card in enumerate(self._targets, 1)]
        return Answer(bytes((len(entries),)) + b"".join(entries))

    def _entry(self, number: int, card: RfCard) -> bytes:
        head = bytes((number,)) + card.atqa + bytes((card.sak, len(card.uid))) + card.uid
        if not self.automatic_rats or not card.sak & 0x20:
            return head
        self._field.select(card)
        answer = self._field.exchange(OWN_RATS).answer or b""
        try:
            self._blocks = IsoDep(decode_ats(answer))
        except DecodeError:
            self._blocks = None
        return head + answer

    def select(self, parameters: bytes) -> Answer:
        """InSelect."""
        card = self._target(parameters[0])
        if card is None:
            return self._status(NO_SUCH_TARGET)
        return self._status(0) if self._field.select(card) else self._status(TIMED_OUT)

    def deselect(self, parameters: bytes) -> Answer:
        """InDeselect and InRelease: whoever is active stops; number 0 means all."""
        if parameters[0] > len(self._targets):
            return self._status(NO_SUCH_TARGET)
        self._field.find(0)
        self._blocks = None
        return self._status(0)

    def communicate_through(self, parameters: bytes) -> Answer:
        """InCommunicateThru: a raw frame to whoever is active."""
        heard = self._field.exchange(parameters)
        if heard.damaged:
            return self._status(DAMAGED)
        if heard.answer is None:
            return self._status(TIMED_OUT, self.timeout_s)
        return Answer(OK + heard.answer)

    def exchange_data(self, parameters: bytes) -> Answer:
        """InDataExchange: an APDU through the chip's block protocol, or a raw Type 2 command."""
        card = self._target(parameters[0] & 0x0F)
        if card is None or not self._field.select(card):
            return self._status(NO_SUCH_TARGET)
        if self._blocks is None:
            return self.communicate_through(parameters[1:])
        dialogue = self._blocks.exchange(parameters[1:])
        spent_s = 0.0
        try:
            frame = next(dialogue)
            while True:
                heard = self._field.exchange(frame.data)
                spent_s += 0.0 if heard.answer else frame.timeout_us / 1e6
                fault = FrameFault.GARBLED if heard.damaged else FrameFault.TIMEOUT
                good = heard.answer is not None and not heard.damaged
                frame = dialogue.send(heard.answer if good and heard.answer else fault)
        except StopIteration as end:
            return Answer(OK + bytes(end.value), spent_s)
        except CardLost:
            return self._status(TIMED_OUT, spent_s)

    def _target(self, number: int) -> RfCard | None:
        return self._targets[number - 1] if 1 <= number <= len(self._targets) else None

    def _status(self, error: int, after_s: float = 0.0) -> Answer:
        self.last_error = error
        return Answer(bytes((error,)), after_s)


def _plain_uid(cascaded: bytes) -> bytes:
    """An identifier as the host writes it for several cascade levels, cascade tags taken out."""
    parts = [cascaded[i : i + 4] for i in range(0, len(cascaded), 4)]
    return b"".join(part[1:] if part[:1] == b"\x88" else part for part in parts)
