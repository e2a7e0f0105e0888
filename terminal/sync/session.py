"""The dialogue that settles a journal with its host; pure, resumable at any reply.

Open with the last signed checkpoint, send every entry that has no verdict yet, ask for the mirror's
cosignature, take a newer policy, ask for the newest deny list's head. What arrives is verified
before it is recorded, and each verdict is recorded as it comes, so a dialogue cut anywhere is
simply begun again: nothing is sent twice but what was not answered, and sending it twice changes
nothing.

Invariants: one item the host cannot take never holds up another; a verdict or cosignature that does
not verify is counted and never recorded; a policy is installed only with a higher version, for this
terminal, under the root.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from terminal.crypto.keys import PublicKey
from terminal.crypto.notes import Verifier, decode_checkpoint, open_note, split_note
from terminal.errors import DecodeError, HostRefused, SignatureInvalid
from terminal.journal.entry import Entry
from terminal.payment.verdict import VerdictStatus, decode_verdict, verify_verdict
from terminal.ports import Signer
from terminal.sync import messages
from terminal.sync.deny_messages import DenyQuery, decode_deny_reply
from terminal.sync.exchange import (
    PATH_DENY,
    PATH_ENTRIES,
    PATH_MIRROR,
    PATH_OPEN,
    PATH_POLICY,
    Dialogue,
    HostReply,
    HostRequest,
    accepted,
)
from terminal.sync.host_time import verify_host_time
from terminal.sync.messages import LineState, MirrorOutcome, Upload
from terminal.sync.outbox import Outbox, PolicyDesk
from terminal.sync.sealing import seal

MAX_MIRROR_TRIES: Final = 3
"""Cosignature, once more after a missing leaf, once more after a different root."""
JUDGED_MARK: Final = "sync.judged"
"""Name of the small value: every entry below this index has its verdict."""
_NO_SUCH_PATH: Final = "no_such_path"
_ITEM_CODES: Final = frozenset({"malformed", "too_large", "internal"})
"""Refusals that may be one item's fault: the batch is then sent one by one."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the installed policy and enrolment say of the host."""

    verdict_key: PublicKey
    mirror: Verifier


@dataclass(frozen=True, slots=True)
class SyncOutcome:
    """What one dialogue achieved. ``host_time_unix_s`` is verified; floors may rise to it."""

    state: LineState
    host_time_unix_s: int
    sent_count: int
    judged_count: int
    cosigned_size: int
    """Everything below is cosigned by the mirror; 0 when this dialogue brought no cosignature."""
    installed_policy: int | None
    problems: tuple[str, ...]
    """One line for each thing that was skipped; the next dialogue tries them again."""
    host_time_evidence: bytes = b""
    """The dialogue's nonce, then the host-signed time: verifies under ``host_time``'s rules."""
    deny_head: bytes = b""
    """The newest deny list's head as the host sent it, nothing of it verified; empty for none."""

    @property
    def complete(self) -> bool:
        """Nothing was left over."""
        return self.state is LineState.CONSISTENT and not self.problems


class _Session:
    """One dialogue's state: what was sent, judged, and skipped."""

    def __init__(self, journal: Outbox, origin: str, signer: Signer, trust: Trust) -> None:
        self.journal = journal
        self.origin = origin
        self.signer = signer
        self.trust = trust
        self.sent: set[int] = set()
        self.judged = 0
        self.problems: list[str] = []

    def ask(self, path: str, payload: bytes) -> Generator[HostRequest, HostReply, bytes]:
        return accepted((yield seal(path, self.origin, payload, self.signer)))

    def upload(self, entries: Iterable[Entry]) -> Generator[HostRequest, HostReply, None]:
        for batch in batches(entries):
            try:
                yield from self._upload_batch(batch)
            except HostRefused as refusal:
                if refusal.code not in _ITEM_CODES:
                    raise
                yield from self._upload_singly(batch)

    def _upload_singly(self, batch: tuple[Entry, ...]) -> Generator[HostRequest, HostReply, None]:
        for entry in batch:
            try:
                yield from self._upload_batch((entry,))
            except HostRefused as refusal:
                if refusal.code not in _ITEM_CODES:
                    raise
                self.problems.append(f"entry {entry.index}: {refusal}")

    def _upload_batch(self, batch: tuple[Entry, ...]) -> Generator[HostRequest, HostReply, None]:
        request = messages.EntriesRequest(tuple(Upload(e.index, e.data) for e in batch))
        reply = messages.decode_entries_reply((yield from self.ask(PATH_ENTRIES, request.encode())))
        self.sent.update(entry.index for entry in batch)
        ours = {entry.index: entry.leaf() for entry in batch}
        verdicts: list[bytes] = []
        for item in reply.items:
            if ours.get(item.index) != item.leaf:
                self.problems.append(f"entry {item.index}: the host answered for another entry")
            elif item.verdict and self._verify(item):
                verdicts.append(item.verdict)
        self.journal.record_verdicts(verdicts)
        self.judged += len(verdicts)

    def _verify(self, item: messages.Judged) -> bool:
        try:
            verdict = verify_verdict(item.verdict, self.trust.verdict_key)
        except (DecodeError, SignatureInvalid) as error:
            self.problems.append(f"entry {item.index}: verdict: {error}")
            return False
        place = (verdict.index, verdict.leaf)
        here = f"/t/{verdict.terminal}/{verdict.epoch}"
        if place != (item.index, item.leaf) or not self.origin.endswith(here):
            self.problems.append(f"entry {item.index}: the verdict is about another entry")
            return False
        return True

    def cosign(self, note: bytes, size: int) -> Generator[HostRequest, HostReply, int]:
        payload = messages.MirrorRequest(note).encode()
        reply = None
        for _ in range(MAX_MIRROR_TRIES):
            reply = messages.decode_mirror_reply((yield from self.ask(PATH_MIRROR, payload)))
            if reply.outcome is MirrorOutcome.COSIGNED:
                return self._take_cosigned(reply.note, note, size)
            if reply.outcome in (MirrorOutcome.FORKED, MirrorOutcome.BEHIND):
                break
            yield from self.upload(_entries(self.journal, range(reply.from_index, size)))
        assert reply is not None
        self.problems.append(f"checkpoint {size}: not cosigned, {reply.outcome.name.lower()}")
        return 0

    def _take_cosigned(self, cosigned: bytes, note: bytes, size: int) -> int:
        try:
            opened = open_note(cosigned, (self.trust.mirror,))
        except (DecodeError, SignatureInvalid) as error:
            self.problems.append(f"checkpoint {size}: cosignature: {error}")
            return 0
        if opened.text != split_note(note)[0]:
            self.problems.append(f"checkpoint {size}: the host cosigned another checkpoint")
            return 0
        self.journal.record_cosigned(cosigned)
        return size


