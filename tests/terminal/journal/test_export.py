"""Export and verify: public keys only, the first wrong entry by number, no byte of it free."""

from __future__ import annotations

import json
import random
from hashlib import sha256
from pathlib import Path

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_sim.world.sales import NOON_UNIX_S, Shop
from terminal.crypto.cose import sig_structure
from terminal.crypto.keys import PublicKey, SoftwareSigner, parse_public_key
from terminal.crypto.notes import cosign
from terminal.errors import DecodeError, JournalCorrupt, JournalError
from terminal.journal.export import export, read_export
from terminal.journal.export_file import decode_export
from terminal.journal.reader import JournalReader
from terminal.journal.verify import Report, TrustedKeys, check_export, verify_export
from terminal.journal.writer import Journal
from terminal.payment.keycert import KeyCert, KeyRole, sign_keycert
from terminal.payment.verdict import Verdict, VerdictStatus, sign_verdict

HOST_ROOT = SoftwareSigner("Ed25519", b"root" * 8)
DEVICE = SoftwareSigner("P-256", b"dvce" * 8)
VERDICT = SoftwareSigner("Ed25519", b"vdct" * 8)
MIRROR = SoftwareSigner("Ed25519", b"mirr" * 8)


def key_of(signer: SoftwareSigner) -> PublicKey:
    return parse_public_key(signer.public_key, "key")


def fill(shop: Shop, journal: Journal, sales: int = 9) -> None:
    entries = [shop.sell(journal) for _ in range(sales)]
    with journal.transaction() as transaction:
        transaction.refund(entries[1].index, 250, policy=1)
        transaction.void(entries[2].index, policy=1)
    for entry in entries[:3]:
        journal.record_verdict(
            sign_verdict(
                Verdict(7, 1, entry.index, entry.leaf(), VerdictStatus.SETTLED, 0, NOON_UNIX_S),
                VERDICT,
            )
        )
    journal.record_cosigned(cosign(journal.checkpoint(), "host.example/m", MIRROR, NOON_UNIX_S))


def certificates(shop: Shop) -> tuple[bytes, bytes]:
    far = NOON_UNIX_S + 10**6
    device = KeyCert(KeyRole.DEVICE, 7, 0, key_of(DEVICE), far, 1000)
    journal = KeyCert(KeyRole.JOURNAL, 7, 1, key_of(shop.journal_key), far, 1000)
    return sign_keycert(device, HOST_ROOT), sign_keycert(journal, DEVICE)


def written(tmp_path: Path, *, cose: bool = False) -> bytes:
    shop = Shop()
    with shop.open(tmp_path / "filled") as journal:
        journal.install_policy(shop.policy(1, HOST_ROOT, VERDICT, MIRROR), 1)
        fill(shop, journal)
        found = read_export(
            journal, certificates=certificates(shop), host_root=key_of(HOST_ROOT), cose=cose
        )
        return found.encode()


def check(data: bytes, keys: TrustedKeys) -> Report:
    return check_export(decode_export(data), keys)


def test_an_export_verifies_with_the_hosts_root_key_alone(tmp_path: Path) -> None:
    report = check(written(tmp_path), TrustedKeys(host_root=key_of(HOST_ROOT)))
    assert report.entries == 12
    assert (report.accepted_count, report.accepted_minor) == (9, 9 * 1250)
    assert report.returned_minor == 1500
    assert (report.verdicts, report.verdicts_unchecked) == (3, 0)
    assert report.cosigned_size == 12
    assert report.coupons_unchecked == 0


def test_with_the_journal_key_alone_the_rest_is_counted_as_unchecked(tmp_path: Path) -> None:
    report = check(written(tmp_path), TrustedKeys(journal=key_of(Shop().journal_key)))
    assert report.accepted_count == 9
    assert (report.verdicts, report.verdicts_unchecked) == (0, 3)
    assert report.cosigned_unchecked
    assert report.coupons_unchecked == 9


def test_a_file_does_not_vouch_for_itself(tmp_path: Path) -> None:
    data = written(tmp_path)
    with pytest.raises(JournalError, match="public key"):
        check(data, TrustedKeys())
    with pytest.raises(JournalCorrupt, match="another journal key"):
        check(data, TrustedKeys(journal=key_of(MIRROR)))
    with pytest.raises(JournalCorrupt, match="certificates"):
        check(data, TrustedKeys(host_root=key_of(MIRROR)))


def test_a_changed_byte_of_an_entry_names_the_entry(tmp_path: Path) -> None:
    data = written(tmp_path)
    lines = data.split(b"\n")
    keys = TrustedKeys(journal=key_of(Shop().journal_key))
    for number, line in enumerate(lines):
        if not line.startswith(b'{"entry"'):
            continue
        index = json.loads(line)["entry"]
        for at in range(0, len(line), 331):
            broken = line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]
            changed = b"\n".join([*lines[:number], broken, *lines[number + 1 :]])
            path = tmp_path / "changed"
            path.write_bytes(changed)
            with pytest.raises(JournalCorrupt) as caught:
                verify_export(path, keys)
            assert caught.value.index == index


