"""The state directory: journal, keys, enrolment and configuration, and how each is opened.

The key file is opened by a secret beside it or, where systemd delivers one, by a credential from
outside the state directory (``$CREDENTIALS_DIRECTORY/kumquat-unlock``): only then does a copied
disk keep its keys.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from terminal.devices.key_file import EncryptedFileKeyStore, write_durably
from terminal.errors import ConfigError, KeyStoreError
from terminal.sync.record import EnrolmentRecord, decode_record

UNLOCK_BYTES: Final = 32
CREDENTIAL: Final = "kumquat-unlock"


@dataclass(frozen=True, slots=True)
class StatePaths:
    """Every file of one terminal."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config.toml"

    @property
    def journal(self) -> Path:
        return self.root / "journal.db"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def unlock(self) -> Path:
        """The secret that opens the key file."""
        credentials = os.environ.get("CREDENTIALS_DIRECTORY")
        if credentials and (delivered := Path(credentials) / CREDENTIAL).exists():
            return delivered
        return self.root / "unlock"

    @property
    def deny_list(self) -> Path:
        """The directory of the long deny list."""
        return self.root / "deny-list"

    @property
    def host_ca(self) -> Path:
        """The host's own certificate authority, where enrolment was given one."""
        return self.root / "host-ca.pem"

    def kept_authority(self) -> Path | None:
        """``host_ca`` where there is one; None: the system's authorities."""
        return self.host_ca if self.host_ca.exists() else None

    @property
    def enrolment(self) -> Path:
        return self.root / "enrolment"


def make_state(paths: StatePaths) -> None:
    """The directory, for its owner alone.

    Raises:
        ConfigError: it cannot be made.
    """
    try:
        paths.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError("state", f"{paths.root} cannot be made: {error.strerror}") from error


def open_keys(paths: StatePaths, *, create: bool = False) -> EncryptedFileKeyStore:
    """The key store; with ``create`` also a first one, with a fresh secret.

    Raises:
        KeyStoreError: it cannot be opened.
    """
    unlock = paths.unlock
    if create and not unlock.exists():
        if paths.keys.exists():
            raise KeyStoreError(f"{unlock} is missing: without it {paths.keys} stays closed")
        write_durably(unlock, os.urandom(UNLOCK_BYTES))
    try:
        secret = unlock.read_bytes()
    except OSError as error:
        raise KeyStoreError(
            f"{unlock} cannot be read ({error.strerror}): enrol first with `kumquat enrol`"
        ) from error
    return EncryptedFileKeyStore(paths.keys, secret)


def load_enrolment(paths: StatePaths) -> EnrolmentRecord:
    """Who this terminal is.

    Raises:
        ConfigError: it was never enrolled.
        DecodeError: the record is damaged.
    """
    try:
        data = paths.enrolment.read_bytes()
    except OSError as error:
        raise ConfigError(
            "state", f"{paths.root} holds no enrolled terminal: run `kumquat enrol` first"
        ) from error
    return decode_record(data)


def save_enrolment(paths: StatePaths, record: EnrolmentRecord) -> None:
    """Keep who this terminal is, durably."""
    write_durably(paths.enrolment, record.encode())
