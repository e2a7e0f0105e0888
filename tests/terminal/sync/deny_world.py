"""A terminal that follows its host's long deny list through a door, and doors that damage it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from host_sim import deny_publisher
from terminal.errors import HostUnreachable
from terminal.journal.deny_intake import DenyIntake
from terminal.journal.deny_store import DenyStore
from terminal.payment.deny_head import DenyHead
from terminal.sync.deny_session import DenyOutcome, deny_session
from terminal.sync.exchange import PATH_DENY_PIECE, HostReply, HostRequest, Send, run
from tests.host_sim.rigs import TerminalRig, World
from tests.terminal.journal.deny_rig import subject


@dataclass
class Follower:
    """One terminal's deny list and how it fetches; every call is a new process's."""

    world: World
    rig: TerminalRig
    folder: Path

    @classmethod
    def of(cls, world: World) -> Follower:
        return cls(world, world.terminal(), world.folder / "deny-list")

    def publish(self, numbers: Iterable[int]) -> DenyHead:
        """The host lists exactly these."""
        archive = self.world.host.deny_archive
        assert archive is not None
        return archive.publish(deny_publisher.sorted_subjects(map(subject, numbers)))[0]

    def offer(self) -> bytes:
        """The head that the usual dialogue brings."""
        return self.rig.sync(self.world.door.send).deny_head

    def fetch(self, send: Send | None = None, head: bytes | None = None) -> DenyOutcome:
        """Follow the host's newest head, or ``head``."""
        root_key = self.rig.enrolled.root_key
        dialogue = deny_session(
            DenyIntake(self.folder, root_key),
            self.offer() if head is None else head,
            root_key,
            origin=str(self.rig.enrolled.origin),
            signer=self.rig.keys.journal(self.rig.epoch),
        )
        return run(dialogue, send or self.world.door.send)

    def listed(self, numbers: Iterable[int]) -> set[int]:
        """Which of these a process that starts now refuses."""
        store = DenyStore(self.folder, self.rig.enrolled.root_key)
        view = store.refresh()
        assert store.problem is None
        return {one for one in numbers if view is not None and subject(one) in view}

    @property
    def version(self) -> int:
        head = DenyIntake(self.folder, self.rig.enrolled.root_key).in_force()
        return 0 if head is None else head.version


Damage = Callable[[HostReply, random.Random], HostReply]


def truncated(reply: HostReply, chance: random.Random) -> HostReply:
    return HostReply(reply.status, reply.body[: chance.randrange(len(reply.body))])


def flipped(reply: HostReply, chance: random.Random) -> HostReply:
    body = bytearray(reply.body)
    body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return HostReply(reply.status, bytes(body))


def lost(_reply: HostReply, _chance: random.Random) -> HostReply:
    raise HostUnreachable("the reply was lost")


@dataclass
class FaultyLink:
    """A door whose replies are damaged in ``share`` of the cases; ``old`` ones come again."""

    send_on: Send
    damage: Damage | None
    chance: random.Random
    share: float = 0.3
    pieces: int = 0
    sent: list[HostReply] = field(default_factory=list)

    def send(self, request: HostRequest) -> HostReply:
        reply = self.send_on(request)
        if request.path != PATH_DENY_PIECE:
            return reply
        self.pieces += 1
        before = self.sent[:]
        self.sent.append(reply)
        if self.chance.random() >= self.share:
            return reply
        if self.damage is None:  # doubled and out of order: an earlier reply comes once more
            return self.chance.choice(before) if before else reply
        return self.damage(reply, self.chance)
