"""A ``ReaderDriver`` over nfcpy 1.0.4: its PN532 driver on a serial line, the rest by path.

nfcpy finds, opens and frames; the block protocol, the deadline and the answers to its faults are
ours. ``tty:/dev/...:pn532`` opens that line directly, since nfcpy's own paths cannot name a device
with a ``/`` in it; any other path (``usb``, ``usb:072f:2200``, ``tty:USB0:arygon``) goes to nfcpy.

Invariants: nothing of nfcpy's leaves this module but our errors; a reader that fails to open or to
close leaves no open file behind.
"""

from __future__ import annotations

import importlib
import logging
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import nfc.clf.device
import nfc.clf.pn53x
import nfc.clf.transport
import serial

from terminal.devices.nfcpy_chips import (
    CHECK_READER,
    NFCPY_FAULTS,
    FrameCarrier,
    LeanChip,
    PlainDevice,
    translated,
)
from terminal.errors import ConfigError
from terminal.nfc.ats import RATS, decode_ats
from terminal.nfc.errors import CardLost, ReaderLost
from terminal.nfc.isodep import DELTA_US, Frame, FrameFault, IsoDep
from terminal.nfc.reader import Sensed, TwoCards

RATS_WAIT_US: Final = 4_834 + DELTA_US
"""Activation frame waiting time, 65536/fc (ISO/IEC 14443-4, 5.6), and the reader's grace."""
READ: Final = 0x30
READ_WAIT_US: Final = 5_000
"""NFC Forum Type 2 Tag 1.2, 5.9: a tag answers READ within 5 ms."""
READ_TRIES: Final = 2
HIGH_SPEEDS: Final = (921_600, 460_800, 230_400)
SLOW_DOWN_WAIT_S: Final = 0.05
_ACK: Final = bytes.fromhex("0000FF00FF00")
_SET_115200: Final = bytes.fromhex("0000FF03FDD410041800")
"""SetSerialBaudRate 4 (UM0701-02, 7.2.6); it takes effect with our acknowledgement."""
_SPEED_SET: Final = bytes.fromhex("0000FF02FED5111A00")
SERIAL_DRIVERS: Final = ("pn532", "arygon")
_DIRECT: Final = re.compile(r"tty:(/[A-Za-z0-9_./-]+):([a-z0-9]+)")
_SEARCHED: Final = re.compile(r"(usb|tty|com)[A-Za-z0-9:-]*")

# nfcpy logs what it then raises as well; without a handler Python prints that on stderr.
logging.getLogger("nfc").addHandler(logging.NullHandler())


def check_reader_path(path: str, field: str = "reader.path") -> None:
    """Whether a configured path can name a reader (nfcpy hands serial paths to a shell).

    Raises:
        ConfigError: it cannot.
    """
    direct = _DIRECT.fullmatch(path)
    if direct and direct[2] not in SERIAL_DRIVERS:
        raise ConfigError(field, f"driver {direct[2]!r} is not one of {', '.join(SERIAL_DRIVERS)}")
    if not direct and not _SEARCHED.fullmatch(path):
        raise ConfigError(
            field, f"{path!r} is not like tty:/dev/ttyUSB0:pn532, usb, usb:072f:2200 or pcsc"
        )


