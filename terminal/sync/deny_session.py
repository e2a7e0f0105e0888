"""How a terminal comes by the host's newest deny list; pure, resumable at any reply.

It is told the newest signed head in its usual dialogue (``terminal.sync.session``). This one then
asks for the changes from version to version, and where the host has none that follow, for the whole
list, whatever of it a former dialogue did not bring. A dialogue cut anywhere is begun again.

Invariants: nothing older than what is in force is taken, nor another list of the same version; a
piece that is not what was asked for is asked for again, a few times; every round ends with a higher
version in force or with an error.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final, Protocol

from terminal.crypto.keys import PublicKey
from terminal.errors import DecodeError, HostRefused, SignatureInvalid
from terminal.journal.deny_base import HEADER_SIZE, DenyListCorrupt, decode_header
from terminal.journal.deny_intake import BegunBase
from terminal.journal.deny_view import DenyListRefused
from terminal.payment.deny_head import DenyHead, decode_head
from terminal.ports import Signer
from terminal.sync.deny_messages import Part, Piece, PieceQuery, decode_answer
from terminal.sync.exchange import PATH_DENY_PIECE, Dialogue, HostReply, HostRequest, accepted
from terminal.sync.sealing import seal

MAX_PIECE_TRIES: Final = 3
NO_SUCH_LIST: Final = "no_such_list"
"""The host's refusal where it has no such file (any more)."""


class DenyShelf(Protocol):
    """Where lists are installed; ``terminal.journal.deny_intake`` implements it.

    Every method may raise JournalError: the disk failed, or another process is at it.
    """

    def in_force(self) -> DenyHead | None: ...

    def apply(self, delta: bytes) -> None:
        """Raises DecodeError, SignatureInvalid, DenyListRefused, DenyListCorrupt: unusable."""

    def begun(self) -> BegunBase | None: ...

    def begin(self, data: bytes) -> BegunBase: ...

    def append(self, data: bytes) -> None: ...

    def finish(self) -> DenyHead:
        """Raises DenyListRefused, DenyListCorrupt: unusable, and forgotten."""

    def discard(self) -> None: ...


@dataclass(frozen=True, slots=True)
class DenyOutcome:
    """What one dialogue brought; the version in force is the one offered."""

    version: int
    delta_count: int
    base_count: int
    received_bytes: int
    asked_again: int
    """Pieces that came damaged, or in answer to something else."""
    problems: tuple[str, ...]
    """Changes that did not follow what is here; the whole list was taken instead."""


def deny_session(
    shelf: DenyShelf, message: bytes, root_key: PublicKey, *, origin: str, signer: Signer
) -> Dialogue[DenyOutcome]:
    """Bring what is in force to the head in ``message``, as the host sent it.

    Raises:
        DecodeError, SignatureInvalid: head or pieces are not what they must be.
        DenyListRefused: the head is older than what is in force, or another list of its version.
        DenyListCorrupt: a whole list was not what its head says; the next dialogue begins anew.
        HostRefused: the host has no such list. JournalError: it cannot be written now.
    """
    offered = decode_head(message, root_key)
    fetch = _Fetch(shelf, origin, signer)
    have = shelf.in_force()
    _refuse_rollback(have, offered)
    while have is None or have.version < offered.version:
        if have is None or not (yield from fetch.follow(have.version + 1)):
            yield from fetch.whole(have, offered, message)
        have = shelf.in_force()
    shelf.discard()  # of no use any more
    return DenyOutcome(
        have.version,
        fetch.delta_count,
        fetch.base_count,
        fetch.received_bytes,
        fetch.asked_again,
        tuple(fetch.problems),
    )


def _refuse_rollback(have: DenyHead | None, offered: DenyHead) -> None:
    if have is None or have.version < offered.version:
        return
    if have.version > offered.version:
        raise DenyListRefused(
            f"the host offers deny list version {offered.version}, in force is {have.version}"
        )
    if have.digest != offered.digest:
        raise DenyListRefused(f"the host offers another deny list of version {have.version}")


class _Fetch:
    """One dialogue's state."""

    def __init__(self, shelf: DenyShelf, origin: str, signer: Signer) -> None:
        self.delta_count = 0
        self.base_count = 0
        self.received_bytes = 0
        self.asked_again = 0
        self.problems: list[str] = []
        self._shelf = shelf
        self._origin = origin
        self._signer = signer

    def follow(self, version: int) -> Generator[HostRequest, HostReply, bool]:
        """Take the changes that lead to ``version``; whether there were any that follow."""
        try:
            delta = yield from self._delta(version)
        except HostRefused as refusal:
            if refusal.code != NO_SUCH_LIST:
                raise
            return False
        try:
            self._shelf.apply(delta)
        except (DecodeError, SignatureInvalid, DenyListRefused, DenyListCorrupt) as error:
            self.problems.append(f"changes to version {version}: {error}")
            return False
        self.delta_count += 1
        return True

    def whole(
        self, have: DenyHead | None, offered: DenyHead, message: bytes
    ) -> Generator[HostRequest, HostReply, None]:
        """Take a whole list: go on with the one begun while it is of use, else the offered one."""
        begun = self._shelf.begun()
        least = have.version if have else 0
        if begun is not None and least < begun.head.version < offered.version:
            try:
                yield from self._rest(begun)
            except HostRefused as refusal:
                if refusal.code != NO_SUCH_LIST:
                    raise
            else:
                return
        if begun is None or begun.head != offered:
            begun = yield from self._beginning(offered, message)
        yield from self._rest(begun)

    def _beginning(
        self, offered: DenyHead, message: bytes
    ) -> Generator[HostRequest, HostReply, BegunBase]:
        piece = yield from self._piece(offered.version, Part.BASE, 0)
        if decode_header(piece.data[:HEADER_SIZE]) != message:
            raise DecodeError("piece.data", "not the list that the host offered")
        return self._shelf.begin(piece.data)

    def _rest(self, begun: BegunBase) -> Generator[HostRequest, HostReply, None]:
        at = begun.size
        while at < begun.file_size:
            piece = yield from self._piece(begun.head.version, Part.BASE, at)
            if piece.file_size != begun.file_size:
                raise DecodeError("piece.file_size", "not as long as the host signed")
            self._shelf.append(piece.data)
            at += len(piece.data)
        self._shelf.finish()
        self.base_count += 1

    def _delta(self, version: int) -> Generator[HostRequest, HostReply, bytes]:
        first = yield from self._piece(version, Part.DELTA, 0)
        data = first.data
        while len(data) < first.file_size:
            piece = yield from self._piece(version, Part.DELTA, len(data))
            if piece.file_size != first.file_size:
                raise DecodeError("piece.file_size", "another length than before")
            data += piece.data
        return data

    def _piece(
        self, version: int, part: Part, offset: int
    ) -> Generator[HostRequest, HostReply, Piece]:
        query = PieceQuery(version, part, offset)
        request = seal(PATH_DENY_PIECE, self._origin, query.encode(), self._signer)
        tries = 1
        while True:
            reply = yield request
            try:
                piece = decode_answer(accepted(reply), query)
            except DecodeError:
                if tries == MAX_PIECE_TRIES:
                    raise
                tries += 1
                self.asked_again += 1
            else:
                self.received_bytes += len(piece.data)
                return piece
