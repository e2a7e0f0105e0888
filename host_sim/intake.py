"""Intake: takes journals into custody entry by entry, and cosigns what it holds whole.

The mirror's rule (c2sp.org/tlog-mirror): a checkpoint is cosigned only when every leaf below it is
durably held here and the root was recomputed from them; refused items count, as the bytes they are.
Custody is idempotent on (origin, index, leaf hash). Every item gets its own answer, so none holds
up another. Below the mirrored size the line of a journal is frozen; above it the last
upload stands, and whatever it displaces stays as a leaf.
"""

from __future__ import annotations

from dataclasses import replace

from host_sim import ledger
from host_sim.model import Evidence, EvidenceKind, JournalLine, Leaf
from host_sim.office import Office
from host_sim.payments import Payments, Place
from host_sim.refusal import Refusal
from host_sim.review import answered_with
from host_sim.store.port import Unit
from terminal.crypto.keys import parse_public_key
from terminal.crypto.merkle import Frontier, decode_frontier, leaf_hash
from terminal.crypto.notes import Checkpoint, cosign, open_note, verifier
from terminal.sync import messages
from terminal.sync.exchange import PATH_ENTRIES, PATH_MIRROR, PATH_OPEN, PATH_POLICY
from terminal.sync.host_time import sign_host_time
from terminal.sync.messages import LineState, MirrorOutcome
from terminal.sync.origin import Origin, parse_origin
from terminal.sync.sealing import unseal

_EMPTY_NOTE = b""


