"""Every error a caller of ours may meet, by whose fault it is.

An expected outcome (a declined sale, a rejected frame) is a value, not an error. A peer's fault, a
device's fault and a configuration's fault are the typed errors below; our own bug is an assertion.
Each message says what is wrong and, where a person can act, what to do. None holds a secret.
"""

from __future__ import annotations

from typing import ClassVar


class KumquatError(Exception):
    """Base of every error that Kumquat raises on purpose.

    ``exit_code`` is what a command line ends with when the error reaches it (sysexits.h).
    """

    exit_code: ClassVar[int] = 70


class DecodeError(KumquatError):
    """Bytes from outside are not what they claim to be; ``field`` names the first that is wrong."""

    exit_code = 65

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class SignatureInvalid(KumquatError):
    """A signature does not verify under the key and context it was checked with."""

    exit_code = 65


class ConfigError(KumquatError):
    """A configuration or board file cannot be used; ``field`` is its dotted path."""

    exit_code = 78

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class DeviceError(KumquatError):
    """A device is missing or failed; ``remedy`` is what a person can do about it."""

    exit_code = 69

    def __init__(self, device: str, problem: str, remedy: str) -> None:
        super().__init__(f"{device}: {problem}; {remedy}")
        self.device = device
        self.problem = problem
        self.remedy = remedy


class KeyStoreError(KumquatError):
    """The key store cannot be opened or does not hold what was asked for."""

    exit_code = 77


class JournalError(KumquatError):
    """Base of what can be wrong with a journal."""

    exit_code = 74


class JournalLocked(JournalError):
    """Another process appends to this journal; one writer at a time."""

    exit_code = 75


class JournalCorrupt(JournalError):
    """What is on disk contradicts its own checkpoint, or an export contradicts itself.

    ``index`` is the first entry known to be wrong, or None where the fault is not in an entry.
    """

    def __init__(self, problem: str, index: int | None = None) -> None:
        super().__init__(problem if index is None else f"entry {index}: {problem}")
        self.problem = problem
        self.index = index


class OutcomeUnknown(JournalError):
    """A commit failed or was cut: nobody knows what is durable until the journal is reopened."""


class HostUnreachable(KumquatError):
    """No usable answer from the host; everything is kept and will be sent again."""

    exit_code = 75


class HostRefused(KumquatError):
    """The host understood and said no; ``code`` is its machine-readable reason."""

    exit_code = 76

    def __init__(self, code: str, problem: str) -> None:
        super().__init__(f"{code}: {problem}")
        self.code = code
        self.problem = problem
