"""Publishes the long deny list: whole, as a base file, or as the changes from one to the next.

The host keeps what it published as base files; each names its version, count and digest under the
root's signature (docs/protocol/deny-list.md). A terminal that took the changes and one that took
the whole list hold the same bytes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from host_sim.issuer import subject_of
from host_sim.refusal import UsageError
from terminal.crypto.keys import PublicKey
from terminal.journal.deny_base import (
    BLOCK_SIZE,
    BaseWriter,
    DenyBase,
    Values,
    draft_of,
    open_base,
    subject_bytes,
    subject_values,
    sync_folder,
)
from terminal.payment.deny_head import (
    MAX_CHANGES,
    MAX_LISTED,
    Changes,
    DenyHead,
    encode_delta,
    sign_head,
)
from terminal.payment.deny_list import SUBJECT_SIZE, DenyKind
from terminal.ports import Signer


def read_subjects(lines: Iterable[str]) -> Values:
    """The subjects that lines of text name: ``kind identifier``, or 16 hexadecimal digits.

    Empty lines and what follows a ``#`` count for nothing.

    Raises:
        UsageError: naming the line that says something else.
    """
    return sorted_subjects(_subjects(lines))


def _subjects(lines: Iterable[str]) -> Iterator[bytes]:
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            yield _subject(words)
        except (ValueError, KeyError):
            raise UsageError(f"line {number} is neither a subject nor a kind with one") from None


def _subject(words: list[str]) -> bytes:
    if len(words) == 1:
        subject = bytes.fromhex(words[0])
        if len(subject) != SUBJECT_SIZE:
            raise ValueError(words[0])
        return subject
    kind, identifier = words
    return subject_of(DenyKind[kind.upper()], identifier)


def sorted_subjects(subjects: Iterable[bytes]) -> Values:
    """Subjects ascending, each once, as numbers."""
    values = np.sort(subject_values(b"".join(subjects)))
    first = np.ones(values.size, dtype=np.bool_)
    first[1:] = values[1:] != values[:-1]
    return values[first]


def build(path: Path, subjects: Values, version: int, root: Signer) -> DenyHead:
    """Write a list that follows no other; ``subjects`` ascending, each once.

    Raises:
        UsageError: too many.
    """
    head = DenyHead(version, _counted(subjects), _digest(subjects))
    _write(path, subjects, head, sign_head(head, root))
    return head


def publish_changes(
    old: DenyBase, path: Path, delta_path: Path, subjects: Values, root: Signer
) -> tuple[DenyHead, Changes]:
    """Write the next version, whole and as the changes from ``old``; both have the same head.

    The changes go first, so that whoever finds the new list finds what leads to it.

    Raises:
        UsageError: nothing changed, or more than one delta may hold.
    """
    changes = differences(old, subjects)
    encoded = changes.encode()
    head = DenyHead(
        version=old.head.version + 1,
        count=_counted(subjects),
        digest=_digest(subjects),
        previous=old.head.digest,
        changes=hashlib.sha256(encoded).digest(),
    )
    message = sign_head(head, root)
    _write_whole(delta_path, encode_delta(message, encoded))
    _write(path, subjects, head, message)
    return head, changes


def differences(old: DenyBase, subjects: Values) -> Changes:
    """What leads from a list to these subjects.

    Raises:
        UsageError: nothing, or more than one delta may hold.
    """
    before = subject_values(b"".join(old.blocks()))
    added, removed = _missing(subjects, before), _missing(before, subjects)
    if not added.size and not removed.size:
        raise UsageError("nothing changed: there is nothing to publish")
    if max(added.size, removed.size) > MAX_CHANGES:
        raise UsageError(f"more than {MAX_CHANGES} changes: build a whole list instead")
    return Changes(frozenset(_split(added)), frozenset(_split(removed)))


def change_counts(old: DenyBase, subjects: Values) -> tuple[int, int]:
    """How many subjects are added and removed between a list and these."""
    before = subject_values(b"".join(old.blocks()))
    return _missing(subjects, before).size, _missing(before, subjects).size


def open_published(path: Path, root_key: PublicKey) -> DenyBase:
    """A base file of this host's.

    Raises:
        UsageError: there is none. DenyListCorrupt: it is not this host's, or damaged.
    """
    try:
        return open_base(path, root_key)
    except FileNotFoundError:
        raise UsageError(f"there is no list {path}") from None


def _missing(values: Values, others: Values) -> Values:
    """Which of ``values`` are not among ``others``; both ascending."""
    at = np.searchsorted(others, values)
    inside = at < others.size
    found = np.zeros(values.size, dtype=np.bool_)
    found[inside] = others[at[inside]] == values[inside]
    return values[~found]


def _split(values: Values) -> Iterator[bytes]:
    data = subject_bytes(values)
    return (data[at : at + SUBJECT_SIZE] for at in range(0, len(data), SUBJECT_SIZE))


def _counted(subjects: Values) -> int:
    if subjects.size > MAX_LISTED:
        raise UsageError(f"{subjects.size} subjects, where a list has {MAX_LISTED} at most")
    return int(subjects.size)


def _digest(subjects: Values) -> bytes:
    return hashlib.sha256(subject_bytes(subjects)).digest()


def _write_whole(path: Path, data: bytes) -> None:
    """Under its name when it is whole and durable."""
    draft = draft_of(path)
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def _write(path: Path, subjects: Values, head: DenyHead, message: bytes) -> None:
    writer = BaseWriter(path, message, head)
    data = memoryview(subject_bytes(subjects))
    try:
        for at in range(0, len(data), BLOCK_SIZE):
            writer.write(bytes(data[at : at + BLOCK_SIZE]))
        writer.commit()
    finally:
        writer.abandon()
