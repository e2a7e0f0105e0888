"""The reader's reset line on a GPIO pin: the last resort for a chip that answers nobody.

NXP's PN532 is in reset while RSTPD_N is low. The line is pulled low and then let go to a pull-up,
never driven high: so it cannot fight a reader board that pulls it down itself, and 3.3 V never
meets another supply. Through libgpiod 2 (``gpiod``), imported when first used.

Never run on hardware: what drives the pin here is tested up to the kernel's door.
"""

from __future__ import annotations

import errno
import importlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, Protocol

from terminal.errors import DeviceError

LOW_S: Final = 0.01
"""The chip needs microseconds; a long cable with a capacitor needs more."""
START_S: Final = 0.02
"""The chip's oscillator and firmware start; nfcpy then asks for its version."""
DEVICE: Final = "reader reset line"
CONSUMER: Final = "kumquat"
_ADVICE: Final = {
    errno.EACCES: ("no permission to use it", "add the terminal's user to the group gpio"),
    errno.EPERM: ("no permission to use it", "add the terminal's user to the group gpio"),
    errno.EBUSY: ("another program uses it", "end that program"),
}


class OpenDrain(Protocol):
    """A line that can be pulled low or let go; every method raises ``OSError``."""

    def pull_low(self) -> None: ...

    def let_go(self) -> None: ...


class ResetLine:
    """Pulses a line. ``find`` opens it at the first pulse; it stays ours from then on."""

    def __init__(
        self,
        name: str,
        find: Callable[[], OpenDrain],
        sleep_s: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name = name
        self._find = find
        self._sleep_s = sleep_s
        self._line: OpenDrain | None = None

    def pulse(self) -> None:
        """Reset, and wait until the chip can hear again.

        Raises:
            DeviceError: gpiod is missing, or the line is missing, forbidden or taken.
        """
        try:
            if self._line is None:
                self._line = self._find()
            try:
                self._line.pull_low()
                self._sleep_s(LOW_S)
            finally:
                self._line.let_go()  # a chip held in reset would be dead
        except OSError as error:
            raise self._explain(error) from error
        self._sleep_s(START_S)

    def _explain(self, error: OSError) -> DeviceError:
        advice = _ADVICE.get(error.errno or 0, (str(error), "check board and wiring"))
        return DeviceError(f"{DEVICE} {self._name}", *advice)


class GpiodLine:
    """``OpenDrain`` on a pin of the header by the name that the device tree gives its line.

    A Raspberry Pi names them ``GPIO0`` to ``GPIO27`` on every model, whatever chip they are on.
    The request is held: no other program can take the line, and the kernel lets it go at our end.
    ``open_chip`` opens one of ``devices``: libgpiod's ``Chip``, or a simulated one.

    Raises:
        DeviceError: from the constructor, gpiod is not installed, or no chip has such a line.
        OSError: from the constructor and every method, the kernel refuses.
    """

    def __init__(
        self,
        name: str,
        devices: Iterable[Path] | None = None,
        open_chip: Callable[[str], Any] | None = None,
    ) -> None:
        self._gpiod = _gpiod(name)
        self._open_chip = open_chip or self._gpiod.Chip
        found = Path("/dev").glob("gpiochip*") if devices is None else devices
        self._request, self._offset = self._take(name, sorted(found))

    def pull_low(self) -> None:
        self._configure(
            direction=self._gpiod.line.Direction.OUTPUT,
            output_value=self._gpiod.line.Value.INACTIVE,
        )

    def let_go(self) -> None:
        self._configure(**self._released())

    def _take(self, name: str, devices: list[Path]) -> tuple[Any, int]:
        for path in devices:
            with self._open_chip(str(path)) as chip:
                try:
                    offset = chip.line_offset_from_id(name)
                except OSError as error:
                    if error.errno == errno.ENOENT:
                        continue
                    raise
                settings = self._gpiod.LineSettings(**self._released())
                request = chip.request_lines(consumer=CONSUMER, config={offset: settings})
                return request, offset
        remedy = "let config.toml name the board that this machine is"
        raise DeviceError(f"{DEVICE} {name}", "this machine has no such pin", remedy)

    def _released(self) -> dict[str, Any]:
        line = self._gpiod.line
        return {"direction": line.Direction.INPUT, "bias": line.Bias.PULL_UP}

    def _configure(self, **settings: Any) -> None:
        self._request.reconfigure_lines({self._offset: self._gpiod.LineSettings(**settings)})


def reset_of_board(
    pin: object, tell: Callable[[DeviceError | None], None]
) -> Callable[[], None] | None:
    """What pulses the reset line of a board, for ``reader_for_path``; None: it has none.

    ``pin`` is ``pins.reader_reset`` of its board.toml. See ``telling`` for ``tell``.
    """
    if not isinstance(pin, int) or pin < 0:
        return None
    name = f"GPIO{pin}"
    return telling(ResetLine(name, lambda: GpiodLine(name)), tell)


def telling(line: ResetLine, tell: Callable[[DeviceError | None], None]) -> Callable[[], None]:
    """A pulse that tells how it went (None: well) and raises nothing.

    A reader works without its reset line, so a line that fails must not keep it from opening.
    """

    def pulse() -> None:
        try:
            line.pulse()
        except DeviceError as error:
            tell(error)
        else:
            tell(None)

    return pulse


def _gpiod(name: str) -> Any:
    try:
        return importlib.import_module("gpiod")
    except ImportError as error:
        remedy = "install it: pip install gpiod"
        raise DeviceError(f"{DEVICE} {name}", "gpiod is not installed", remedy) from error
