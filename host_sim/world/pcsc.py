"""A PC/SC service in memory: readers plugged and unplugged, cards placed, faults planned.

It behaves as pcsc-lite 1.9 was seen to (``pcsc_daemon`` starts the real one), for tests in little
time and for what vpcd cannot play: a reader unplugged, a service that refuses a user.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from host_sim.world.isodep_card import CardApplication
from host_sim.world.vpcd_card import GET_IDENTIFIER, ISO_DEP_ATR
from terminal.devices.pcsc_service import Code, PcscFault, SlotStatus


@dataclass
class PcscCard:
    """A card and its answer to reset; an empty ``uid``: the reader does not tell it."""

    application: CardApplication
    uid: bytes
    atr: bytes = ISO_DEP_ATR


@dataclass
class PcscWorld:
    """What every client of the service meets. ``faults`` strike the next calls, by method name."""

    slots: dict[str, PcscCard | None] = field(default_factory=lambda: {"Reader 00 00": None})
    running: bool = True
    faults: dict[str, list[int]] = field(default_factory=dict)
    stuck: threading.Event | None = None
    """While this event is there and not set, no command comes back."""
    changes: int = 0
    calls: list[str] = field(default_factory=list)
    clients: int = 0

    def place(self, card: PcscCard, reader: str = "Reader 00 00") -> None:
        """Lay a card on a reader."""
        self.slots[reader] = card
        self.changes += 1

    def remove(self, reader: str = "Reader 00 00") -> None:
        """Take it away."""
        self.slots[reader] = None
        self.changes += 1

    def client(self) -> PcscClient:
        """A client of the service.

        Raises:
            PcscFault: it does not run.
        """
        return PcscClient(self)


class PcscClient:
    """``PcscService`` over a ``PcscWorld``."""

    def __init__(self, world: PcscWorld) -> None:
        self._world = world
        self._card: PcscCard | None = None
        self._begin("establish")
        world.clients += 1

    def readers(self) -> tuple[str, ...]:
        self._begin("readers")
        if not self._world.slots:
            raise PcscFault(Code.NO_READERS)
        return tuple(self._world.slots)

    def status(self, reader: str) -> SlotStatus:
        self._begin("status")
        card = self._slot(reader)
        return SlotStatus(True, card is not None, self._world.changes, card.atr if card else b"")

    def connect(self, reader: str) -> None:
        self._begin("connect")
        card = self._slot(reader)
        if card is None:
            raise PcscFault(Code.NO_SMARTCARD)
        self._card = card

    def transmit(self, command_apdu: bytes) -> bytes:
        self._begin("transmit")
        if self._world.stuck is not None:
            self._world.stuck.wait()
        card = self._card
        if card is None or card not in self._world.slots.values():
            raise PcscFault(Code.REMOVED_CARD)
        if command_apdu == GET_IDENTIFIER:
            return card.uid + b"\x90\x00" if card.uid else b"\x6a\x81"
        return card.application.process(command_apdu)

    def disconnect(self, *, reset: bool) -> None:
        self._begin("reset" if reset else "leave")
        card, self._card = self._card, None
        if card is not None and reset:
            card.application.power_off()

    def close(self) -> None:
        self._world.clients -= 1
        if self._card is not None:
            self._card.application.power_off()
        self._begin("close")

    def _slot(self, reader: str) -> PcscCard | None:
        if reader not in self._world.slots:
            raise PcscFault(Code.UNKNOWN_READER)
        return self._world.slots[reader]

    def _begin(self, name: str) -> None:
        self._world.calls.append(name)
        if not self._world.running:
            raise PcscFault(Code.NO_SERVICE)
        if self._world.faults.get(name):
            raise PcscFault(self._world.faults[name].pop(0))
