"""The host's no, as a peer reads it: an HTTP status and a machine-readable code."""

from __future__ import annotations

from terminal.errors import KumquatError


class Refusal(KumquatError):
    """The request was understood and is refused; ``code`` is stable, ``problem`` for a person."""

    exit_code = 76

    def __init__(self, status: int, code: str, problem: str) -> None:
        super().__init__(problem)
        self.status = status
        self.code = code
        self.problem = problem


class UsageError(KumquatError):
    """A command was asked for something that cannot be; the message says what is wrong."""

    exit_code = 64
