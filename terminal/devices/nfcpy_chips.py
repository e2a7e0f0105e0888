"""nfcpy's drivers as frame carriers: the lean way for PN53x chips, nfcpy's own way for the rest.

nfcpy 1.0.4 reads and writes chip registers around every frame: one APDU costs four chip commands.
A PN53x that has just listed a Type A card needs none of that: here a frame is one
InCommunicateThru, and the time-out is set again only when a card needs another one. ``translated``
turns every way in which nfcpy fails (``termios.error``, ``IndexError``, raw ``TimeoutError``, EIO)
into our errors.
"""

from __future__ import annotations

import errno
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

import nfc.clf
import nfc.clf.pn53x
import serial
import usb1

from terminal.errors import DecodeError
from terminal.nfc.errors import ReaderGlitch, ReaderLost
from terminal.nfc.isodep import Frame, FrameFault, Heard
from terminal.nfc.reader import MAX_TARGETS, CardFound, decode_targets

CHECK_READER: Final = "check its cable and power"
LOOK_TIMEOUT_S: Final = 0.15
COMMAND_TIMEOUT_S: Final = 0.1
ANSWER_MARGIN_S: Final = 0.1
"""What the chip and the line may need on top of the time-out on air."""
DEFAULT_TIMEOUT_INDEX: Final = 11
"""102.4 ms: enough for FWI 8 (77.3 ms) and the reader's grace. Index n is 100 us * 2^(n-1)."""
MAX_TIMEOUT_INDEX: Final = 16
RF_SILENCE: Final = 0x01
RF_DAMAGE: Final = frozenset((0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x09, 0x0B, 0x13))
"""Status bytes that blame the air and not the chip (UM0701-02, 7.1)."""
_GONE: Final = frozenset(
    (errno.ENODEV, errno.ENOENT, errno.ENXIO, errno.EBADF, errno.EACCES, errno.EBUSY, errno.EPERM)
)
_IN_LIST_PASSIVE_TARGET: Final = 0x4A
_IN_SELECT: Final = 0x54
_RF_TIMINGS: Final = 0x02
_RF_FIELD: Final = 0x01

NFCPY_FAULTS: Final = (
    OSError,  # serial.SerialException is one
    termios.error,
    usb1.USBError,
    nfc.clf.Error,
    nfc.clf.pn53x.Chipset.Error,
    IndexError,
    TypeError,
    AttributeError,
    struct.error,
)
"""Everything that nfcpy 1.0.4 was seen to let out."""


@contextmanager
def translated(reader: str) -> Iterator[None]:
    """Run nfcpy inside; what it lets out becomes ``ReaderLost`` or ``ReaderGlitch``."""
    try:
        yield
    except (termios.error, serial.SerialException, usb1.USBError) as fault:
        raise ReaderLost(reader, f"gone ({fault})", CHECK_READER) from fault
    except OSError as fault:
        lost = fault.errno in _GONE
        raise (ReaderLost if lost else ReaderGlitch)(reader, str(fault), CHECK_READER) from fault
    except NFCPY_FAULTS as fault:
        problem = f"a damaged answer ({type(fault).__name__}: {fault})"
        raise ReaderGlitch(reader, problem, CHECK_READER) from fault
    except DecodeError as fault:
        raise ReaderGlitch(reader, f"a damaged answer ({fault})", CHECK_READER) from fault


class FrameCarrier(Protocol):
    """A chip that finds cards and carries frames; lets out ``NFCPY_FAULTS``."""

    def set_up(self) -> None:
        """Once after opening."""

    def look(self) -> tuple[CardFound, ...]:
        """The Type A cards in the field, two at most."""

    def select(self) -> None:
        """Wake the one card that the last look found."""

    def carry(self, frame: Frame, left_s: float) -> Heard:
        """One frame out and one in, within ``left_s`` at the latest."""

    def field_off(self) -> None:
        """Let every card forget."""


class LeanChip:
    """PN531, PN532, PN533, RC-S956 and readers built on them (ACR122U, Arygon)."""

    def __init__(self, chipset: Any) -> None:
        self._chipset = chipset
        self._index = 0

    def set_up(self) -> None:
        self._allow(0)

    def look(self) -> tuple[CardFound, ...]:
        """nfcpy always lists one target; two are asked for here, so that two are noticed."""
        query = bytearray((MAX_TARGETS, 0))
        data = self._chipset.command(_IN_LIST_PASSIVE_TARGET, query, LOOK_TIMEOUT_S)
        return decode_targets(bytes(data))

    def select(self) -> None:
        """A chip that looked for a second card has put the first to sleep."""
        data = self._chipset.command(_IN_SELECT, bytearray((1,)), COMMAND_TIMEOUT_S)
        if not data or data[0] & 0x3F:
            self._chipset.chipset_error(data[0] & 0x3F if data else None)

    def carry(self, frame: Frame, left_s: float) -> Heard:
        self._allow(frame.timeout_us)
        due_s = 100e-6 * 2 ** (self._index - 1) + ANSWER_MARGIN_S
        try:
            data = self._chipset.in_communicate_thru(bytearray(frame.data), min(due_s, left_s))
        except nfc.clf.pn53x.Chipset.Error as fault:
            return _on_air(fault)
        except IndexError:
            return FrameFault.GARBLED
        except OSError as fault:
            if fault.errno == errno.ETIMEDOUT and left_s < due_s:
                return FrameFault.TIMEOUT
            if fault.errno == errno.EIO:
                return FrameFault.GARBLED
            raise
        return bytes(data)

    def field_off(self) -> None:
        self._chipset.rf_configuration(_RF_FIELD, bytearray((0b10,)))

    def _allow(self, timeout_us: int) -> None:
        """Set the time-out on air, if it is not set so already (UM0701-02, 7.3.1, item 2)."""
        index = DEFAULT_TIMEOUT_INDEX
        while 100 << (index - 1) < timeout_us and index < MAX_TIMEOUT_INDEX:
            index += 1
        if index != self._index:
            self._chipset.rf_configuration(_RF_TIMINGS, bytearray((0x00, 0x0B, index)))
            self._index = index


def _on_air(fault: Any) -> FrameFault:
    """What the chip heard, or the chip's own error again."""
    if fault.errno == RF_SILENCE:
        return FrameFault.TIMEOUT
    if fault.errno in RF_DAMAGE:
        return FrameFault.GARBLED
    raise fault


class PlainDevice:
    """Any other nfcpy device, by nfcpy's own calls: slower, and blind to a second card."""

    def __init__(self, device: Any) -> None:
        self._device = device
        self._target: Any = None

    def set_up(self) -> None:
        """nfcpy sets everything up before every frame."""

    def look(self) -> tuple[CardFound, ...]:
        self._target = self._device.sense_tta(nfc.clf.RemoteTarget("106A"))
        if self._target is None or not self._target.sdd_res:
            return ()
        target = self._target
        return (CardFound(bytes(target.sdd_res), bytes(target.sens_res), bytes(target.sel_res)[0]),)

    def select(self) -> None:
        """Looking for one card leaves it selected."""

    def carry(self, frame: Frame, left_s: float) -> Heard:
        wait_s = min(frame.timeout_us / 1e6, left_s)
        try:
            data = self._device.send_cmd_recv_rsp(self._target, bytearray(frame.data), wait_s)
        except nfc.clf.TimeoutError:
            return FrameFault.TIMEOUT
        except nfc.clf.TransmissionError:
            return FrameFault.GARBLED
        return bytes(data)

    def field_off(self) -> None:
        self._device.mute()
