"""A PN532 (NXP UM0701-02, firmware 1.6) as a reader of Type A cards, without its serial line.

Bytes of the host in, bytes for the host out, each with the delay after which the chip would send
it; anything heard from the host cancels what is still due, as on the chip.
``host_sim.world.pn532_pty`` puts it behind a pseudo-terminal, where real drivers (nfcpy, libnfc)
find it.

Modelled: power-up in low-battery mode until SAMConfiguration, power-down, the serial speed and its
change, registers as plain memory, both ways to a card (raw frames, and the chip's own block
protocol after automatic RATS). Zero latency: only a time-out on air takes its time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from host_sim.world.pn532_frame import (
    ACK,
    ERROR,
    TO_CHIP,
    TO_HOST,
    Acknowledged,
    FrameStream,
    Information,
    PnFrame,
    Rejected,
    encode_information,
)
from host_sim.world.pn532_radio import Answer, Radio
from host_sim.world.reader_faults import ReaderFault, ReaderFaults
from host_sim.world.rf_field import RfField

FIRMWARE: Final = bytes((0x32, 0x01, 0x06, 0x07))
"""PN532, version 1.6, ISO 14443 A and B and ISO 18092."""
BAUD_RATES: Final = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1288000)
DEFAULT_BAUD: Final = 115200
LIST_TARGETS: Final = 0x4A


@dataclass(frozen=True, slots=True)
class Sending:
    """Bytes for the host, due ``after_s`` seconds from now."""

    after_s: float
    data: bytes


class Pn532:
    """The chip. Its field and its faults belong to the world and are given to it."""

    def __init__(self, field: RfField, faults: ReaderFaults | None = None) -> None:
        self.field = field
        self.faults = faults or ReaderFaults()
        self.commands: list[int] = []
        """Codes of the commands carried out, oldest first."""
        self.line_bytes = [0, 0]
        """Bytes from and to the host."""
        self._stream = FrameStream()
        self._table = self._commands()
        self._power_up()

    def _power_up(self) -> None:
        self.baud = DEFAULT_BAUD
        self._next_baud: int | None = None
        self._low_battery = True
        self._registers: dict[int, int] = {}
        self._last = b""
        self._radio = Radio(self.field)
        self._stream.drop()
        self.faults.rest(power=True)
        self.field.off()

    def hear(self, data: bytes, line_baud: int) -> tuple[Sending, ...]:
        """What the host sent at ``line_baud``; at another speed than the chip's it is noise."""
        self.line_bytes[0] += len(data)
        if line_baud != self.baud:
            if line_baud != self._next_baud:
                return ()
            self.baud = line_baud  # the acknowledgement of the change was lost on the way
        sendings: list[Sending] = []
        for frame in self._stream.feed(data):
            sendings = [*self._react(frame)]
        self.line_bytes[1] += sum(len(sending.data) for sending in sendings)
        return tuple(sendings)

    def brown_out(self) -> None:
        """The supply dipped: everything set since power-up is gone, the serial speed included."""
        self._power_up()

    def field_changed(self) -> tuple[Sending, ...]:
        """A card came or went: a look without end may end now."""
        waiting = self._radio.retry_look()
        return () if waiting is None else (Sending(0.0, self._encode(0x4A, waiting.data)),)

    # --- frames -------------------------------------------------------------------------------

    def _react(self, frame: PnFrame) -> tuple[Sending, ...]:
        if isinstance(frame, Acknowledged):
            if self._next_baud is not None:
                self.baud, self._next_baud = self._next_baud, None
            self._radio.stop()
            return ()
        if isinstance(frame, Rejected):
            return (Sending(0.0, self._last),) if self._last else ()
        if frame.identifier != TO_CHIP or not frame.data:
            return (Sending(0.0, ERROR),)
        return self._obey(frame)

    def _obey(self, frame: Information) -> tuple[Sending, ...]:
        fault = self.faults.strike()
        if fault is ReaderFault.BROWN_OUT:
            self.brown_out()
        if fault is ReaderFault.BROWN_OUT or self.faults.mute:
            return ()
        code = frame.data[0]
        late_s = self.faults.tire(looking=code == LIST_TARGETS)
        if late_s is None:
            return ()
        self.commands.append(code)
        self._radio.stop()
        answer = self._carry_out(code, frame.data[1:])
        acknowledged = () if fault is ReaderFault.LOST_ACK else (Sending(0.0, ACK),)
        if answer is None:
            return acknowledged
        encoded = ERROR if answer.data is None else self._encode(code, answer.data)
        self._last = encoded
        damaged = self.faults.damage(fault, encoded)
        return (
            (*acknowledged, Sending(answer.after_s + late_s, damaged)) if damaged else acknowledged
        )

    def _encode(self, code: int, data: bytes | None) -> bytes:
        return encode_information(TO_HOST, bytes((code + 1,)) + (data or b""))

    def _carry_out(self, code: int, parameters: bytes) -> Answer | None:
        command = self._table.get(code)
        if command is None or (self._low_battery and code not in _LOW_BATTERY_COMMANDS):
            return Answer(None)
        try:
            return command(parameters)
        except IndexError:  # a parameter is missing
            return Answer(None)

    # --- commands -----------------------------------------------------------------------------

    def _commands(self) -> dict[int, Callable[[bytes], Answer | None]]:
        return {
            0x00: self._diagnose,
            0x02: lambda _: Answer(FIRMWARE),
            0x04: self._general_status,
            0x06: self._read_registers,
            0x08: self._write_registers,
            0x0C: lambda _: Answer(b"\x3f\x07\x03"),
            0x0E: lambda _: Answer(b""),
            0x10: self._set_baud,
            0x12: self._set_parameters,
            0x14: self._configure_sam,
            0x16: self._power_down,
            0x32: lambda parameters: self._radio.configure(parameters),
            0x40: lambda parameters: self._radio.exchange_data(parameters),
            0x42: lambda parameters: self._radio.communicate_through(parameters),
            0x44: lambda parameters: self._radio.deselect(parameters),
            0x46: lambda _: Answer(b"\x01"),
            LIST_TARGETS: self._list_targets,
            0x50: lambda _: Answer(b"\x01"),
            0x52: lambda parameters: self._radio.deselect(parameters),
            0x54: lambda parameters: self._radio.select(parameters),
            0x56: lambda _: Answer(b"\x01"),
        }

    def _diagnose(self, parameters: bytes) -> Answer:
        test = parameters[0]
        if test == 0x00:
            return Answer(parameters)  # the line test echoes
        return Answer(b"\x00")

    def _general_status(self, _parameters: bytes) -> Answer:
        return Answer(bytes((self._radio.last_error, int(self._radio.on), 0x00, 0x80)))

    def _read_registers(self, parameters: bytes) -> Answer:
        addresses = [int.from_bytes(parameters[i : i + 2]) for i in range(0, len(parameters), 2)]
        return Answer(bytes(self._registers.get(address, 0) for address in addresses))

    def _write_registers(self, parameters: bytes) -> Answer:
        for i in range(0, len(parameters), 3):
            self._registers[int.from_bytes(parameters[i : i + 2])] = parameters[i + 2]
        return Answer(b"")

    def _set_baud(self, parameters: bytes) -> Answer:
        self._next_baud = BAUD_RATES[parameters[0]]
        return Answer(b"")

    def _set_parameters(self, parameters: bytes) -> Answer:
        self._radio.automatic_rats = bool(parameters[0] & 0x10)
        return Answer(b"")

    def _configure_sam(self, parameters: bytes) -> Answer:
        if parameters[0] not in (1, 2, 3, 4):
            return Answer(None)
        self._low_battery = False
        self.faults.rest(power=False)
        return Answer(b"")

    def _power_down(self, _parameters: bytes) -> Answer:
        self.field.off()
        return Answer(b"\x00")

    def _list_targets(self, parameters: bytes) -> Answer | None:
        answer = self._radio.list_targets(parameters)
        if answer is not None and answer.data == b"\x00":
            self._registers[0x6339] = 0x26  # REQA is still in the FIFO: nobody took it
        return answer


_LOW_BATTERY_COMMANDS: Final = frozenset((0x00, 0x02, 0x04, 0x06, 0x08, 0x10, 0x12, 0x14, 0x16))
