"""What every part of the host works with: its store, its keys, its name, the time, chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from host_sim.keys import HostKeys
from host_sim.store.port import Store
from terminal.ports import RandomBytes


@dataclass(frozen=True, slots=True)
class Office:
    """Given to each part; ``name`` is the host part of every origin, ``now`` gives Unix seconds."""

    store: Store
    keys: HostKeys
    name: str
    now: Callable[[], int]
    random_bytes: RandomBytes

    @property
    def mirror_name(self) -> str:
        """The cosigner's key name: the mirror of this host, never a witness's."""
        return f"{self.name}/mirror"

    def random_u32(self) -> int:
        """1 .. 2^32 - 1: an id to be claimed by insertion."""
        return int.from_bytes(self.random_bytes(4), "big") or 1
