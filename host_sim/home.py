"""A host's directory: its store and its encrypted key file, and the secret that opens the latter.

The secret comes from ``--secret-file``, else from ``$KUMQUAT_HOST_SECRET``, else from a person at
the terminal. It is written nowhere.
"""

from __future__ import annotations

import getpass
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from host_sim.keys import create_keys, load_keys
from host_sim.refusal import UsageError
from host_sim.service import Host, found_host, is_founded, issuer_number, open_host
from host_sim.store.sqlite import SqliteStore
from terminal.devices.key_file import EncryptedFileKeyStore
from terminal.errors import ConfigError, KeyStoreError
from terminal.sync.origin import check_host_name

HOME_VARIABLE: Final = "KUMQUAT_HOST_HOME"
SECRET_VARIABLE: Final = "KUMQUAT_HOST_SECRET"  # noqa: S105 - the variable's name, not a secret
MIN_SECRET_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Home:
    """Where one host keeps what it keeps."""

    folder: Path
    secret_file: Path | None = None

    @property
    def store(self) -> Path:
        return self.folder / "host.db"

    @property
    def keys(self) -> Path:
        return self.folder / "host.keys"

    @property
    def deny_lists(self) -> Path:
        return self.folder / "deny-lists"

    def secret(self) -> bytes:
        """What opens the key file.

        Raises:
            KeyStoreError: there is none, or it is too short.
            ConfigError: the file cannot be read.
        """
        secret = self._found_secret().strip()
        if len(secret) < MIN_SECRET_BYTES:
            raise KeyStoreError(f"the secret has fewer than {MIN_SECRET_BYTES} bytes")
        return secret

    def _found_secret(self) -> bytes:
        if self.secret_file is not None:
            try:
                return self.secret_file.read_bytes()
            except OSError as error:
                raise ConfigError("secret_file", str(error)) from None
        if found := os.environ.get(SECRET_VARIABLE):
            return found.encode()
        if sys.stdin.isatty():
            return getpass.getpass("Secret of the host's key file: ").encode()
        raise KeyStoreError(f"no secret: give --secret-file, or set ${SECRET_VARIABLE}")


def default_folder() -> Path:
    """``$KUMQUAT_HOST_HOME``, else the user's data directory (XDG base directories)."""
    if named := os.environ.get(HOME_VARIABLE):
        return Path(named)
    data_home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data_home) / "kumquat-host"


def make_home(home: Home, name: str, issuer: int) -> None:
    """Make a new host: a store, its keys, and its name. Goes on where an earlier call stopped.

    Raises:
        UsageError: there is one already, or its keys without a store; nothing was changed.
        DecodeError: the name cannot be a host's; nothing was changed.
        KeyStoreError: there is no secret, or it is not that of the keys made so far.
    """
    check_host_name(name)
    if home.keys.exists() and not home.store.exists():
        raise UsageError(
            f"{home.folder} holds a host's keys without its store; nothing was changed"
        )
    home.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = SqliteStore(home.store)
    try:
        if is_founded(store):
            raise UsageError(f"{home.folder} holds a host already; nothing was changed")
        keys = create_keys(EncryptedFileKeyStore(home.keys, home.secret()), issuer)
        found_host(store, name, issuer, keys.root.public_key)
    finally:
        store.close()


@contextmanager
def opened(home: Home) -> Iterator[Host]:
    """The host of a home, with the system's clock and chance.

    Raises:
        UsageError: there is none.
        KeyStoreError: the secret is wrong or a key is missing.
        StoreError: the store cannot be used.
    """
    if not home.store.exists() or not home.keys.exists():
        raise UsageError(f"there is no host in {home.folder}; run kumquat-host init")
    keystore = EncryptedFileKeyStore(home.keys, home.secret())
    store = SqliteStore(home.store)
    try:
        keys = load_keys(keystore, issuer_number(store))
        yield open_host(store, keys, _now_unix_s, os.urandom, home.deny_lists)
    finally:
        store.close()


def _now_unix_s() -> int:
    return int(time.time())
