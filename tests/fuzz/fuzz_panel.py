"""Any bytes on the panel's line, at both ends: nothing raises, nothing opens, nothing lights up."""

from __future__ import annotations

from boards.pico_panel.firmware import lights
from boards.pico_panel.firmware.panel import Panel
from terminal.panel import wire
from terminal.panel.frame import FrameReader, encode_frame
from terminal.panel.messages import decode_report
from terminal.panel.session import PanelSession

SEEDS = (
    encode_frame(wire.pack(wire.HELLO, 0, 0, 0, 9, wire.payload(wire.HELLO, 1, 7, 1, 0, 0, 0, 3))),
    encode_frame(wire.pack(wire.WELCOME, 8, 0, 0, 0, wire.payload(wire.WELCOME, 1, 7))),
    encode_frame(wire.pack(wire.PULSE, 8, 1, 0, 0, wire.payload(wire.PULSE, 1, 500))),
    wire.payload(wire.STATUS, 1, 2, 3, 4),
)


def fuzz(data: bytes) -> None:
    half = len(data) // 2
    reader = FrameReader()
    assert reader.receive(data[:half]) + reader.receive(data[half:]) == FrameReader().receive(data)
    session = PanelSession(1, 0)
    session.receive(data, 10)
    panel = Panel(7, 0, True, 0)
    panel.receive(data, 10)
    panel.step(10, half & 0xFFFF, False, False, False)
    if not panel.linked:
        assert not panel.relay
        assert not panel.lit & lights.ACCEPTED
    if data:
        decode_report(data[0], data[1:])
