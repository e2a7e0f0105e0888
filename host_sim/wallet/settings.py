"""What the host says to the wallet page: whose names to believe, and whether it is a simulation.

The page keeps the last settings it saw, so that they hold offline too. They come from the server
that the page itself comes from, which is trusted as much as its scripts are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from terminal.crypto.keys import parse_public_key
from terminal.errors import DecodeError


@dataclass(frozen=True, slots=True)
class WalletSettings:
    """The host's payee key (empty: no payee is known) and terminals' journal keys, by terminal.

    Raises:
        DecodeError: naming the key that is none.
    """

    simulated: bool = True
    payee_key: bytes = b""
    journal_keys: Mapping[int, bytes] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if self.payee_key:
            parse_public_key(self.payee_key, "payee key")
        for terminal, key in self.journal_keys.items():
            parse_public_key(key, f"journal key of terminal {terminal}")

    def as_json(self) -> dict[str, object]:
        """What ``/settings.json`` answers; keys in hex."""
        journals = {str(terminal): key.hex() for terminal, key in self.journal_keys.items()}
        return {
            "simulated": self.simulated,
            "payee_key": self.payee_key.hex() or None,
            "journal_keys": journals,
        }


def read_key(text: str, field_name: str) -> bytes:
    """A key written in hex; empty text is no key.

    Raises:
        DecodeError: not hex.
    """
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise DecodeError(field_name, "not hex") from None


def read_journal_keys(texts: Sequence[str]) -> Mapping[int, bytes]:
    """``TERMINAL=HEX``, any number of them.

    Raises:
        DecodeError: one is not of that form.
    """
    found: dict[int, bytes] = {}
    for text in texts:
        number, equals, key = text.partition("=")
        if not equals or not (number.isascii() and number.isdigit()):
            raise DecodeError("journal key", f"{text!r} is not TERMINAL=HEX")
        found[int(number)] = read_key(key, "journal key")
    return MappingProxyType(found)