class Intake:
    """The four sync paths of a journal: bodies in, bodies out."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def open(self, body: bytes) -> bytes:
        """PATH_OPEN: how the terminal's checkpoint stands to what is mirrored, and the time."""
        origin, payload = self._unseal(body, PATH_OPEN)
        request = messages.decode_open_request(payload)
        with self._office.store.unit() as unit:
            line = _journal(unit, origin)
            terminal = unit.registry.terminal(origin.terminal)
            assert terminal is not None, "its journal refers to it"
            state = self._line_state(unit, line, request.note, origin)
            reply = messages.OpenReply(
                state,
                line.size,
                sign_host_time(
                    self._office.now(), str(origin), request.nonce, self._office.keys.verdict
                ),
                terminal.policy_version,
            )
        return reply.encode()

    def entries(self, body: bytes) -> bytes:
        """PATH_ENTRIES: each item into custody, judged and answered for itself."""
        origin, payload = self._unseal(body, PATH_ENTRIES)
        request = messages.decode_entries_request(payload)
        with self._office.store.unit() as unit:
            judged = [self._take(unit, origin, item) for item in request.items]
        return messages.EntriesReply(tuple(judged)).encode()

    def mirror(self, body: bytes) -> bytes:
        """PATH_MIRROR: the cosigned checkpoint, or what is missing for it."""
        origin, payload = self._unseal(body, PATH_MIRROR)
        note = messages.decode_mirror_request(payload).note
        with self._office.store.unit() as unit:
            line = _journal(unit, origin)
            return self._cosign(unit, line, self._checkpoint(note, line, origin), note).encode()

    def policy(self, body: bytes) -> bytes:
        """PATH_POLICY: the terminal's newest policy."""
        origin, payload = self._unseal(body, PATH_POLICY)
        messages.decode_policy_request(payload)
        with self._office.store.unit() as unit:
            terminal = unit.registry.terminal(origin.terminal)
            assert terminal is not None, "its journal refers to it"
            policy = unit.registry.policy(terminal.terminal, terminal.policy_version)
        if policy is None:
            raise Refusal(404, "no_policy", "no policy was published for this terminal")
        return messages.PolicyReply(policy).encode()

    def _unseal(self, body: bytes, path: str) -> tuple[Origin, bytes]:
        return unsealed(self._office, body, path)

    def _checkpoint(self, note: bytes, line: JournalLine, origin: Origin) -> Checkpoint:
        if note == _EMPTY_NOTE:
            return Checkpoint(str(origin), 0, Frontier().root())
        known = verifier(str(origin), line.key)
        checkpoint = open_note(note, (known,)).checkpoint
        if checkpoint.origin != str(origin):
            raise Refusal(409, "wrong_origin", "the checkpoint is another journal's")
        return checkpoint

    def _line_state(self, unit: Unit, line: JournalLine, note: bytes, origin: Origin) -> LineState:
        checkpoint = self._checkpoint(note, line, origin)
        if checkpoint.size > line.size:
            return LineState.CONSISTENT
        if checkpoint.root != self._root(unit, line, checkpoint.size):
            self._note_contradiction(unit, line, note, checkpoint)
            return LineState.FORKED
        return LineState.ROLLED_BACK if checkpoint.size < line.size else LineState.CONSISTENT

    def _root(self, unit: Unit, line: JournalLine, size: int) -> bytes:
        """The root of the mirrored line at ``size`` leaves, at most the mirrored size."""
        if size == line.size:
            return decode_frontier(line.frontier).root()
        leaves = unit.custody.line(line.terminal, line.epoch, 0, size)
        return Frontier().extend(leaves).root()

    def _note_contradiction(
        self, unit: Unit, line: JournalLine, note: bytes, checkpoint: Checkpoint
    ) -> None:
        """Two histories under one journal key. A smaller checkpoint alone proves nothing: an old
        request may have been repeated on the way."""
        kind = EvidenceKind.FORK_CHECKPOINT
        place = (line.terminal, line.epoch, checkpoint.size)
        unit.custody.note_evidence(
            Evidence(
                ledger.cause_id(kind.value, *place, checkpoint.root),
                kind,
                f"terminal:{line.terminal}",
                *place,
                0,
                line.note,
                note,
                self._office.now(),
            )
        )
        unit.custody.put_journal(replace(line, forked=True))

    def _take(self, unit: Unit, origin: Origin, item: messages.Upload) -> messages.Judged:
        """One item: custody, verdict and money become durable together."""
        leaf = leaf_hash(item.data)
        line = _journal(unit, origin)
        held = unit.custody.leaf(origin.terminal, origin.epoch, item.index, leaf)
        stands = unit.custody.on_line(origin.terminal, origin.epoch, item.index)
        forked = stands is not None and stands != leaf
        if forked:
            line = self._note_fork(unit, line, item, stands or b"")
        if held is None or not held.verdict:
            place = Place(origin.terminal, origin.epoch, item.index, leaf, forked, line.forked)
            answered = self._judge(unit, item, place)
            if held is None:
                unit.custody.add_leaf(answered)
            else:
                unit.custody.answer(answered)
            held = answered
        if item.index >= line.size:  # below, the line is frozen
            unit.custody.put_on_line(line.terminal, line.epoch, item.index, leaf)
        return messages.Judged(item.index, leaf, held.verdict)

    def _judge(self, unit: Unit, item: messages.Upload, place: Place) -> Leaf:
        finding = Payments(self._office, unit).settle(item.data, place)
        now_unix_s = self._office.now()
        unanswered = Leaf(
            place.terminal, place.epoch, place.index, place.leaf, item.data, now_unix_s, 0, 0, b""
        )
        return unanswered if finding is None else answered_with(self._office, unanswered, finding)

    def _note_fork(
        self, unit: Unit, line: JournalLine, item: messages.Upload, stands: bytes
    ) -> JournalLine:
        """Two sealed entries for one index: two histories under one journal key."""
        first = unit.custody.leaf(line.terminal, line.epoch, item.index, stands)
        unit.custody.note_evidence(
            Evidence(
                ledger.cause_id("fork", line.terminal, line.epoch, item.index, item.data),
                EvidenceKind.FORK_LEAF,
                f"terminal:{line.terminal}",
                line.terminal,
                line.epoch,
                item.index,
                0,
                first.data if first else b"",
                item.data,
                self._office.now(),
            )
        )
        forked = replace(line, forked=True)
        unit.custody.put_journal(forked)
        return forked

    def _cosign(
        self, unit: Unit, line: JournalLine, checkpoint: Checkpoint, note: bytes
    ) -> messages.MirrorReply:
        if checkpoint.size <= line.size:
            return self._cosign_again(unit, line, checkpoint, note)
        leaves = unit.custody.line(line.terminal, line.epoch, line.size, checkpoint.size)
        if line.size + len(leaves) < checkpoint.size:
            missing = line.size + len(leaves)
            return messages.MirrorReply(MirrorOutcome.INCOMPLETE, missing, b"")
        frontier = decode_frontier(line.frontier).extend(leaves)
        if frontier.root() != checkpoint.root:
            unit.custody.clear_line(line.terminal, line.epoch, line.size)
            return messages.MirrorReply(MirrorOutcome.DIFFERENT, line.size, b"")
        cosigned = self._cosigned(note)
        unit.custody.put_journal(
            replace(line, size=checkpoint.size, frontier=frontier.encode(), note=cosigned)
        )
        return messages.MirrorReply(MirrorOutcome.COSIGNED, checkpoint.size, cosigned)

    def _cosign_again(
        self, unit: Unit, line: JournalLine, checkpoint: Checkpoint, note: bytes
    ) -> messages.MirrorReply:
        """At or below what is mirrored: its reply was lost, or it comes from an old image.

        A cosignature says that this is the largest tree seen (c2sp.org/tlog-cosignature), so a
        smaller one is never cosigned after a larger.
        """
        if checkpoint.root != self._root(unit, line, checkpoint.size):
            self._note_contradiction(unit, line, note, checkpoint)
            return messages.MirrorReply(MirrorOutcome.FORKED, line.size, b"")
        if checkpoint.size < line.size or not line.note:
            return messages.MirrorReply(MirrorOutcome.BEHIND, line.size, b"")
        return messages.MirrorReply(MirrorOutcome.COSIGNED, line.size, line.note)

    def _cosigned(self, note: bytes) -> bytes:
        office = self._office
        return cosign(note, office.mirror_name, office.keys.mirror, office.now())


def unsealed(office: Office, body: bytes, path: str) -> tuple[Origin, bytes]:
    """Whose request it is, and what it says.

    Raises:
        DecodeError, SignatureInvalid, Refusal: it is no enrolled journal's.
    """
    sealed = messages.decode_sealed(body)
    origin = parse_origin(sealed.origin)
    if origin.host != office.name:
        raise Refusal(404, "unknown_journal", "another host's journal")
    with office.store.unit() as unit:
        line = _journal(unit, origin)
    return origin, unseal(sealed, path, parse_public_key(line.key, "journal.key"))


def _journal(unit: Unit, origin: Origin) -> JournalLine:
    line = unit.custody.journal(origin.terminal, origin.epoch)
    if line is None:
        raise Refusal(404, "unknown_journal", f"{origin} was never enrolled here")
    return line