def test_any_changed_byte_anywhere_is_detected(tmp_path: Path) -> None:
    data = written(tmp_path)
    path = tmp_path / "changed"
    keys = TrustedKeys(host_root=key_of(HOST_ROOT))
    chance = random.Random(5)
    for at in [*chance.sample(range(len(data)), 40), 0, len(data) - 1]:
        changed = bytearray(data)
        changed[at] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(JournalCorrupt):
            verify_export(path, keys)


@pytest.mark.slow
def test_every_single_changed_byte_is_detected(tmp_path: Path) -> None:
    data = written(tmp_path)
    path = tmp_path / "changed"
    keys = TrustedKeys(host_root=key_of(HOST_ROOT))
    for at in range(0, len(data), 11):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(JournalCorrupt):
            verify_export(path, keys)


def test_a_rewritten_entry_is_named_even_under_a_fresh_digest(tmp_path: Path) -> None:
    lines = written(tmp_path).split(b"\n")
    number = next(n for n, line in enumerate(lines) if line.startswith(b'{"entry":4'))
    line = json.loads(lines[number])
    line["data"] = line["data"][:-2] + "00"
    lines[number] = json.dumps(line, separators=(",", ":")).encode()
    body = b"\n".join(lines[:-2]) + b"\n"
    forged = body + json.dumps({"sha256": sha256(body).hexdigest()}).encode() + b"\n"
    with pytest.raises(JournalCorrupt) as caught:
        check(forged.replace(b'": "', b'":"'), TrustedKeys(journal=key_of(Shop().journal_key)))
    assert caught.value.index == 4


def test_a_dropped_or_repeated_line_is_detected(tmp_path: Path) -> None:
    lines = written(tmp_path).split(b"\n")
    keys = TrustedKeys(host_root=key_of(HOST_ROOT))
    path = tmp_path / "changed"
    for number in range(len(lines)):
        without, twice = lines[:number] + lines[number + 1 :], lines[: number + 1] + lines[number:]
        for changed in (without, twice):
            path.write_bytes(b"\n".join(changed))
            with pytest.raises(JournalCorrupt):
                verify_export(path, keys)


def test_the_cose_form_carries_objects_that_verify_by_themselves(tmp_path: Path) -> None:
    data = written(tmp_path, cose=True)
    check(data, TrustedKeys(host_root=key_of(HOST_ROOT)))
    objects = [one for entry in decode_export(data).entries for one in entry.cose]
    assert {one["what"] for one in objects} == {"coupon", "spend"}
    for one in objects:
        message = cbor2.loads(bytes.fromhex(one["message"]))
        assert message.tag == 18
        protected, unprotected, payload, signature = message.value
        assert protected == b""
        assert unprotected == {1: -19}
        key = parse_public_key(bytes.fromhex(one["key"]), "key")
        key.verify(signature, sig_structure(payload, bytes.fromhex(one["aad"])))


def test_another_objects_cose_form_is_refused(tmp_path: Path) -> None:
    found = decode_export(written(tmp_path, cose=True))
    lines = [json.loads(line) for line in found.encode().split(b"\n")[:-1]]
    entries = [line for line in lines if "entry" in line]
    entries[1]["cose"], entries[2]["cose"] = entries[2]["cose"], entries[1]["cose"]
    body = b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines[:-1])
    end = {"sha256": sha256(body).hexdigest()}
    data = body + json.dumps(end, separators=(",", ":")).encode() + b"\n"
    with pytest.raises(JournalCorrupt, match="COSE") as caught:
        check(data, TrustedKeys(host_root=key_of(HOST_ROOT)))
    assert caught.value.index == 1


def test_an_export_is_written_beside_the_running_terminal(
    shop: Shop, journal: Journal, tmp_path: Path
) -> None:
    fill(shop, journal, 5)
    path = tmp_path / "out.jsonl"
    with JournalReader.open(tmp_path / "journal") as reader:
        assert export(reader, path) == 7
    keys = TrustedKeys(journal=key_of(shop.journal_key))
    seen: list[int] = []
    report = verify_export(path, keys, lambda done, _all: seen.append(done))
    assert report.entries == 7
    assert seen == [0]
    assert not list(tmp_path.glob("*.part"))
    shop.sell(journal)


def test_an_empty_journal_exports_too(shop: Shop, journal: Journal, tmp_path: Path) -> None:
    assert export(journal, tmp_path / "empty") == 0
    report = verify_export(tmp_path / "empty", TrustedKeys(journal=key_of(shop.journal_key)))
    assert report.entries == 0


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be read"):
        verify_export(tmp_path / "missing", TrustedKeys())
    with Shop().open(tmp_path / "j") as journal, pytest.raises(JournalError, match="written"):
        export(journal, tmp_path / "no" / "such")


@given(st.binary(max_size=300))
def test_no_bytes_but_an_export_decode(data: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_export(data)
