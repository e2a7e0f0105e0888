"""What a Kumquat card holds, as one file: key, coupon, balance, caps, PIN, its last answers.

The file is the card: it survives processes, and is replaced whole and durably (write, fsync,
rename, fsync the folder) before anything derived from it leaves the card. Version first; read
strictly. A simulated card's key lies open in its file, which is why the file is its owner's alone
(0600).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from terminal.crypto.keys import ALGORITHM_NAMES
from terminal.errors import DecodeError
from terminal.money import MAX_AMOUNT_MINOR
from terminal.nfc.application import MAX_PIN, MIN_PIN

FILE_VERSION: Final = 1
KEPT_ANSWERS: Final = 8
PIN_TRIES: Final = 3
MAX_FILE_SIZE: Final = 65_536


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One signed spend, kept so that the same request gets the same bytes."""

    request_digest: bytes
    from_minor: int
    amount_minor: int
    mode: int
    signature: bytes
    payee_card: bytes = b""
    ack: bytes = b""


@dataclass(frozen=True, slots=True)
class CardState:
    """Everything durable on a card. Caps of 0 mean none; they count spends without a PIN."""

    uid: bytes
    algorithm: str
    secret: bytes
    coupon: bytes = b""
    next_minor: int = 0
    pin: str = ""
    pin_tries: int = PIN_TRIES
    spend_cap_minor: int = 0
    total_cap_minor: int = 0
    count_cap: int = 0
    total_minor: int = 0
    count: int = 0
    answers: tuple[KeptAnswer, ...] = ()

    def answer_to(self, request_digest: bytes) -> KeptAnswer | None:
        """The answer already given to a request."""
        found = (kept for kept in self.answers if kept.request_digest == request_digest)
        return next(found, None)

    def with_answer(self, answer: KeptAnswer) -> CardState:
        """With one more answer, the oldest forgotten beyond ``KEPT_ANSWERS``."""
        return replace(self, answers=(*self.answers, answer)[-KEPT_ANSWERS:])


def encode_card(state: CardState) -> str:
    """The file's text."""
    plain = {"version": FILE_VERSION, **asdict(state)}
    return json.dumps(plain, default=_as_hex, indent=1) + "\n"


def _as_hex(value: object) -> str:
    assert isinstance(value, bytes)
    return value.hex()


def decode_card(text: str) -> CardState:
    """The card in a file's text.

    Raises:
        DecodeError: not JSON, another version, a field missing, unknown, or out of range.
    """
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        raise DecodeError("card", "not JSON") from None
    fields = _Fields(plain, "card")
    if fields.number("version", FILE_VERSION) != FILE_VERSION:
        raise DecodeError("card.version", "unknown")
    state = CardState(
        uid=fields.octets("uid", 10),
        algorithm=fields.text("algorithm"),
        secret=fields.octets("secret", 32),
        coupon=fields.octets("coupon", 160),
        next_minor=fields.number("next_minor"),
        pin=fields.text("pin"),
        pin_tries=fields.number("pin_tries", PIN_TRIES),
        spend_cap_minor=fields.number("spend_cap_minor"),
        total_cap_minor=fields.number("total_cap_minor"),
        count_cap=fields.number("count_cap"),
        total_minor=fields.number("total_minor"),
        count=fields.number("count"),
        answers=tuple(_answer(item) for item in fields.items("answers")),
    )
    fields.end()
    _check(state)
    return state


def _check(state: CardState) -> None:
    if len(state.uid) not in (4, 7, 10):
        raise DecodeError("card.uid", "not 4, 7 or 10 bytes")
    if state.algorithm not in ALGORITHM_NAMES:
        raise DecodeError("card.algorithm", f"not one of {', '.join(ALGORITHM_NAMES)}")
    if len(state.secret) != 32:
        raise DecodeError("card.secret", "not 32 bytes")
    digits = state.pin.isascii() and state.pin.isdigit() and MIN_PIN <= len(state.pin) <= MAX_PIN
    if state.pin and not digits:
        raise DecodeError("card.pin", f"not {MIN_PIN} to {MAX_PIN} digits")


def _answer(item: object) -> KeptAnswer:
    fields = _Fields(item, "card.answers")
    answer = KeptAnswer(
        request_digest=fields.octets("request_digest", 32),
        from_minor=fields.number("from_minor"),
        amount_minor=fields.number("amount_minor"),
        mode=fields.number("mode", 17),
        signature=fields.octets("signature", 64),
        payee_card=fields.octets("payee_card", 1024),
        ack=fields.octets("ack", 1024),
    )
    fields.end()
    return answer


class _Fields:
    """One JSON object, taken apart field by field; what is left over is unknown."""

    def __init__(self, plain: object, field: str) -> None:
        if not isinstance(plain, Mapping):
            raise DecodeError(field, "not an object")
        self._left = dict(plain)
        self._field = field

    def number(self, name: str, most: int = MAX_AMOUNT_MINOR) -> int:
        value = self._left.pop(name, None)
        if type(value) is not int or not 0 <= value <= most:
            raise DecodeError(f"{self._field}.{name}", f"not a whole number up to {most}")
        return value

    def text(self, name: str) -> str:
        value = self._left.pop(name, None)
        if not isinstance(value, str):
            raise DecodeError(f"{self._field}.{name}", "not text")
        return value

    def octets(self, name: str, most: int) -> bytes:
        try:
            value = bytes.fromhex(self.text(name))
        except ValueError:
            raise DecodeError(f"{self._field}.{name}", "not hexadecimal") from None
        if len(value) > most:
            raise DecodeError(f"{self._field}.{name}", f"more than {most} bytes")
        return value

    def items(self, name: str) -> list[object]:
        value = self._left.pop(name, None)
        if not isinstance(value, list) or len(value) > KEPT_ANSWERS:
            raise DecodeError(f"{self._field}.{name}", f"not a list of up to {KEPT_ANSWERS}")
        return value

    def end(self) -> None:
        if self._left:
            raise DecodeError(f"{self._field}.{min(self._left)}", "unknown")


class CardFile:
    """A card's durable memory."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> CardState:
        """The card as last stored.

        Raises:
            DecodeError: the file is too large or does not hold a card.
            OSError: it cannot be read.
        """
        data = self._path.read_bytes()
        if len(data) > MAX_FILE_SIZE:
            raise DecodeError("card", f"more than {MAX_FILE_SIZE} bytes")
        try:
            return decode_card(data.decode())
        except UnicodeDecodeError:
            raise DecodeError("card", "not UTF-8") from None

    def store(self, state: CardState) -> None:
        """Replace the file; durable when this returns."""
        fresh = self._path.with_name(self._path.name + ".new")
        with open(fresh, "w", opener=_private, encoding="utf-8") as file:
            file.write(encode_card(state))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
