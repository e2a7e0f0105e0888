"""A private ``pcscd`` with vpcd's two virtual readers: PC/SC end to end, without any reader.

The daemon's socket and pid file have fixed names under ``/run``, so it runs in a mount namespace of
its own where ``/run`` is empty and ``/run/pcscd`` is our folder: it meets neither the system's
pcscd nor D-Bus. A program finds it through the environment variable ``PCSCLITE_CSOCK_NAME``, which
the PC/SC library reads. It is ended by its process id.

Debian's packages ``pcscd`` and ``vsmartcard-vpcd``; root, or a kernel that allows user namespaces.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from terminal.errors import DeviceError

DAEMON: Final = Path("/usr/sbin/pcscd")
DRIVER: Final = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
SOCKET_VARIABLE: Final = "PCSCLITE_CSOCK_NAME"
START_S: Final = 15.0
END_S: Final = 10.0
POLL_S: Final = 0.02
SLOTS: Final = 2
_PRIVATELY: Final = (
    "mount -t tmpfs tmpfs /run && mkdir /run/pcscd && mount --bind $1 /run/pcscd &&"
    " exec $2 --foreground --info --config $3"
)
"""The three paths are positional, never part of the script."""


def why_not_here() -> str:
    """What this machine lacks for a private pcscd and a client of it; empty: nothing."""
    needed = (("pcscd", DAEMON), ("vsmartcard-vpcd", DRIVER))
    missing = [package for package, path in needed if not path.exists()]
    if missing:
        return f"not installed: apt-get install {' '.join(missing)}"
    if importlib.util.find_spec("smartcard") is None:
        return "pyscard is not installed: pip install 'kumquat[pcsc]'"
    attempt = subprocess.run([*_unshare(), "true"], capture_output=True, text=True, check=False)
    return f"no mount namespace here: {attempt.stderr.strip()}" if attempt.returncode else ""


class PcscDaemon:
    """A running pcscd; a context manager. ``folder`` must exist and be empty.

    ``ports`` are those of the two readers' cards, "Virtual PCD 00 00" and "Virtual PCD 00 01".

    Raises:
        DeviceError: it did not come up.
    """

    def __init__(self, folder: Path) -> None:
        self._run, self._config, self._log = folder / "run", folder / "conf", folder / "log"
        self._run.mkdir()
        self._config.mkdir()
        self._base = _free_ports()
        self._process: subprocess.Popen[bytes] | None = None
        self._write_config()

    @property
    def socket(self) -> str:
        """For ``PCSCLITE_CSOCK_NAME``."""
        return str(self._run / "pcscd.comm")

    @property
    def ports(self) -> tuple[int, ...]:
        """The TCP port of each slot."""
        return tuple(range(self._base, self._base + SLOTS))

    def start(self) -> None:
        """Start it, and return when it takes clients and cards."""
        assert self._process is None, "runs already"
        words = [*_unshare(), "sh", "-c"]
        paths = [str(self._run), str(DAEMON), str(self._config)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*words, _PRIVATELY, "sh", *paths], stdout=log, stderr=log
            )
        until = time.monotonic() + START_S
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise DeviceError("pcscd", "did not start", f"see {self._log}")
            time.sleep(POLL_S)

    def stop(self) -> None:
        """End it; its readers are gone."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=END_S)
        except subprocess.TimeoutExpired:
            process.kill()  # a reader whose card never answers holds it for ever
            process.wait(timeout=END_S)
        for left in self._run.iterdir():
            left.unlink()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _write_config(self) -> None:
        text = (
            f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x{self._base:X}\n'
            f"LIBPATH {DRIVER}\nCHANNELID 0x{self._base:X}\n"
        )
        (self._config / "vpcd").write_text(text, encoding="ascii")

    def _listens(self) -> bool:
        if not (self._run / "pcscd.comm").exists():
            return False
        return all(_is_taken(port) for port in self.ports)


def _unshare() -> tuple[str, ...]:
    user = ("--user", "--map-root-user") if os.geteuid() else ()
    return ("unshare", *user, "--mount", "--propagation", "private")


def _is_taken(port: int) -> bool:
    """Whether somebody listens; found out without connecting, which would place a card."""
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return True
    return False


def _free_ports() -> int:
    """The first of two neighbouring ports that are free just now."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            base = int(probe.getsockname()[1])
        if base < 65_535 and not any(_is_taken(base + slot) for slot in range(SLOTS)):
            return base