def sync_session(
    journal: Outbox,
    policies: PolicyDesk,
    *,
    origin: str,
    signer: Signer,
    trust: Trust,
    nonce: bytes,
) -> Dialogue[SyncOutcome]:
    """Bring the host up to date, and the terminal. ``nonce`` is 8 fresh random bytes.

    Raises:
        HostRefused: the host knows no such journal, or cannot work just now.
        DecodeError, SignatureInvalid: a reply is not what it must be.
    """
    session = _Session(journal, origin, signer, trust)
    note = journal.checkpoint() if journal.size else b""
    size = _size_of(note)
    request = messages.OpenRequest(note, nonce, policies.installed_version())
    opened = messages.decode_open_reply((yield from session.ask(PATH_OPEN, request.encode())))
    now_unix_s = verify_host_time(opened.time, trust.verdict_key, origin, nonce)

    yield from session.upload(_entries(journal, unjudged(journal, size)))
    cosigned_size = 0
    if opened.state is LineState.CONSISTENT and size:
        cosigned_size = yield from session.cosign(note, size)
    installed = None
    if opened.policy_version > policies.installed_version():
        installed = yield from _fetch_policy(session, policies, now_unix_s)
    deny_head = yield from _ask_deny_head(session)
    journal.record_contact(now_unix_s)
    return SyncOutcome(
        opened.state,
        now_unix_s,
        len(session.sent),
        session.judged,
        cosigned_size,
        installed,
        tuple(session.problems),
        nonce + opened.time,
        deny_head,
    )


def _size_of(note: bytes) -> int:
    return decode_checkpoint(split_note(note)[0]).size if note else 0


def unjudged(journal: Outbox, size: int) -> tuple[int, ...]:
    """Indexes below ``size`` without a final verdict; moves the mark that keeps this short.

    A dispute is not final: asking again is how the terminal learns what a person decided.
    """
    mark = min(int.from_bytes(journal.kept(JUDGED_MARK) or b"", "big"), size)
    found = map(decode_verdict, journal.verdicts(mark, size))
    judged = {one.index for one in found if one.status is not VerdictStatus.DISPUTED}
    missing = tuple(index for index in range(mark, size) if index not in judged)
    first = missing[0] if missing else size
    if first > mark:
        journal.keep(JUDGED_MARK, first.to_bytes(8, "big"))
    return missing


def _entries(journal: Outbox, indexes: Iterable[int]) -> Iterator[Entry]:
    for index in indexes:
        yield from journal.entries(index, index + 1)


def _fetch_policy(
    session: _Session, policies: PolicyDesk, now_unix_s: int
) -> Generator[HostRequest, HostReply, int | None]:
    request = messages.PolicyRequest(policies.installed_version())
    reply = messages.decode_policy_reply((yield from session.ask(PATH_POLICY, request.encode())))
    try:
        return policies.install(reply.policy, now_unix_s)
    except (DecodeError, SignatureInvalid) as error:
        session.problems.append(f"policy: {error}")
        return None


def _ask_deny_head(session: _Session) -> Generator[HostRequest, HostReply, bytes]:
    """Last, since nothing waits for it; a host that knows no such question has no list."""
    try:
        reply = yield from session.ask(PATH_DENY, DenyQuery().encode())
        return decode_deny_reply(reply).head
    except HostRefused as refusal:
        if refusal.code != _NO_SUCH_PATH:
            session.problems.append(f"deny list: {refusal}")
    except DecodeError as error:
        session.problems.append(f"deny list: {error}")
    return b""


def batches(entries: Iterable[Entry]) -> Iterator[tuple[Entry, ...]]:
    """Uploads of at most MAX_ENTRIES entries and MAX_UPLOAD_BYTES bytes, in the order given."""
    batch: list[Entry] = []
    batch_bytes = 0
    for entry in entries:
        full = len(batch) == messages.MAX_ENTRIES
        if batch and (full or batch_bytes + len(entry.data) > messages.MAX_UPLOAD_BYTES):
            yield tuple(batch)
            batch, batch_bytes = [], 0
        batch.append(entry)
        batch_bytes += len(entry.data)
    if batch:
        yield tuple(batch)
