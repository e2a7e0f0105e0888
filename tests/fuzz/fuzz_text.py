"""Lines from a scanner, and the ask inside the kiosk's QR code."""

from __future__ import annotations

from terminal.errors import DecodeError
from terminal.payment.text import ASK, PRESENTATION, ask_bytes, decode_ask, from_text, to_text

SEEDS = (
    to_text(ASK, ask_bytes(b"\x83\x02\x01\x18\x9c", b"card")).encode(),
    to_text(PRESENTATION, bytes(range(81))).encode(),
    ask_bytes(b"\x83\x02\x01\x18\x9c"),
)


def fuzz(data: bytes) -> None:
    try:
        request, card = decode_ask(data)
        assert ask_bytes(request, card) == data
    except DecodeError:
        pass
    line = data.decode("latin-1")
    kind, content = from_text(line)
    assert to_text(kind, content) == line.strip("\r\n\t ")
