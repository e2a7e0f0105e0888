"""The host as a process: where it listens, with which certificate, until it is told to end.

Loopback needs no TLS; any other address is refused without it. SIGINT and SIGTERM end the process
cleanly with exit code 0, requests in progress answered first.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn
from starlette.applications import Starlette

from terminal.devices.https import is_loopback
from terminal.errors import ConfigError, DeviceError

DEFAULT_ADDRESS: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8470
_ENDING: Final = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen. Port 0 takes a free one.

    Raises:
        ConfigError: beyond loopback without a certificate, or only half of certificate and key.
    """

    address: str = DEFAULT_ADDRESS
    port: int = DEFAULT_PORT
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ConfigError("serve.tls", "a certificate and its key belong together")
        if self.certificate is None and not is_loopback(self.address):
            raise ConfigError(
                "serve.address",
                f"{self.address} is reachable from outside: give --certificate and --key",
            )
        for path in (self.certificate, self.key):
            if path is not None and not path.is_file():
                raise ConfigError("serve.tls", f"{path} is not a file")


class _Server(uvicorn.Server):
    """uvicorn's server, ending with exit code 0 instead of raising the signal once more."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        def end(_: int, __: FrameType | None) -> None:
            self.should_exit = True

        if threading.current_thread() is not threading.main_thread():
            yield  # signals reach the main thread alone; whoever started us sets should_exit
            return
        before = {number: signal.signal(number, end) for number in _ENDING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(app: Starlette, listen: Listen, ready: Callable[[str], None]) -> None:
    """Listen and answer until told to end. ``ready`` is given the address once connections come.

    Raises:
        DeviceError: the address is taken or not this machine's.
    """
    sock = _bind(listen)
    scheme = "https" if listen.certificate else "http"
    address = f"[{listen.address}]" if ":" in listen.address else listen.address
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        ssl_certfile=listen.certificate,
        ssl_keyfile=listen.key,
        timeout_graceful_shutdown=5,
    )
    with sock:
        ready(f"{scheme}://{address}:{sock.getsockname()[1]}")
        _Server(config).run(sockets=[sock])


def _bind(listen: Listen) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((listen.address, listen.port))
        sock.listen(128)
    except OSError as error:
        sock.close()
        raise DeviceError(
            f"{listen.address}:{listen.port}",
            error.strerror or str(error),
            "choose another --port or end what uses it",
        ) from None
    return sock
