"""The HTTP door: carries bodies to ``host_sim.door`` and back, and knows nothing of them.

Bodies are capped while they arrive. Handlers run in a thread, since the store waits on the disk.
An error of our own becomes a 500 with a code; its traceback goes to the server's log alone.
"""

from __future__ import annotations

import logging

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from host_sim.door import PATHS, Door, refuse
from terminal.sync.exchange import MAX_BODY_BYTES, MEDIA_TYPE, HostReply, HostRequest

_LOG = logging.getLogger("kumquat.host")


def create_app(door: Door) -> Starlette:
    """The ASGI application over a door; ``GET /healthz`` says that the process answers."""

    async def exchange(request: Request) -> Response:
        body = await _capped(request)
        if body is None:
            return _response(refuse(413, "too_large", f"at most {MAX_BODY_BYTES} bytes"))
        asked = HostRequest(request.method, request.url.path, body)
        return _response(await run_in_threadpool(door.send, asked))

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    routes = [Route(path, exchange, methods=["POST"]) for path in PATHS]
    return Starlette(
        routes=[*routes, Route("/healthz", health)],
        exception_handlers={HTTPException: _refused, Exception: _failed},
    )


async def _capped(request: Request) -> bytes | None:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def _response(reply: HostReply) -> Response:
    return Response(reply.body, reply.status, media_type=MEDIA_TYPE)


async def _refused(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    code = {404: "no_such_path", 405: "method"}.get(status, "http")
    return _response(refuse(status, code, f"HTTP {status}"))


async def _failed(_: Request, error: Exception) -> Response:
    if not isinstance(error, ClientDisconnect):
        _LOG.error("a request failed in the host itself", exc_info=error)
    return _response(refuse(500, "internal", "the host failed; everything sent stays as it was"))
