"""Check an exported journal with public keys only, and name the first entry that is wrong.

The last checkpoint's signature covers every entry. Where it does not verify, the signature that
each entry carries over its own checkpoint finds the first entry that was altered: once an entry
differs, no later checkpoint verifies. The end line's digest finds what no signature covers. Nothing
in the file vouches for itself: keys come from the caller, or by certificates and policies from a
host root that the caller has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from terminal.crypto import notes
from terminal.crypto.keys import PublicKey
from terminal.crypto.merkle import Frontier, leaf_hash
from terminal.errors import DecodeError, JournalCorrupt, JournalError, SignatureInvalid
from terminal.journal.entry import Entry, decode_entry
from terminal.journal.evidence import Evidence
from terminal.journal.export import issuer_keys
from terminal.journal.export_file import Export, ExportMalformed, decode_export
from terminal.payment.keycert import KeyRole, decode_keycert, verify_keycert
from terminal.payment.policy import HostKeys, decode_policy
from terminal.payment.verdict import verify_verdict

PROGRESS_EVERY: Final = 500


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """What the caller believes before reading the file; at least one of the two."""

    journal: PublicKey | None = None
    """The journal key itself: enough for the log, the spends and the sums."""
    host_root: PublicKey | None = None
    """Signs the terminal's device key, which signs its journal key, and the policies, which name
    issuers, verdict key and mirror: enough for everything."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found good. What was not checked for want of a key is counted, not hidden."""

    origin: str
    journal_key: bytes
    entries: int
    root: bytes
    accepted_count: int
    accepted_minor: int
    returned_minor: int
    coupons_unchecked: int
    clonable_count: int
    """Accepted sales that no holder signed for: bearer coupons and cards' numbers."""
    verdicts: int
    verdicts_unchecked: int
    cosigned_size: int
    """Entries under a mirror's cosignature that was verified."""
    cosigned_unchecked: bool


def verify_export(
    path: Path, keys: TrustedKeys, progress: Callable[[int, int], None] | None = None
) -> Report:
    """Check the file; ``progress`` is told entries done and entries in all.

    Raises:
        JournalCorrupt: with the first wrong entry's index, where it is an entry that is wrong.
        JournalError: the file cannot be read, or no key was given to begin from.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}") from error
    try:
        export = decode_export(data)
    except ExportMalformed as error:
        problem = error.problem if error.index is not None else str(error)
        raise JournalCorrupt(problem, error.index) from error
    return check_export(export, keys, progress)


def check_export(
    export: Export, keys: TrustedKeys, progress: Callable[[int, int], None] | None = None
) -> Report:
    """As ``verify_export``, of a file that was read."""
    journal_key = _journal_key(export, keys)
    entries = _check_log(export, journal_key)
    try:
        policies = [decode_policy(one, keys.host_root) for one in export.policies if keys.host_root]
        issuers = issuer_keys(policies)
    except (DecodeError, SignatureInvalid) as error:
        raise JournalCorrupt(f"its policies: {error}") from error
    evidence = _check_evidence(export, entries, Evidence(issuers), progress)
    host = policies[-1].host if policies else None
    verdicts = 0 if host is None else _check_verdicts(export, entries, host.verdict)
    cosigned_size = 0 if host is None else _check_cosigned(export, entries, host)
    if not export.intact:
        raise _damage(export, entries, journal_key)
    return Report(
        origin=export.origin,
        journal_key=export.public_key,
        entries=len(entries),
        root=_frontier(entries, len(entries)).root(),
        accepted_count=evidence.accepted_count,
        accepted_minor=evidence.accepted_minor,
        returned_minor=evidence.returned_minor,
        coupons_unchecked=evidence.coupons_unchecked,
        clonable_count=evidence.clonable_count,
        verdicts=verdicts,
        verdicts_unchecked=len(export.verdicts) - verdicts,
        cosigned_size=cosigned_size,
        cosigned_unchecked=export.cosigned is not None and host is None,
    )


def _journal_key(export: Export, keys: TrustedKeys) -> PublicKey:
    """The journal key that the caller's keys lead to; the file must be by that one."""
    try:
        key = keys.journal or _certified_key(export, keys.host_root)
    except (DecodeError, SignatureInvalid) as error:
        raise JournalCorrupt(f"its key certificates: {error}") from error
    if key.data != export.public_key:
        raise JournalCorrupt("the file is another journal key's")
    return key


