"""What the dialogue with the host needs of the terminal: its journal, and a desk for policies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from terminal.journal.entry import Entry


class Outbox(Protocol):
    """What the dialogue needs of a journal; ``terminal.journal`` implements it."""

    @property
    def size(self) -> int: ...

    def checkpoint(self) -> bytes:
        """The last signed checkpoint as a note; asked for only when ``size`` is not 0."""

    def entries(self, start: int, stop: int) -> tuple[Entry, ...]: ...

    def verdicts(self, start: int, stop: int) -> tuple[bytes, ...]:
        """The recorded verdicts on entries [start, stop), by index."""

    def kept(self, name: str) -> bytes | None: ...

    def keep(self, name: str, value: bytes) -> object: ...

    def record_verdicts(self, verdicts: Iterable[bytes]) -> object: ...

    def record_cosigned(self, note: bytes) -> object: ...

    def record_contact(self, unix_s: int) -> object: ...


class PolicyDesk(Protocol):
    """Checks and installs a policy that the host offers."""

    def installed_version(self) -> int:
        """0 for none."""

    def install(self, bundle: bytes, now_unix_s: int) -> int:
        """The new version, durable; ``now_unix_s`` is the host-signed time.

        Raises:
            DecodeError, SignatureInvalid: not a newer policy for this terminal under the root.
        """
