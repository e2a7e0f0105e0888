"""The answer to select: any bytes give sane sizes and times, or a DecodeError."""

from __future__ import annotations

from terminal.nfc.ats import decode_ats

SEEDS = (bytes.fromhex("0578807002"), bytes.fromhex("067577810280"), b"\x01", b"\x02\x00")


def fuzz(data: bytes) -> None:
    ats = decode_ats(data)
    assert 16 <= ats.frame_size <= 256
    assert 302 <= ats.frame_waiting_us <= 4_949_033
    assert data.endswith(ats.historical)
