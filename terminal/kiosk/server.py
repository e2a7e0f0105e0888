"""The page's server: uvicorn in a thread of the terminal's process, on loopback only.

The socket is bound here, before the thread starts, so that a taken port is one clear error at start
and never a thread that dies later. It is the terminal's only listener.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from types import TracebackType
from typing import Final, Self

import uvicorn
from starlette.applications import Starlette

from terminal.errors import ConfigError, DeviceError
from terminal.kiosk.app import live_of

START_TIMEOUT_S: Final = 10.0
STOP_TIMEOUT_S: Final = 5.0
_POLL_S: Final = 0.01
_BACKLOG: Final = 64


class KioskServer:
    """Serves one app; ``port`` 0 takes any free one. A context manager: start, then stop.

    Raises:
        ConfigError: ``host`` is not a loopback address (a LAN needs HTTPS and paired devices).
    """

    def __init__(self, app: Starlette, host: str = "127.0.0.1", port: int = 8600) -> None:
        if not _is_loopback(host):
            raise ConfigError("kiosk.host", f"{host!r} is not a loopback address such as 127.0.0.1")
        self._app = app
        self._host = host
        self._port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the page is, without a slash at the end; the real port once started."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def start(self) -> None:
        """Bind, start the thread and return once the page answers.

        Raises:
            DeviceError: the port is taken or may not be used.
        """
        assert self._thread is None, "started once"
        listener = self._bind()
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            limit_concurrency=64,
            ws="none",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="kiosk", daemon=True
        )
        self._thread.start()
        self._wait_until_ready(listener)

    def stop(self) -> None:
        """End the live pages, finish what is being answered, and join the thread."""
        if self._server is None or self._thread is None:
            return
        live_of(self._app).close()
        self._server.should_exit = True
        self._thread.join(STOP_TIMEOUT_S)
        self._server = self._thread = None

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

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # The protocol is named because asyncio turns Nagle off only where it is: 40 ms a page.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
            listener.listen(_BACKLOG)
        except (OSError, OverflowError) as error:
            listener.close()
            reason = getattr(error, "strerror", None) or str(error)
            raise DeviceError(
                "seller's page",
                f"port {self._port} on {self._host} cannot be used ({reason})",
                "end the program that has it, or choose another port in the configuration",
            ) from error
        self._port = listener.getsockname()[1]
        return listener

    def _wait_until_ready(self, listener: socket.socket) -> None:
        assert self._server is not None, "started before"
        assert self._thread is not None, "started before"
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                listener.close()
                raise DeviceError("seller's page", "its server did not start", "see the log")
            time.sleep(_POLL_S)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
