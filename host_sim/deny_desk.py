"""Serves the long deny list to terminals: the newest head, and files piece by piece.

Only an enrolled journal is answered: a subject is a hash, but whoever tries every card number finds
out which are listed (docs/protocol/sync.md, section 6).
"""

from __future__ import annotations

from typing import Final

from host_sim.deny_archive import DenyArchive
from host_sim.intake import unsealed
from host_sim.office import Office
from host_sim.refusal import Refusal
from terminal.errors import JournalError
from terminal.sync.deny_messages import DenyReply, decode_deny_query, decode_piece_query
from terminal.sync.deny_session import NO_SUCH_LIST
from terminal.sync.exchange import PATH_DENY, PATH_DENY_PIECE

_BROKEN: Final = (503, "store", "the deny list cannot be read here just now")


class DenyDesk:
    """The two paths of the deny list: bodies in, bodies out."""

    def __init__(self, office: Office, archive: DenyArchive | None) -> None:
        self._office = office
        self._archive = archive

    def head(self, body: bytes) -> bytes:
        """PATH_DENY: the newest signed head, empty before the first list."""
        _, payload = unsealed(self._office, body, PATH_DENY)
        decode_deny_query(payload)
        try:
            newest = None if self._archive is None else self._archive.newest()
        except (OSError, JournalError) as error:
            raise Refusal(*_BROKEN) from error
        return DenyReply(b"" if newest is None else newest[1]).encode()

    def piece(self, body: bytes) -> bytes:
        """PATH_DENY_PIECE: bytes of a published file."""
        _, payload = unsealed(self._office, body, PATH_DENY_PIECE)
        query = decode_piece_query(payload)
        try:
            piece = None if self._archive is None else self._archive.piece(query)
        except OSError as error:
            raise Refusal(*_BROKEN) from error
        if piece is None:
            raise Refusal(404, NO_SUCH_LIST, f"no {query.part.name.lower()} {query.version} here")
        return piece.encode()
