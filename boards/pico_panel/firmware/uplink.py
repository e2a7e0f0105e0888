"""The panel's end of the line to the terminal, docs/protocol/panel.md. Pure.

Nothing is obeyed but fresh frames of the one link that was welcomed: a frame echoes the panel's own
time stamp, and one whose echo is older than a second is dropped, so that no command can act late,
whatever held it up on its way.
"""

from terminal.panel import wire
from terminal.panel.frame import FrameReader, encode_frame
from terminal.panel.link import Link

FIRMWARE = (1, 0, 0)
MAX_COUNT = 0xFFFF


class Uplink:
    """Whether a terminal is there, and what it asks for."""

    def __init__(self, boot: int, reset_cause: int, features: int, now_ms: int) -> None:
        self.linked = False
        self.stale = 0
        self._boot = boot
        self._hello = wire.payload(
            wire.HELLO,
            wire.VERSION,
            boot,
            FIRMWARE[0],
            FIRMWARE[1],
            FIRMWARE[2],
            reset_cause,
            features,
        )
        self._reader = FrameReader()
        self._link = Link()
        self._number = 0
        self._heard_ms = now_ms
        self._speak_at_ms = now_ms
        self._out = bytearray()

    def receive(self, data: bytes, now_ms: int) -> list[tuple[int, bytes]]:
        """(kind, payload) of what to obey, in order; CALL and WELCOME mean: forget all before."""
        orders: list[tuple[int, bytes]] = []
        for body in self._reader.receive(data):
            message = wire.unpack(body)
            if message is not None:
                self._hear(message, now_ms, orders)
        return orders

    def report(self, kind: int, *values: int) -> bool:
        """Send this in its turn; False when there is no link or no room."""
        return self.linked and self._link.queue(kind, wire.payload(kind, *values))

    def queued(self) -> int:
        """How many reports wait."""
        return self._link.queued()

    def advance(self, now_ms: int, flags: int, light: int) -> bool:
        """Send what is due; True when the terminal was lost just now."""
        lost = self.linked and (
            now_ms - self._heard_ms >= wire.SILENCE_MS or self._link.exhausted(now_ms)
        )
        if lost:
            self._unlink(now_ms)
        if self.linked:
            due = self._link.due(now_ms)
            if due is not None:
                self._emit(due[1], now_ms, due[2], due[0])
            if now_ms >= self._speak_at_ms or self._link.ack_owed:
                self._speak_at_ms = now_ms + wire.HEARTBEAT_MS
                damaged = min(self._reader.damaged, MAX_COUNT)
                self._emit(
                    wire.STATUS,
                    now_ms,
                    wire.payload(wire.STATUS, flags, light, damaged, self.stale),
                    0,
                )
        elif now_ms >= self._speak_at_ms:
            self._speak_at_ms = now_ms + wire.HELLO_MS
            self._emit(wire.HELLO, now_ms, self._hello, 0)
        return lost

    def data_to_send(self) -> bytes:
        """The bytes to write now, each once."""
        data = bytes(self._out)
        self._out = bytearray()
        return data

    def _hear(
        self,
        message: tuple[int, int, int, int, int, bytes],
        now_ms: int,
        orders: list[tuple[int, bytes]],
    ) -> None:
        kind, number, seq, ack, stamp, payload = message
        if kind == wire.CALL:
            self._unlink(now_ms)
            orders.append((kind, payload))
        elif (now_ms - stamp) & wire.STAMP_MASK > wire.FRESH_MS:
            self.stale = min(self.stale + 1, MAX_COUNT)
        elif kind == wire.WELCOME:
            if wire.fields(kind, payload) == (wire.VERSION, self._boot) and number:
                self._welcome(number, now_ms, orders)
        elif self.linked and number == self._number:
            self._heard_ms = now_ms
            self._link.acknowledged(ack)
            if seq and self._link.take(seq):
                orders.append((kind, payload))

    def _welcome(self, number: int, now_ms: int, orders: list[tuple[int, bytes]]) -> None:
        if not self.linked or number != self._number:
            self.linked = True
            self._number = number
            self._link = Link()
            self._speak_at_ms = now_ms
            orders.append((wire.WELCOME, b""))
        self._heard_ms = now_ms

    def _unlink(self, now_ms: int) -> None:
        self.linked = False
        self._link = Link()
        self._speak_at_ms = now_ms

    def _emit(self, kind: int, now_ms: int, payload: bytes, seq: int) -> None:
        number = self._number if self.linked else 0
        stamp = now_ms & wire.STAMP_MASK
        self._out += encode_frame(wire.pack(kind, number, seq, self._link.heard, stamp, payload))
        self._link.ack_owed = False
