"""The text form of our bytes, for QR codes and for scanners that type like a keyboard.

Wire form: three letters, then base32 (RFC 4648, section 6, upper case, no padding): every character
is in a QR code's alphanumeric set and types the same on any keyboard layout that has A to Z and 2
to 7. ``KQR`` what the kiosk asks (request and payee card), ``KQP`` a presentation, ``KQA`` an ack.
"""

from __future__ import annotations

import base64
import re
from typing import Final

from terminal.crypto import cbor
from terminal.errors import DecodeError
from terminal.payment import request as requests

ASK: Final = "KQR"
PRESENTATION: Final = "KQP"
ACK: Final = "KQA"
KINDS: Final = (ASK, PRESENTATION, ACK)
MAX_BYTES: Final = 400
MAX_PAYEE_CARD: Final = 200
_BASE32: Final = re.compile(r"[A-Z2-7]*", re.ASCII)
_MAX_LINE: Final = 3 + (MAX_BYTES * 8 + 4) // 5


def to_text(kind: str, data: bytes) -> str:
    """``data`` (at most 400 bytes) as text of one of ``KINDS``."""
    if kind not in KINDS or len(data) > MAX_BYTES:
        raise ValueError("no such kind of text, or too long for one")
    return kind + base64.b32encode(data).decode().rstrip("=")


def from_text(line: str) -> tuple[str, bytes]:
    """Kind and bytes of a scanned line; a line ending around it is forgiven, nothing else is.

    Raises:
        DecodeError: not our text, or not the one spelling of its bytes.
    """
    text = line.strip("\r\n\t ")
    kind, body = text[:3], text[3:]
    if kind not in KINDS:
        raise DecodeError("text.kind", "does not begin with KQR, KQP or KQA")
    if len(text) > _MAX_LINE:
        raise DecodeError("text", f"longer than {_MAX_LINE} characters")
    if not _BASE32.fullmatch(body) or len(body) % 8 in (1, 3, 6):
        raise DecodeError("text.body", "not base32 in upper case without padding")
    data = base64.b32decode(body + "=" * (-len(body) % 8))
    if to_text(kind, data) != text:
        raise DecodeError("text.body", "not the one spelling of its bytes")
    return kind, data


def ask_bytes(request: bytes, payee_card: bytes | None = None) -> bytes:
    """What a QR code of kind ``KQR`` carries: a request, and a payee card where there is one."""
    return cbor.encode((request, payee_card or b""))


def decode_ask(data: bytes) -> tuple[bytes, bytes | None]:
    """Request bytes and payee card bytes (None: there is none); neither is decoded further.

    Raises:
        DecodeError: naming the field that is wrong.
    """
    request, card = cbor.expect_array(cbor.decode(data, "ask", MAX_BYTES), "ask", 2)
    return (
        cbor.expect_bytes(request, "ask.request", max_size=requests.MAX_SIZE),
        cbor.expect_bytes(card, "ask.payee_card", max_size=MAX_PAYEE_CARD) or None,
    )
