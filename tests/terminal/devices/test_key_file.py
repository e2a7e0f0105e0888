"""The encrypted key file: durable before a signer exists, refused when anything is off."""

from __future__ import annotations

from pathlib import Path

import pytest

from terminal.crypto.keys import parse_public_key
from terminal.devices.key_file import (
    MAX_KEYS,
    EncryptedFileKeyStore,
    decode_keys,
    decode_sealed,
    write_durably,
)
from terminal.errors import DecodeError, KeyStoreError
from terminal.ports import KeyStore

SECRET = b"of this machine"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def test_keys_come_back_after_a_restart(path: Path) -> None:
    store: KeyStore = EncryptedFileKeyStore(path, SECRET)
    assert store.labels() == frozenset()
    made = {
        label: store.create(label, algorithm)
        for label, algorithm in (("journal", "Ed25519"), ("device", "P-256"))
    }
    again: KeyStore = EncryptedFileKeyStore(path, SECRET)
    assert again.labels() == {"journal", "device"}
    for label, signer in made.items():
        assert again.signer(label).public_key == signer.public_key
        key = parse_public_key(signer.public_key, label)
        key.verify(again.signer(label).sign(b"message"), b"message")


def test_the_file_is_for_its_owner_alone_and_holds_nothing_readable(path: Path) -> None:
    given = bytes(range(32))
    store = EncryptedFileKeyStore(path, SECRET, lambda size: given[:size])
    store.create("journal", "Ed25519")
    data = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert data[:1] == b"\x01"
    assert given not in data
    assert b"journal" not in data
    path.chmod(0o640)
    with pytest.raises(KeyStoreError, match="chmod 600"):
        EncryptedFileKeyStore(path, SECRET)


def test_another_secret_does_not_open_it(path: Path) -> None:
    EncryptedFileKeyStore(path, SECRET).create("journal", "Ed25519")
    with pytest.raises(KeyStoreError, match="another secret, or damaged"):
        EncryptedFileKeyStore(path, b"of that machine")


def test_a_file_with_a_changed_or_missing_byte_does_not_open(path: Path) -> None:
    EncryptedFileKeyStore(path, SECRET).create("journal", "Ed25519")
    data = path.read_bytes()
    for at in (0, 1, 5, 12, 30, 50, len(data) - 1):
        write_durably(path, data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :])
        with pytest.raises(KeyStoreError):
            EncryptedFileKeyStore(path, SECRET)
    for cut in (b"", data[:-1], data + b"\0"):
        write_durably(path, cut)
        with pytest.raises(KeyStoreError):
            EncryptedFileKeyStore(path, SECRET)


def test_a_label_is_used_once_and_for_a_known_algorithm(path: Path) -> None:
    store = EncryptedFileKeyStore(path, SECRET)
    store.create("journal", "Ed25519")
    for label, algorithm in (("journal", "P-256"), ("other", "RSA"), ("x" * 65, "P-256"),
                             ("a\nb", "P-256")):  # fmt: skip
        with pytest.raises(KeyStoreError):
            store.create(label, algorithm)
    with pytest.raises(KeyStoreError, match="no key"):
        store.signer("other")
    assert EncryptedFileKeyStore(path, SECRET).labels() == {"journal"}


def test_a_key_that_could_not_be_stored_does_not_exist(tmp_path: Path) -> None:
    store = EncryptedFileKeyStore(tmp_path / "missing" / "keys", SECRET)
    with pytest.raises(KeyStoreError, match="cannot be written"):
        store.create("journal", "Ed25519")
    assert store.labels() == frozenset()


def test_a_second_process_is_noticed_and_not_overwritten(path: Path) -> None:
    one, two = EncryptedFileKeyStore(path, SECRET), EncryptedFileKeyStore(path, SECRET)
    one.create("journal", "Ed25519")
    with pytest.raises(KeyStoreError, match="another process"):
        two.create("device", "P-256")
    assert EncryptedFileKeyStore(path, SECRET).labels() == {"journal"}


def test_a_draft_left_by_a_power_cut_is_in_nobodys_way(path: Path) -> None:
    store = EncryptedFileKeyStore(path, SECRET)
    store.create("journal", "Ed25519")
    path.with_name("keys.new").write_bytes(b"half of a fi")
    store = EncryptedFileKeyStore(path, SECRET)
    store.create("device", "P-256")
    assert EncryptedFileKeyStore(path, SECRET).labels() == {"journal", "device"}


def test_each_rewrite_has_a_nonce_of_its_own(path: Path) -> None:
    store = EncryptedFileKeyStore(path, SECRET)
    store.create("journal", "Ed25519")
    first = decode_sealed(path.read_bytes())
    store.create("device", "P-256")
    second = decode_sealed(path.read_bytes())
    assert first.nonce != second.nonce
    assert first.derivation == second.derivation


def test_a_file_cannot_ask_for_more_memory_than_the_board_has(path: Path) -> None:
    greedy = bytes.fromhex("01861a400000000101") + b"\x50" + bytes(16) + b"\x4c" + bytes(12)
    with pytest.raises(DecodeError, match="memory"):
        decode_sealed(greedy + b"\x40")


def test_the_keys_inside_are_read_strictly() -> None:
    assert decode_keys(b"\x80") == ()
    with pytest.raises(DecodeError):
        decode_keys(b"\x81" * 8 + b"\x80")
    assert MAX_KEYS < 1000
