"""The host's keys, one role each, in the encrypted key file; only signers leave it.

``root`` signs policies and the certificates of the others; ``issuer-<number>`` signs coupons,
``verdict`` verdicts and the time, ``mirror`` cosigns checkpoints, ``payee`` signs payee cards. All
are Ed25519. The issuer number and its key belong together for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from terminal.crypto.keys import PublicKey, parse_public_key
from terminal.ports import KeyStore, Signer

ROOT: Final = "root"
VERDICT: Final = "verdict"
MIRROR: Final = "mirror"
PAYEE: Final = "payee"
_ALGORITHM: Final = "Ed25519"


def issuer_label(issuer: int) -> str:
    return f"issuer-{issuer}"


@dataclass(frozen=True, slots=True)
class HostKeys:
    """The signers of one host, by role."""

    issuer_number: int
    root: Signer
    issuer: Signer
    verdict: Signer
    mirror: Signer
    payee: Signer

    def public(self, role: str) -> PublicKey:
        """The public half of one role's key."""
        signer: Signer = getattr(self, role)
        return _parsed(signer.public_key)


@lru_cache(maxsize=64)
def _parsed(public_key: bytes) -> PublicKey:
    """A key of ours; remembered, since every entry needs the same few."""
    return parse_public_key(public_key, "host_key")


def create_keys(store: KeyStore, issuer_number: int) -> HostKeys:
    """Make every key of a new host but those that an interrupted call made; none is replaced."""
    labels = (ROOT, issuer_label(issuer_number), VERDICT, MIRROR, PAYEE)
    for label in labels:
        if label not in store.labels():
            store.create(label, _ALGORITHM)
    return load_keys(store, issuer_number)


def load_keys(store: KeyStore, issuer_number: int) -> HostKeys:
    """The signers of a host made before.

    Raises:
        KeyStoreError: one is missing.
    """
    return HostKeys(
        issuer_number,
        store.signer(ROOT),
        store.signer(issuer_label(issuer_number)),
        store.signer(VERDICT),
        store.signer(MIRROR),
        store.signer(PAYEE),
    )
