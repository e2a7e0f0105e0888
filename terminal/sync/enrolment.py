"""Enrolment, the terminal's half: from a code on paper to keys, an origin and a first policy.

Keys are made here and stay here; the device key (P-256) certifies the journal key (Ed25519) for one
epoch. A dialogue cut anywhere is begun again with the same code and keys. Invariant: nothing is
believed that the root with the code's fingerprint did not sign.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Protocol

from terminal.crypto.keys import PublicKey, parse_public_key
from terminal.errors import DecodeError
from terminal.payment.coupon import U32
from terminal.payment.keycert import KeyCert, KeyRole, decode_keycert, sign_keycert, verify_keycert
from terminal.payment.policy import Policy, decode_policy
from terminal.ports import KeyStore, Signer
from terminal.sync.enrolment_messages import (
    EnrolCode,
    EnrolReply,
    EnrolRequest,
    OpenRequest,
    decode_enrol_reply,
    decode_open_reply,
    fingerprint,
)
from terminal.sync.exchange import PATH_ENROL, PATH_ENROL_OPEN, Dialogue, HostRequest, accepted
from terminal.sync.origin import Origin, parse_origin

DEVICE_LABEL: Final = "device"
JOURNAL_LIFETIME_H: Final = 24 * 365 * 5


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a terminal keeps of its enrolment. All of it was checked against the root."""

    origin: Origin
    root_key: PublicKey
    policy_bytes: bytes
    policy: Policy
    journal_cert: bytes
    certs: tuple[bytes, ...]

    @property
    def payee_card(self) -> bytes:
        """The host-signed name, as the policy carries it."""
        return self.policy.payee_card


class JournalKeys(Protocol):
    """Where the terminal's half gets its signers from: keys are made on the terminal."""

    def device(self) -> Signer:
        """The P-256 key that never changes."""

    def journal(self, epoch: int) -> Signer:
        """The Ed25519 key of one epoch, durable before it is returned; again gives the same."""


class StoredKeys:
    """Device and journal keys in a key store, made when first asked for."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store

    def device(self) -> Signer:
        return self._signer(DEVICE_LABEL, "P-256")

    def journal(self, epoch: int) -> Signer:
        return self._signer(journal_label(epoch), "Ed25519")

    def _signer(self, label: str, algorithm: str) -> Signer:
        if label in self._store.labels():
            return self._store.signer(label)
        return self._store.create(label, algorithm)


def journal_label(epoch: int) -> str:
    """The key store's label of one epoch's journal key."""
    return f"journal-{epoch}"


def enrol_session(code: EnrolCode, keys: JournalKeys, now_unix_s: int) -> Dialogue[Enrolled]:
    """Enrol with a code. ``now_unix_s`` dates the journal key's certificate.

    Raises:
        HostRefused: wrong, used or expired code, or another device has this id.
        DecodeError, SignatureInvalid: the host is not the one the code was made by.
    """
    device = keys.device()
    first = HostRequest(
        "POST", PATH_ENROL_OPEN, OpenRequest(code.terminal, device.public_key).encode()
    )
    opened = decode_open_reply(accepted((yield first)))
    if fingerprint(opened.root_key) != code.root_fingerprint:
        raise DecodeError("root_key", "is not the one whose fingerprint the code carries")
    root = parse_public_key(opened.root_key, "root_key")
    journal_cert = certify_journal(
        device, keys.journal(opened.epoch), code.terminal, opened.epoch, now_unix_s
    )
    asked = EnrolRequest(code.terminal, opened.epoch, device.public_key, journal_cert, b"")
    request = replace(asked, proof=asked.prove(code.digits, opened.root_key))
    reply = decode_enrol_reply(accepted((yield HostRequest("POST", PATH_ENROL, request.encode()))))
    origin = Origin(opened.host, code.terminal, opened.epoch)
    return check_reply(reply, origin, root, device.public_key, journal_cert)


def certify_journal(
    device: Signer, journal: Signer, terminal: int, epoch: int, now_unix_s: int
) -> bytes:
    """The device key's certificate for one epoch's journal key."""
    not_after = min(now_unix_s + 3600 * JOURNAL_LIFETIME_H, U32)
    key = parse_public_key(journal.public_key, "journal_key")
    lifetime_h = min(JOURNAL_LIFETIME_H, not_after // 3600)
    return sign_keycert(
        KeyCert(KeyRole.JOURNAL, terminal, epoch, key, not_after, lifetime_h), device
    )


def check_reply(
    reply: EnrolReply, origin: Origin, root: PublicKey, device_key: bytes, journal_cert: bytes
) -> Enrolled:
    """Everything in the reply, checked against the root and what was asked for.

    Raises:
        DecodeError, SignatureInvalid: something is not the root's, or not about this terminal.
    """
    if parse_origin(reply.origin) != origin:
        raise DecodeError("enrol.origin", f"{reply.origin} instead of {origin}")
    policy = decode_policy(reply.policy, root)
    if policy.terminal != origin.terminal:
        raise DecodeError("policy.terminal", "the policy is another terminal's")
    keys: dict[KeyRole, bytes] = {}
    for cert in reply.certs:
        checked = verify_keycert(cert, root, decode_keycert(cert).role)
        keys[checked.role] = checked.key.data
    wanted = {
        KeyRole.DEVICE: device_key,
        KeyRole.VERDICT: policy.host.verdict.data,
        KeyRole.MIRROR: policy.host.mirror.data,
    }
    for role, key in wanted.items():
        if keys.get(role) != key:
            raise DecodeError(f"enrol.certs.{role.name.lower()}", "missing or for another key")
    return Enrolled(origin, root, reply.policy, policy, journal_cert, reply.certs)
