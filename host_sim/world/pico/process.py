"""One process that runs the panel's firmware as a Pico would: started, frozen, reset, ended.

The firmware is staged from its manifest, with our ``machine`` in place of the chip's. MicroPython
runs it where one is installed, CPython otherwise; ``runs_on`` says which.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from boards.pico_panel.stage import stage

HERE: Final = Path(__file__).parent


def find_micropython() -> str | None:
    """MicroPython's interpreter beside this Python's, or on the path, or None."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("micropython", path=os.pathsep.join([beside, os.environ.get("PATH", "")]))


class PicoProcess:
    """The board's processor. ``serial`` and ``control`` are the outer ends of its two sockets.

    The inner ends outlive a reset, as the wires of a board do.
    """

    def __init__(self, folder: Path, watched_pins: tuple[int, ...], *, cpython: bool) -> None:
        self.serial, self._serial_inside = socket.socketpair()
        self.control, self._control_inside = socket.socketpair()
        for end in (self.serial, self._serial_inside, self.control):
            end.setblocking(False)
        self._folder = folder
        self._watched = watched_pins
        self._process: subprocess.Popen[bytes] | None = None
        self._errors = folder / "errors.txt"
        stage(folder)
        shutil.copyfile(HERE / "machine.py", folder / "machine.py")
        micropython = None if cpython else find_micropython()
        self._command = (
            [micropython, "main.py"]
            if micropython is not None
            else [sys.executable, str(HERE / "on_cpython.py"), "main.py"]
        )
        self.runs_on = _name(micropython, "asked for" if cpython else "no MicroPython here")

    def start(self, *, by_watchdog: bool) -> None:
        """Reset: end what runs, empty the wires, and start the firmware from its first line."""
        self.end()
        _drain(self._serial_inside)
        self._control_inside.setblocking(False)
        _drain(self._control_inside)
        self._control_inside.setblocking(True)
        inside = (self._serial_inside.fileno(), self._control_inside.fileno())
        environment = {
            "PICO_SERIAL": str(inside[0]),
            "PICO_CONTROL": str(inside[1]),
            "PICO_WATCHED": ",".join(str(pin) for pin in self._watched),
            "PICO_RESET": "watchdog" if by_watchdog else "power",
            "MICROPYPATH": ".:.frozen",
            "PYTHONPATH": str(self._folder),
        }
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=environment,
                pass_fds=inside,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
            )

    def freeze(self) -> None:
        """Stop the processor's clock."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it run on from where it stood."""
        self._signal(signal.SIGCONT)

    def tell(self, line: str) -> None:
        """One command to the simulated ``machine``."""
        with suppress(BlockingIOError):
            self.control.sendall(line.encode() + b"\n")

    def errors(self) -> str:
        """What the firmware printed: empty while all is well."""
        return self._errors.read_text(encoding="utf-8", errors="replace")

    def end(self) -> None:
        """End the process that runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End the process and the wires."""
        self.end()
        for end in (self.serial, self._serial_inside, self.control, self._control_inside):
            end.close()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)


def _name(micropython: str | None, why_not: str) -> str:
    if micropython is None:
        version = ".".join(str(part) for part in sys.version_info[:3])
        return f"CPython {version} ({why_not})"
    asked = "import sys; print('.'.join(str(part) for part in sys.implementation[1][:3]))"
    answer = subprocess.run([micropython, "-c", asked], capture_output=True, check=True)
    return f"MicroPython {answer.stdout.decode().strip()}"


def _drain(end: socket.socket) -> None:
    with suppress(BlockingIOError):
        while end.recv(4096):
            pass
