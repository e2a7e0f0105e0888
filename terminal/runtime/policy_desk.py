"""Installs what the host offers as policy: signed by the root, newer, and for this terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.errors import DecodeError
from terminal.payment.policy import Policy, decode_policy

if TYPE_CHECKING:
    from terminal.crypto.keys import PublicKey
    from terminal.journal.writer import Journal


class InstalledPolicy:
    """``sync.session.PolicyDesk`` over the journal."""

    def __init__(self, journal: Journal, root_key: PublicKey, policy: Policy) -> None:
        self.policy = policy
        self._journal = journal
        self._root_key = root_key

    def installed_version(self) -> int:
        """The version in force."""
        return self.policy.version

    def install(self, policy: bytes) -> int:
        """Check and store a newer policy, durably; returns its version.

        Raises:
            DecodeError, SignatureInvalid: not a newer policy for this terminal under the root.
        """
        offered = decode_policy(policy, self._root_key)
        if offered.terminal != self.policy.terminal:
            raise DecodeError("policy.terminal", "made for another terminal")
        if offered.currency != self.policy.currency:
            raise DecodeError("policy.currency", "a terminal keeps its currency; enrol it anew")
        if offered.version <= self.policy.version:
            raise DecodeError("policy.version", "not newer than the one in force")
        self._journal.install_policy(policy, offered.version)
        self.policy = offered
        return offered.version
