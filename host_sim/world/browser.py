"""The page as a picture: Debian's chromium, headless, as a subprocess (no Playwright needed).

The demonstration's phone sees a request only through this picture and an independent QR reader.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from terminal.errors import DeviceError

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT_S: Final = 60
FLAGS: Final = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--blink-settings=preferredColorScheme=1",
)
_REMEDY: Final = "install it with: apt-get install chromium"


def find_browser(programs: tuple[str, ...] = PROGRAMS) -> str:
    """The path of an installed chromium.

    Raises:
        DeviceError: none is installed.
    """
    for program in programs:
        found = shutil.which(program)
        if found:
            return found
    raise DeviceError("browser", "chromium is not installed", _REMEDY)


def screenshot(url: str, path: Path, width: int, height: int, language: str = "en") -> None:
    """Load ``url`` and write a PNG of ``width`` by ``height`` pixels to ``path``.

    Raises:
        DeviceError: no browser is installed, or it made no picture within ``TIMEOUT_S``.
    """
    program = find_browser()
    path = path.resolve()
    path.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="kumquat-browser-", ignore_cleanup_errors=True) as home:
        command = [
            program,
            *FLAGS,
            # The kernel lets root start no sandbox of chromium's; anybody else keeps it.
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            f"--user-data-dir={home}",
            f"--lang={language}",
            f"--window-size={width},{height}",
            f"--screenshot={path}",
            url,
        ]
        _run(command, dict(os.environ, HOME=home))
    if not path.exists():
        raise DeviceError("browser", f"chromium made no picture of {url}", "see whether it loads")


def _run(command: list[str], environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=TIMEOUT_S, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        raise DeviceError("browser", f"chromium took over {TIMEOUT_S} s", _REMEDY) from None
    except OSError as error:
        raise DeviceError("browser", f"chromium did not start ({error})", _REMEDY) from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        last = said[-1] if said else f"ended with {done.returncode}"
        raise DeviceError("browser", f"chromium failed: {last}", _REMEDY)
