"""A host that publishes deny lists for tests, and a terminal's directory to install them in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from host_sim import deny_publisher
from terminal.crypto.keys import parse_public_key, private_signer
from terminal.journal.deny_store import DenyStore
from terminal.payment.deny_head import Changes, DenyHead, encode_delta, sign_head

ROOT = private_signer("Ed25519", b"deny root".ljust(32, b"\0"))
ROOT_KEY = parse_public_key(ROOT.public_key, "root")
STRANGER = private_signer("Ed25519", b"stranger".ljust(32, b"\0"))


def subject(number: int) -> bytes:
    """Eight bytes that look like a hash, always the same for a number."""
    return hashlib.sha256(number.to_bytes(8, "big")).digest()[:8]


def subjects(*numbers: int) -> frozenset[bytes]:
    return frozenset(map(subject, numbers))


UNIVERSE = subjects(*range(60))
"""What tests ask for: some listed, some not."""


class Publisher:
    """Publishes version after version; keeps what each contained."""

    def __init__(self, folder: Path, first: Iterable[bytes], version: int = 1) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.version = version
        self.content = {version: frozenset(first)}
        self.deltas: dict[int, bytes] = {}
        deny_publisher.build(
            self.base(version), deny_publisher.sorted_subjects(self.listed), version, ROOT
        )

    @property
    def listed(self) -> frozenset[bytes]:
        """What the newest version lists."""
        return self.content[self.version]

    def base(self, version: int) -> Path:
        """The base file of a version."""
        return self.folder / f"{version}.base"

    def publish(self, added: Iterable[bytes] = (), removed: Iterable[bytes] = ()) -> bytes:
        """The next version; its delta."""
        wanted = (self.listed | frozenset(added)) - frozenset(removed)
        old = deny_publisher.open_published(self.base(self.version), ROOT_KEY)
        path = self.folder / "delta"
        values = deny_publisher.sorted_subjects(wanted)
        self.version += 1
        deny_publisher.publish_changes(old, self.base(self.version), path, values, ROOT)
        self.content[self.version] = wanted
        self.deltas[self.version] = path.read_bytes()
        return self.deltas[self.version]


def store(folder: Path) -> DenyStore:
    """A terminal's store, as a process that starts now has it."""
    return DenyStore(folder, ROOT_KEY)


def listed_by(container: DenyStore, universe: Iterable[bytes]) -> frozenset[bytes]:
    """Which of these subjects are on the list in force."""
    assert container.view is not None
    return frozenset(one for one in universe if one in container.view)


def lying_delta(head: DenyHead, changes: Changes) -> bytes:
    """A delta with the root's signature over whatever a test wants it to say."""
    return encode_delta(sign_head(head, ROOT), changes.encode())


def changed(host: Publisher, folder: Path, times: int = 3) -> DenyStore:
    """Version 1 installed, and so many changes after it."""
    made = store(folder)
    made.install(host.base(1))
    for number in range(times):
        made.apply(host.publish(subjects(20 + number, 40 + number), subjects(number)))
    return made


def store_after(folder: Path) -> DenyStore:
    """A new process's store."""
    made = store(folder)
    made.refresh()
    return made
