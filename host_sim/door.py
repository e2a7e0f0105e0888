"""One door for both ways in: a request value in, a reply value out, never an exception.

The in-memory door of the tests is ``Door.send``; the HTTP door (``host_sim.api``) calls the same.
Whatever is wrong with a request becomes a 4xx with a machine-readable code; what is wrong with the
store becomes a 503, after which the terminal keeps everything and comes again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from host_sim.refusal import Refusal
from host_sim.service import Host
from host_sim.store.port import StoreError
from terminal.errors import DecodeError, SignatureInvalid
from terminal.sync.exchange import (
    MAX_BODY_BYTES,
    PATH_DENY,
    PATH_DENY_PIECE,
    PATH_ENROL,
    PATH_ENROL_OPEN,
    PATH_ENTRIES,
    PATH_MIRROR,
    PATH_OPEN,
    PATH_POLICY,
    HostReply,
    HostRequest,
    encode_refusal,
)

PATHS: Final = (
    PATH_OPEN,
    PATH_ENTRIES,
    PATH_MIRROR,
    PATH_POLICY,
    PATH_DENY,
    PATH_DENY_PIECE,
    PATH_ENROL_OPEN,
    PATH_ENROL,
)

Handler = Callable[[bytes], bytes]


class Door:
    """A host's paths over request and reply values."""

    def __init__(self, host: Host) -> None:
        self._handlers: Mapping[str, Handler] = MappingProxyType(
            {
                PATH_OPEN: host.intake.open,
                PATH_ENTRIES: host.intake.entries,
                PATH_MIRROR: host.intake.mirror,
                PATH_POLICY: host.intake.policy,
                PATH_DENY: host.deny_desk.head,
                PATH_DENY_PIECE: host.deny_desk.piece,
                PATH_ENROL_OPEN: host.enrolment.open,
                PATH_ENROL: host.enrolment.enrol,
            }
        )

    def send(self, request: HostRequest) -> HostReply:
        """The host's reply; the status is 200 or there is an encoded refusal in the body."""
        try:
            return HostReply(200, self._handle(request))
        except DecodeError as error:
            return refuse(400, "malformed", str(error))
        except SignatureInvalid as error:
            return refuse(401, "bad_signature", str(error))
        except Refusal as error:
            return refuse(error.status, error.code, error.problem)
        except StoreError as error:
            return refuse(503, "store", str(error))

    def _handle(self, request: HostRequest) -> bytes:
        handler = self._handlers.get(request.path)
        if handler is None:
            raise Refusal(404, "no_such_path", "there is nothing here")
        if request.method != "POST":
            raise Refusal(405, "method", "only POST is answered here")
        if len(request.body) > MAX_BODY_BYTES:
            raise Refusal(413, "too_large", f"a body has at most {MAX_BODY_BYTES} bytes")
        return handler(request.body)


def refuse(status: int, code: str, problem: str) -> HostReply:
    """A refusal as a reply."""
    return HostReply(status, encode_refusal(code, problem))
