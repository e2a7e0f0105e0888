"""A key store in one encrypted file, for boards without a secure element.

Format: ``docs/adr/0007-encrypted-key-file.md``. A version byte, then CBOR
``[memory KiB, passes, lanes, salt, nonce, ciphertext]``; AES-256-GCM (NIST SP 800-38D) under a key
that Argon2id (RFC 9106) derives from the secret, with everything before the ciphertext as its
associated data. The plaintext is CBOR ``[[label, algorithm, 32-byte private key] ...]``.

Invariants: mode 0600; a rewrite is durable before a new key's signer exists, and atomic, so a cut
leaves the old file or the new one. Private keys are in this process's memory while the store is
open: whoever can read that memory has them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from terminal.crypto import cbor
from terminal.crypto.keys import ALGORITHM_NAMES, SoftwareSigner, private_signer
from terminal.errors import DecodeError, KeyStoreError
from terminal.ports import RandomBytes

VERSION: Final = b"\x01"
MAX_FILE_SIZE: Final = 65_536
MAX_KEYS: Final = 256
MAX_LABEL_BYTES: Final = 64
# OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, 2 passes, 1 lane. The larger options of
# RFC 9106 take a second and half the memory budget on a small board.
_MEMORY_KIB: Final = 19_456
_PASSES: Final = 2
_LANES: Final = 1
# what an opened file may ask for, so that a foreign one cannot exhaust the board
_MAX_MEMORY_KIB: Final = 262_144
_MAX_PASSES: Final = 16
_MAX_LANES: Final = 16
_SALT_SIZE: Final = 16
_NONCE_SIZE: Final = 12
_SECRET_SIZE: Final = 32


@dataclass(frozen=True, slots=True)
class Derivation:
    """How the file's key comes from the secret."""

    memory_kib: int
    passes: int
    lanes: int
    salt: bytes

    def key(self, secret: bytes) -> bytes:
        """The 32-byte file key."""
        kdf = Argon2id(
            salt=self.salt,
            length=32,
            iterations=self.passes,
            lanes=self.lanes,
            memory_cost=self.memory_kib,
        )
        return kdf.derive(secret)

    def values(self) -> tuple[object, ...]:
        """The fields in the order of the file."""
        return self.memory_kib, self.passes, self.lanes, self.salt


@dataclass(frozen=True, slots=True)
class Sealed:
    """A key file as it stands on disk."""

    derivation: Derivation
    nonce: bytes
    ciphertext: bytes

    def associated_data(self) -> bytes:
        """What the ciphertext is bound to."""
        return VERSION + cbor.encode((*self.derivation.values(), self.nonce))

    def encode(self) -> bytes:
        """The file's bytes."""
        return VERSION + cbor.encode((*self.derivation.values(), self.nonce, self.ciphertext))


@dataclass(frozen=True, slots=True)
class StoredKey:
    """One private key and what it is."""

    label: str
    algorithm: str
    secret: bytes

    def __repr__(self) -> str:
        return f"StoredKey({self.label!r}, {self.algorithm!r})"


def decode_sealed(data: bytes) -> Sealed:
    """Read a key file; nothing is decrypted.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    if data[:1] != VERSION:
        raise DecodeError("key_file.version", "made by another version of this software")
    value = cbor.decode(data[1:], "key_file", MAX_FILE_SIZE)
    memory, passes, lanes, salt, nonce, ciphertext = cbor.expect_array(value, "key_file", 6)
    lane_count = cbor.expect_uint(lanes, "key_file.lanes", _MAX_LANES, minimum=1)
    derivation = Derivation(
        cbor.expect_uint(memory, "key_file.memory", _MAX_MEMORY_KIB, minimum=8 * lane_count),
        cbor.expect_uint(passes, "key_file.passes", _MAX_PASSES, minimum=1),
        lane_count,
        cbor.expect_bytes(salt, "key_file.salt", _SALT_SIZE),
    )
    nonce_bytes = cbor.expect_bytes(nonce, "key_file.nonce", _NONCE_SIZE)
    return Sealed(derivation, nonce_bytes, cbor.expect_bytes(ciphertext, "key_file.ciphertext"))


def decode_keys(plaintext: bytes) -> tuple[StoredKey, ...]:
    """The keys in a decrypted file, by ascending label.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    value = cbor.decode(plaintext, "key_file.keys", MAX_FILE_SIZE)
    keys = tuple([_decode_key(item) for item in cbor.expect_array(value, "key_file.keys")])
    labels = [key.label for key in keys]
    if len(labels) > MAX_KEYS or labels != sorted(set(labels)):
        raise DecodeError("key_file.keys", "labels are not ascending, each once")
    return keys


