"""The wallet page's server as a Starlette application: fixed files and one page of settings.

It keeps nothing and learns nothing: keys, coupons and payments live in the browser. ``/files.js``
names every file with a version over all their bytes, from which the service worker knows what to
keep for use without a network, and when to fetch anew.

Content-Security-Policy (level 3): nothing but our own files, nothing inline, no frames. Microphone,
camera and motion are for our own origin alone (Permissions Policy).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from host_sim.wallet.settings import WalletSettings

STATIC: Final = Path(__file__).parent / "static"
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS: Final = (
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    (
        "permissions-policy",
        "microphone=(self), camera=(self), accelerometer=(self), gyroscope=(self), geolocation=()",
    ),
    ("cache-control", "no-cache"),
)
_SERVED: Final = frozenset(
    {".js", ".css", ".html", ".svg", ".png", ".webmanifest", ".json", ".bin"}
)


def create_app(settings: WalletSettings, static: Path = STATIC) -> Starlette:
    """The application; serve it over HTTPS, or on loopback: browsers give keys to no other page."""
    names = served_files(static)
    version = version_of(static, names)

    async def page(_: Request) -> Response:
        return FileResponse(static / "index.html")

    async def worker(_: Request) -> Response:
        # At the root, because a service worker's address bounds what it may answer for.
        return FileResponse(static / "service_worker.js", media_type="text/javascript")

    async def files(_: Request) -> Response:
        listed = json.dumps(["/", "/settings.json", *(f"/static/{name}" for name in names)])
        text = f"self.VERSION = {json.dumps(version)};\nself.FILES = {listed};\n"
        return Response(text, media_type="text/javascript")

    async def what_the_host_says(_: Request) -> Response:
        return JSONResponse(settings.as_json())

    async def manifest(_: Request) -> Response:
        path = static / "manifest.webmanifest"
        return FileResponse(path, media_type="application/manifest+json")

    return Starlette(
        routes=[
            Route("/", page),
            Route("/service_worker.js", worker),
            Route("/files.js", files),
            Route("/settings.json", what_the_host_says),
            Route("/static/manifest.webmanifest", manifest),
            Mount("/static", StaticFiles(directory=static)),
        ],
        middleware=[Middleware(SecurityHeaders)],
    )


def served_files(static: Path = STATIC) -> tuple[str, ...]:
    """Every file the page may ask for below ``/static``, but the worker and the page itself."""
    elsewhere = {"service_worker.js", "index.html"}
    found = (path for path in static.rglob("*") if path.is_file() and path.suffix in _SERVED)
    return tuple(sorted({str(path.relative_to(static)) for path in found} - elsewhere))


def version_of(static: Path, names: tuple[str, ...]) -> str:
    """16 hex digits over the names and bytes of every file."""
    digest = hashlib.sha256()
    for name in (*names, "index.html"):
        digest.update(hashlib.sha256(name.encode()).digest())
        digest.update(hashlib.sha256((static / name).read_bytes()).digest())
    return digest.hexdigest()[:16]


class SecurityHeaders:
    """ASGI middleware: what a browser may do with every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS:
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, guarded)