class NfcpyReader:
    """One reader through nfcpy. ``reset`` pulses the chip's reset line where a board wires one.

    Raises:
        ConfigError: from the constructor, when the path cannot name a reader.
    """

    def __init__(
        self,
        path: str,
        *,
        reset: Callable[[], None] | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
        sleep_s: Callable[[float], None] = time.sleep,
    ) -> None:
        check_reader_path(path)
        self._path = path
        self._reset = reset
        self._now_s = monotonic_s
        self._sleep_s = sleep_s
        self._device: Any = None
        self._transport: Any = None
        self._chip: FrameCarrier | None = None
        self._card: IsoDep | None = None

    def open(self) -> str:
        """Open, set up and name the reader; a reader already open is closed first."""
        self.close()
        if self._reset is not None:
            self._reset()
        try:
            with translated(self._path):
                self._device = self._connect()
                self._chip = _carrier(self._device)
                self._chip.set_up()
        except BaseException:
            self.close()
            raise
        name = self._device.chipset_name or self._device.product_name or "reader"
        return f"{name} at {self._path}"

    def sense(self) -> Sensed:
        """Look once for Type A cards."""
        with translated(self._path):
            found = self._ready().look()
        if len(found) > 1:
            return TwoCards(tuple(card.uid for card in found))
        return found[0] if found else None

    def activate(self, timeout_ms: int) -> None:
        """Select, RATS, and the silence that the card's answer asks for."""
        self._card = None
        with translated(self._path):
            chip = self._ready()
            chip.select()
            heard = chip.carry(Frame(RATS, RATS_WAIT_US), timeout_ms / 1000)
        if isinstance(heard, FrameFault):
            raise CardLost(f"no answer to select ({heard.value})")
        ats = decode_ats(heard)
        if ats.guard_us >= timeout_ms * 1000:
            raise CardLost("the card wants more time than a tap has")
        if ats.guard_us:
            self._sleep_s(ats.guard_us / 1e6)
        self._card = IsoDep(ats)

    def exchange(self, command_apdu: bytes, timeout_ms: int) -> bytes:
        """One APDU each way; ends at the deadline even if the card keeps asking for time."""
        assert self._card is not None, "activate first"
        deadline_s = self._now_s() + timeout_ms / 1000
        dialogue = self._card.exchange(command_apdu)
        try:
            frame = next(dialogue)
            while True:
                left_s = deadline_s - self._now_s()
                if left_s <= 0:
                    raise CardLost("the card was too slow")
                with translated(self._path):
                    heard = self._ready().carry(frame, left_s)
                frame = dialogue.send(heard)
        except StopIteration as end:
            return bytes(end.value)
        finally:
            dialogue.close()

    def select_tag(self) -> None:
        """Wake the Type 2 tag found last; it answers READ from here on."""
        self._card = None
        with translated(self._path):
            self._ready().select()

    def read_pages(self, page: int, timeout_ms: int) -> bytes:
        """One READ, once more where it was not heard; a NAK looks like a damaged answer."""
        frame = Frame(bytes((READ, page)), READ_WAIT_US)
        for _ in range(READ_TRIES):
            with translated(self._path):
                heard = self._ready().carry(frame, timeout_ms / 1000)
            if not isinstance(heard, FrameFault):
                return heard
        raise CardLost("no answer to a read")

    def release(self) -> None:
        """Field off."""
        self._card = None
        with translated(self._path):
            self._ready().field_off()

    def close(self) -> None:
        """Put the chip to sleep if it still listens, and close the line in any case."""
        device, self._device, self._chip, self._card = self._device, None, None, None
        transport, self._transport = self._transport, None
        try:
            if device is not None:
                device.close()
        except NFCPY_FAULTS:
            pass  # it is gone: what is left is our own end
        finally:
            _let_go(transport)

    def _ready(self) -> FrameCarrier:
        if self._chip is None:
            raise ReaderLost(self._path, "not open", CHECK_READER)
        return self._chip

    def _connect(self) -> Any:
        direct = _DIRECT.fullmatch(self._path)
        if direct is None:
            return self._search()
        driver = importlib.import_module(f"nfc.clf.{direct[2]}")
        try:
            return self._initialise(driver, direct[1])
        except OSError:
            _let_go(self._transport)
            if not slow_down(direct[1]):
                raise
            return self._initialise(driver, direct[1])

    def _initialise(self, driver: Any, port: str) -> Any:
        self._transport = nfc.clf.transport.TTY(port)
        return driver.init(self._transport)

    def _search(self) -> Any:
        device = nfc.clf.device.connect(self._path)
        if device is None:
            raise ReaderLost(self._path, "no reader found", CHECK_READER)
        self._transport = getattr(getattr(device, "chipset", None), "transport", None)
        return device


def slow_down(port: str) -> bool:
    """Bring a chip that a killed process left at high speed back to 115,200 baud.

    nfcpy speaks to a chip at 115,200 baud first and then raises the speed, so a chip whose last
    user had no time to lower it again would stay unreachable until it lost power.
    """
    for baud in HIGH_SPEEDS:
        with serial.Serial(port, baud, timeout=SLOW_DOWN_WAIT_S) as line:
            line.write(_ACK + _SET_115200)
            if _ACK in line.read(len(_ACK) + len(_SPEED_SET)):
                line.write(_ACK)
                line.flush()
                return True
    return False


def _carrier(device: Any) -> FrameCarrier:
    """The lean way where nfcpy's driver shows a PN53x, nfcpy's own way elsewhere."""
    chipset = getattr(device, "chipset", None)
    if isinstance(chipset, nfc.clf.pn53x.Chipset):
        return LeanChip(chipset)
    return PlainDevice(device)


def _let_go(transport: Any) -> None:
    """Close the serial line itself; nfcpy would flush first, which a vanished line refuses."""
    line = getattr(transport, "tty", None)
    if isinstance(line, serial.Serial):
        with suppress(*NFCPY_FAULTS):  # the kernel may have closed it
            line.close()
        transport.tty = None