def _certified_key(export: Export, host_root: PublicKey | None) -> PublicKey:
    if host_root is None:
        raise JournalError("give the journal's public key or the host's root key to check with")
    by_role = {decode_keycert(one).role: one for one in export.certificates}
    if not {KeyRole.DEVICE, KeyRole.JOURNAL} <= by_role.keys():
        raise DecodeError("certificates", "no chain from the host's root to the journal key")
    device = verify_keycert(by_role[KeyRole.DEVICE], host_root, KeyRole.DEVICE)
    journal = verify_keycert(by_role[KeyRole.JOURNAL], device.key, KeyRole.JOURNAL)
    place = f"/t/{device.subject}/{journal.issuer}"
    if journal.subject != device.subject or not export.origin.endswith(place):
        raise DecodeError("certificates", f"not for {export.origin}")
    return journal.key


def _check_log(export: Export, key: PublicKey) -> tuple[Entry, ...]:
    """Every entry under the last checkpoint.

    Raises:
        JournalCorrupt: naming the first entry that does not lead to its checkpoint.
    """
    leaves = [leaf_hash(exported.data) for exported in export.entries]
    if leaves:
        last = notes.Checkpoint(export.origin, len(leaves), Frontier().extend(leaves).root())
        signature = export.entries[-1].signature
        if not _signed(last, signature, key):
            wrong = _first_unsigned(export, leaves, key)
            raise JournalCorrupt("it was altered after it was signed", wrong)
        line = notes.signature_line(export.origin, notes.ED25519, key.data, signature)
        if export.checkpoint != last.text() + b"\n" + line:
            raise JournalCorrupt("the checkpoint is not the one of the last entry")
    return tuple(_decode(index, one.data) for index, one in enumerate(export.entries))


def _decode(index: int, data: bytes) -> Entry:
    try:
        entry = decode_entry(data)
    except DecodeError as error:
        raise JournalCorrupt(str(error), index) from error
    if entry.index != index:
        raise JournalCorrupt(f"says that it is entry {entry.index}", index)
    return entry


def _signed(checkpoint: notes.Checkpoint, signature: bytes, key: PublicKey) -> bool:
    try:
        key.verify(signature, checkpoint.text())
    except SignatureInvalid:
        return False
    return True


def _first_unsigned(export: Export, leaves: Sequence[bytes], key: PublicKey) -> int | None:
    """The first entry that does not lead to the checkpoint signed with it."""
    frontier = Frontier()
    for index, leaf in enumerate(leaves):
        frontier = frontier.append(leaf)
        checkpoint = notes.Checkpoint(export.origin, frontier.size, frontier.root())
        if not _signed(checkpoint, export.entries[index].signature, key):
            return index
    return None


def _frontier(entries: Sequence[Entry], size: int) -> Frontier:
    return Frontier().extend(entry.leaf() for entry in entries[:size])


def _check_evidence(
    export: Export,
    entries: Sequence[Entry],
    evidence: Evidence,
    progress: Callable[[int, int], None] | None,
) -> Evidence:
    for entry, exported in zip(entries, export.entries, strict=True):
        objects = evidence.follow(entry)
        known = {one["what"] for one in objects}
        if export.cose and objects != tuple(o for o in exported.cose if o.get("what") in known):
            raise JournalCorrupt("its COSE form is not this entry's", entry.index)
        if progress is not None and entry.index % PROGRESS_EVERY == 0:
            progress(entry.index, len(entries))
    return evidence


def _check_verdicts(export: Export, entries: Sequence[Entry], key: PublicKey) -> int:
    for data in export.verdicts:
        try:
            verdict = verify_verdict(data, key)
        except (DecodeError, SignatureInvalid) as error:
            raise JournalCorrupt(f"a verdict: {error}") from error
        if verdict.index >= len(entries) or entries[verdict.index].leaf() != verdict.leaf:
            raise JournalCorrupt("its verdict is about another entry", verdict.index)
    return len(export.verdicts)


def _check_cosigned(export: Export, entries: Sequence[Entry], host: HostKeys) -> int:
    """How many entries the mirror holds, by its signature."""
    if export.cosigned is None:
        return 0
    try:
        mirror = notes.verifier(host.mirror_name, host.mirror.data, notes.COSIGNATURE)
        checkpoint = notes.open_note(export.cosigned, [mirror]).checkpoint
    except (DecodeError, SignatureInvalid) as error:
        raise JournalCorrupt(f"the cosigned checkpoint: {error}") from error
    size = checkpoint.size
    if checkpoint.origin != export.origin or size > len(entries):
        raise JournalCorrupt("the mirror cosigned another journal, or more than there is")
    if _frontier(entries, size).root() != checkpoint.root:
        raise JournalCorrupt("the mirror cosigned other entries")
    return size


def _damage(export: Export, entries: Sequence[Entry], key: PublicKey) -> JournalCorrupt:
    """The last checkpoint is good, yet a byte of the file was changed: where?"""
    wrong = _first_unsigned(export, [entry.leaf() for entry in entries], key)
    if wrong is not None:
        return JournalCorrupt("its checkpoint signature was altered", wrong)
    return JournalCorrupt("the file was altered, outside the entries")
