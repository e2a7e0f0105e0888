"""The origin line of a terminal's journal: ``<host>/t/<terminal>/<epoch>`` (C2SP tlog-checkpoint).

A host name is 1..64 of ``a-z 0-9 . - :``; numbers are decimal without leading zeroes; an epoch
begins at 1 and a new one means a new journal key and an empty journal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from terminal.errors import DecodeError

MAX_TERMINAL: Final = 2**32 - 1
MAX_EPOCH: Final = 2**32 - 1
_HOST: Final = re.compile(r"[a-z0-9][a-z0-9.:-]{0,63}", re.ASCII)
_ORIGIN: Final = re.compile(r"([^/]+)/t/(0|[1-9][0-9]{0,9})/([1-9][0-9]{0,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Origin:
    """One journal of one terminal at one host."""

    host: str
    terminal: int
    epoch: int

    def __str__(self) -> str:
        return f"{self.host}/t/{self.terminal}/{self.epoch}"


def check_host_name(host: str) -> str:
    """The name itself, when it can stand in an origin line.

    Raises:
        DecodeError: other characters, or too long.
    """
    if _HOST.fullmatch(host) is None:
        raise DecodeError(
            "host", "must be 1 to 64 of a-z 0-9 . : - and begin with a letter or digit"
        )
    return host


def parse_origin(text: str) -> Origin:
    """The parts of an origin line.

    Raises:
        DecodeError: not exactly ``<host>/t/<terminal>/<epoch>`` in range.
    """
    match = _ORIGIN.fullmatch(text)
    if match is None:
        raise DecodeError("origin", "must be <host>/t/<terminal>/<epoch>")
    terminal, epoch = int(match[2]), int(match[3])
    if terminal > MAX_TERMINAL or epoch > MAX_EPOCH:
        raise DecodeError("origin", "terminal or epoch does not fit 32 bits")
    return Origin(check_host_name(match[1]), terminal, epoch)
