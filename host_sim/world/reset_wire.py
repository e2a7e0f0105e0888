"""The reset wire between a GPIO pin and a simulated PN532: low resets it, whatever it does."""

from __future__ import annotations

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
