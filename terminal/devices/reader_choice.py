"""Which driver a reader path asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terminal.nfc.reader import ReaderDriver


def reader_for_path(path: str, *, reset: Callable[[], None] | None = None) -> ReaderDriver:
    """The driver, not yet opened: ``pcsc`` and ``pcsc:PART`` go to PC/SC, all others to nfcpy.

    ``reset`` pulses the reset line of a reader on a serial line before every opening; no other has
    one.

    Raises:
        ConfigError: the path cannot name a reader.
    """
    if path == "pcsc" or path.startswith("pcsc:"):
        from terminal.devices.pcsc_reader import PcscReader

        return PcscReader(path)
    from terminal.devices.nfcpy_reader import NfcpyReader

    return NfcpyReader(path, reset=reset if path.startswith("tty:") else None)
