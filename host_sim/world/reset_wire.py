"""The reset wire between a GPIO pin and a simulated PN532: low resets it, whatever it does.

And a GPIO chip as far as ``terminal.devices.reset_line`` asks libgpiod for one.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from host_sim.world.pn532_pty import Pn532Line


class ResetWire:
    """``OpenDrain`` of ``terminal.devices.reset_line``. ``fault``: what the kernel says instead."""

    def __init__(self, line: Pn532Line, fault: OSError | None = None) -> None:
        self._line = line
        self.fault = fault
        self.low = False
        self.pulses = 0

    def pull_low(self) -> None:
        if self.fault is not None:
            raise self.fault
        self.low = True
        self._line.chip.faults.mend()
        self._line.chip.brown_out()

    def let_go(self) -> None:
        if self.low:
            self.low = False
            self.pulses += 1


@dataclass
class GpioChip:
    """A chip with named lines; keeps the settings that its lines were given, in order."""

    names: tuple[str, ...]
    settings: list[Any] = field(default_factory=list)
    open: int = 0

    def line_offset_from_id(self, name: str) -> int:
        """Where a line is.

        Raises:
            OSError: ENOENT, there is none of that name.
        """
        if name not in self.names:
            raise FileNotFoundError(errno.ENOENT, "no such line")
        return self.names.index(name)

    def request_lines(self, consumer: str, config: dict[int, Any]) -> GpioChip:
        """The request is the chip again: it too is reconfigured."""
        assert consumer
        self.reconfigure_lines(config)
        return self

    def reconfigure_lines(self, config: dict[int, Any]) -> None:
        """New settings for one line."""
        self.settings += [(self.names[offset], given) for offset, given in config.items()]

    def __enter__(self) -> Self:
        self.open += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.open -= 1
