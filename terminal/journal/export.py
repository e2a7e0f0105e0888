"""Write a journal out, so that anyone can check it with public keys only.

One file (``export_file``): every entry with its checkpoint signature, the last checkpoint, the key
certificates and policies that lead to a host's root, verdicts, and the cosigned checkpoint.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from terminal.crypto.keys import PublicKey
from terminal.errors import DecodeError, JournalError
from terminal.journal.entry import decode_entry
from terminal.journal.evidence import Evidence
from terminal.journal.export_file import Export, ExportedEntry
from terminal.payment.policy import Policy, decode_policy

if TYPE_CHECKING:
    from terminal.journal.reader import JournalReader

KEPT_CERTIFICATES: Final = ("certificate.device", "certificate.journal")
"""Names under which enrolment keeps the key certificates that an export carries."""


def issuer_keys(policies: Sequence[Policy]) -> dict[int, PublicKey]:
    """The issuers' keys by number. One number has one key for ever.

    Raises:
        DecodeError: two policies disagree.
    """
    found: dict[int, PublicKey] = {}
    for policy in policies:
        for issuer in policy.issuers:
            if found.setdefault(issuer.issuer, issuer.key) != issuer.key:
                raise DecodeError("policy.issuers", f"issuer {issuer.issuer} has two keys")
    return found


def read_export(
    journal: JournalReader,
    *,
    certificates: Sequence[bytes] | None = None,
    host_root: PublicKey | None = None,
    cose: bool = False,
) -> Export:
    """The journal as an export, all of one moment.

    ``certificates`` defaults to those that enrolment kept. ``cose`` adds tagged COSE objects to
    each entry; coupons' need ``host_root``, to know which issuer's key to name.

    Raises:
        JournalCorrupt: with ``cose``, an entry that is not what it says.
        SignatureInvalid: a policy is not this host root's.
    """
    with journal.snapshot():
        if certificates is None:
            kept = (journal.kept(name) for name in KEPT_CERTIFICATES)
            certificates = [found for found in kept if found is not None]
        policies = journal.policies()
        known = [] if host_root is None else [decode_policy(one, host_root) for one in policies]
        evidence = Evidence(issuer_keys(known))
        entries = tuple(
            ExportedEntry(data, signature, evidence.follow(decode_entry(data)) if cose else ())
            for data, signature in zip(journal.leaves(), journal.signatures(), strict=True)
        )
        return Export(
            origin=journal.origin,
            public_key=journal.identity.public_key,
            cose=cose,
            certificates=tuple(certificates),
            policies=policies,
            entries=entries,
            checkpoint=journal.checkpoint() if entries else None,
            verdicts=journal.verdicts(),
            cosigned=journal.cosigned(),
        )


def export(
    journal: JournalReader,
    path: Path,
    *,
    certificates: Sequence[bytes] | None = None,
    host_root: PublicKey | None = None,
    cose: bool = False,
) -> int:
    """Write the journal to ``path``, whole or not at all; returns how many entries it has.

    Raises:
        JournalError: the file cannot be written.
    """
    found = read_export(journal, certificates=certificates, host_root=host_root, cose=cose)
    unfinished = path.with_name(path.name + ".part")
    try:
        with unfinished.open("wb") as file:
            file.write(found.encode())
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise JournalError(f"{path} cannot be written: {error.strerror}") from error
    return len(found.entries)