def _decode_key(value: object) -> StoredKey:
    label, algorithm, secret = cbor.expect_array(value, "key_file.key", 3)
    name = cbor.expect_text(algorithm, "key_file.algorithm", 16)
    if name not in ALGORITHM_NAMES:
        raise DecodeError("key_file.algorithm", f"{name!r} is unknown")
    return StoredKey(
        cbor.expect_text(label, "key_file.label", MAX_LABEL_BYTES),
        name,
        cbor.expect_bytes(secret, "key_file.secret", _SECRET_SIZE),
    )


class EncryptedFileKeyStore:
    """A ``terminal.ports.KeyStore`` in the file ``path``, which need not exist yet.

    Raises:
        KeyStoreError: from the constructor: another secret, a damaged file, or one that others on
            this machine may read.
    """

    def __init__(self, path: Path, secret: bytes, random_bytes: RandomBytes = os.urandom) -> None:
        self._path = path
        self._random_bytes = random_bytes
        self._on_disk = _read(path)
        if self._on_disk is None:
            salt = random_bytes(_SALT_SIZE)
            self._derivation = Derivation(_MEMORY_KIB, _PASSES, _LANES, salt)
            self._file_key = self._derivation.key(secret)
            self._keys: dict[str, StoredKey] = {}
        else:
            self._open(self._on_disk, secret)

    def _open(self, data: bytes, secret: bytes) -> None:
        try:
            sealed = decode_sealed(data)
            self._derivation = sealed.derivation
            self._file_key = sealed.derivation.key(secret)
            opened = AESGCM(self._file_key).decrypt(
                sealed.nonce, sealed.ciphertext, sealed.associated_data()
            )
            self._keys = {key.label: key for key in decode_keys(opened)}
        except DecodeError as error:
            raise KeyStoreError(f"key file {self._path} is damaged: {error}") from None
        except InvalidTag:
            raise KeyStoreError(
                f"key file {self._path} does not open: another secret, or damaged"
            ) from None

    def labels(self) -> frozenset[str]:
        return frozenset(self._keys)

    def create(self, label: str, algorithm: str) -> SoftwareSigner:
        """Make a key, store it durably, then give its signer.

        Raises:
            KeyStoreError: label taken or unfit, algorithm unknown, or the file cannot be written.
        """
        if label in self._keys:
            raise KeyStoreError(f"there is a key {label!r} already")
        if algorithm not in ALGORITHM_NAMES:
            raise KeyStoreError(f"unknown algorithm {algorithm!r}")
        secret = self._random_bytes(_SECRET_SIZE)
        keys = {**self._keys, label: StoredKey(label, algorithm, secret)}
        self._rewrite(keys)
        self._keys = keys
        return self.signer(label)

    def signer(self, label: str) -> SoftwareSigner:
        """The signer of a key that exists.

        Raises:
            KeyStoreError: no such label.
        """
        if label not in self._keys:
            raise KeyStoreError(f"there is no key {label!r}")
        return private_signer(self._keys[label].algorithm, self._keys[label].secret)

    def _rewrite(self, keys: dict[str, StoredKey]) -> None:
        rows = [(key.label, key.algorithm, key.secret) for _, key in sorted(keys.items())]
        plaintext = cbor.encode(rows)
        try:
            decode_keys(plaintext)
        except DecodeError as error:
            raise KeyStoreError(str(error)) from None
        if _read(self._path) != self._on_disk:
            raise KeyStoreError(f"key file {self._path} was changed by another process")
        unsealed = Sealed(self._derivation, self._random_bytes(_NONCE_SIZE), b"")
        ciphertext = AESGCM(self._file_key).encrypt(
            unsealed.nonce, plaintext, unsealed.associated_data()
        )
        data = Sealed(self._derivation, unsealed.nonce, ciphertext).encode()
        try:
            write_durably(self._path, data)
        except OSError as error:
            raise KeyStoreError(f"key file {self._path} cannot be written: {error}") from error
        self._on_disk = data


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise KeyStoreError(f"others may read {path}; run: chmod 600 {path}")
            return file.read(MAX_FILE_SIZE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyStoreError(f"key file {path} cannot be read: {error}") from error


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file's content with ``data``, mode 0600: all of it is on disk, or nothing changed.

    Raises:
        OSError: it could not be written; the old content stays.
    """
    draft = path.with_name(path.name + ".new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
