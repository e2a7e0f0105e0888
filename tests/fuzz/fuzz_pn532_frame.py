"""What a PN53x says: frames off the line in any pieces, and the list of cards inside."""

from __future__ import annotations

from host_sim.world.pn532_frame import ACK, FrameStream, Information, encode_information
from terminal.nfc.reader import decode_targets

TARGET = bytes.fromhex("01 01 0004 20 04 08112233")
SEEDS = (
    ACK + encode_information(0xD5, b"\x4b" + TARGET),
    encode_information(0xD4, bytes(262)),
    TARGET,
)


def fuzz(data: bytes) -> None:
    whole = FrameStream().feed(data)
    pieces = FrameStream()
    assert whole == tuple(frame for byte in data for frame in pieces.feed(bytes((byte,))))
    for frame in whole:
        if isinstance(frame, Information):
            again = encode_information(frame.identifier, frame.data)
            assert FrameStream().feed(again) == (frame,)
    decode_targets(data)
