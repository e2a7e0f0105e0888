"""The door of the page: who may ask, and what a browser may do with the answer.

- Host: only the names in the settings are answered, so a foreign name that leads to this machine
  (DNS rebinding) gets nothing.
- Cross-site requests: a POST must come from our own origin (RFC 6454; Fetch standard: ``Origin``,
  ``Sec-Fetch-Site``). One with neither header is refused: every browser sends one of them.
- Content-Security-Policy (level 3): nothing but our own files, nothing inline, no frames.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from terminal.kiosk.words import words

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS: Final = (
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
)
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})


def host_of(header: str) -> str:
    """The name in a Host header without its port; IPv6 without its brackets."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower()


def is_same_origin(headers: Headers, scheme: str) -> bool:
    """Whether a POST with these headers was sent by a page of this very origin."""
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is None:
        return site == "same-origin"
    return origin.lower() == f"{scheme}://{headers.get('host', '')}".lower()


class Guard:
    """ASGI middleware: checks host and origin, and adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, allowed_hosts: tuple[str, ...], language: str) -> None:
        self._app = app
        self._allowed_hosts = frozenset(allowed_hosts)
        self._words = words(language)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS:
                    headers[name] = value
                if "cache-control" not in headers:
                    headers["cache-control"] = "no-store"
            await send(message)

        await (refusal or self._app)(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if host_of(headers.get("host", "")) not in self._allowed_hosts:
            return PlainTextResponse(self._words("bad.host"), 421)
        if scope["method"] in _SAFE_METHODS or is_same_origin(headers, scope["scheme"]):
            return None
        return PlainTextResponse(self._words("bad.origin"), 403)
