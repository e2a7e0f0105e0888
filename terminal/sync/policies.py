"""Installing what the host offers: a newer policy for this terminal, under the root, not stale.

Selling reads only what is installed, from the journal's database. Versions only rise.
"""

from __future__ import annotations

from typing import Protocol

from terminal.crypto.keys import PublicKey
from terminal.crypto.notes import COSIGNATURE, Verifier, verifier
from terminal.errors import DecodeError
from terminal.payment.policy import Policy, decode_policy
from terminal.sync.session import Trust


class PolicyShelf(Protocol):
    """Where policies are installed; ``terminal.journal`` implements it."""

    def policy(self) -> bytes | None: ...

    def install_policy(self, bundle: bytes, version: int) -> object: ...


class Policies:
    """The installed policy of one terminal, and the only way to a newer one."""

    def __init__(self, shelf: PolicyShelf, root_key: PublicKey, terminal: int) -> None:
        self._shelf = shelf
        self._root_key = root_key
        self._terminal = terminal

    def installed(self) -> Policy | None:
        """The policy in force; checked against the root each time it is read.

        Raises:
            DecodeError, SignatureInvalid: what is installed is not the root's.
        """
        bundle = self._shelf.policy()
        return None if bundle is None else decode_policy(bundle, self._root_key)

    def installed_version(self) -> int:
        """0 for none."""
        policy = self.installed()
        return 0 if policy is None else policy.version

    def install(self, bundle: bytes, now_unix_s: int) -> int:
        """Check and install; the new version. ``now_unix_s`` is the host-signed time.

        Raises:
            DecodeError: not newer, stale, or another terminal's.
            SignatureInvalid: not the root's.
        """
        policy = decode_policy(bundle, self._root_key)
        if policy.terminal != self._terminal:
            raise DecodeError("policy.terminal", f"made for terminal {policy.terminal}")
        if policy.version <= self.installed_version():
            raise DecodeError("policy.version", f"{policy.version} is not newer")
        if now_unix_s > policy.issued_at_unix_s + policy.limits.staleness_s:
            raise DecodeError("policy.issued_at", "older than a policy may be when installed")
        self._shelf.install_policy(bundle, policy.version)
        return policy.version


def mirror_verifier(policy: Policy) -> Verifier:
    """Whose cosignature counts, as the policy says."""
    return verifier(policy.host.mirror_name, policy.host.mirror.data, COSIGNATURE)


def trust_of(policy: Policy) -> Trust:
    """What the dialogue needs of the policy in force."""
    return Trust(policy.host.verdict, mirror_verifier(policy))
