"""The way to the host over HTTP: sends a dialogue's requests, one connection kept open.

HTTPS with the certificate checked; plain ``http`` to loopback addresses only. Redirects are not
followed and no proxy is taken from the environment: a terminal talks to the host it was given.
A reply that is cut, too large or not ours is no answer (HostUnreachable), never half an answer.
"""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

import httpx2

from terminal.errors import ConfigError, HostUnreachable
from terminal.sync.exchange import MAX_BODY_BYTES, MEDIA_TYPE, HostReply, HostRequest

TIMEOUT_S: Final = 10.0
"""For connecting, and for each wait while sending or receiving."""


def is_loopback(host: str) -> bool:
    """Whether a host name or literal address can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_url(url: str) -> str:
    """The base address without a trailing slash.

    Raises:
        ConfigError: not http or https, plain http beyond loopback, or more than scheme, host, port.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError("host.url", f"{url!r} is no address: {error}") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ConfigError("host.url", f"{url!r} must look like https://host.example or :port")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ConfigError("host.url", f"{url!r} must have no path, query or user name")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigError("host.url", "plain http is for this machine only; use https")
    return f"{parts.scheme}://{parts.netloc}"


class HttpsDoor:
    """The HTTP door seen from the terminal. Use ``send`` with ``terminal.sync.exchange.run``.

    ``ca_file`` is a PEM file that replaces the system's certificate authorities.

    Raises:
        ConfigError: the address or the file cannot be used.
    """

    def __init__(
        self, url: str, *, ca_file: Path | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._url = check_url(url)
        try:
            context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError("host.ca_file", f"{ca_file}: {error}") from None
        self._client = httpx2.Client(
            base_url=self._url,
            verify=context,
            timeout=timeout_s,
            trust_env=False,
            follow_redirects=False,
        )

    def send(self, request: HostRequest) -> HostReply:
        """One request and its whole reply.

        Raises:
            HostUnreachable: no connection, no answer in time, or an answer that cannot be one.
        """
        try:
            return self._exchange(request)
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            name = type(error).__name__
            raise HostUnreachable(f"{self._url}: {name}: {error}".rstrip(": ")) from error

    def _exchange(self, request: HostRequest) -> HostReply:
        headers = {
            "content-type": MEDIA_TYPE,
            "accept": MEDIA_TYPE,
            "accept-encoding": "identity",
        }
        with self._client.stream(
            request.method, request.path, content=request.body, headers=headers
        ) as response:
            if response.headers.get("content-type", "") != MEDIA_TYPE:
                raise HostUnreachable(
                    f"{self._url}: answered {response.status_code}, but not as a Kumquat host"
                )
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > MAX_BODY_BYTES:
                    raise HostUnreachable(f"{self._url}: the answer is larger than allowed")
            return HostReply(response.status_code, bytes(body))

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
