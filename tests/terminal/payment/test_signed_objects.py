"""Ack, verdict, payee card, key certificate and stamp: bound to what they are about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from terminal.crypto import cbor, cose
from terminal.crypto.keys import parse_public_key
from terminal.errors import DecodeError, SignatureInvalid
from terminal.payment import ack, keycert, payee, stamp, verdict
from terminal.payment.keycert import KeyRole
from terminal.ports import ClockQuality
from tests.terminal.payment import stall

SIGNER = stall.signer("signer")
KEY = parse_public_key(SIGNER.public_key, "signer")
DIGEST, LEAF = b"d" * 32, b"l" * 32
ACK = ack.Ack(ack.AckStatus.ACCEPTED, 7, LEAF)
SETTLED = verdict.VerdictStatus.SETTLED
VERDICT = verdict.Verdict(1, 1, 7, LEAF, SETTLED, 0, stall.NOW)
CARD = payee.PayeeCard(1, 156, 3, stall.NOW, "Wang's Fruit")
CERT = keycert.KeyCert(KeyRole.ISSUER, 7, 1, KEY, stall.NOW, 24)
STAMP = stamp.Stamp(1, 2, 3, stall.NOW, ClockQuality.RTC, 1)


def test_an_ack_answers_one_spend_at_one_terminal() -> None:
    data = ack.sign_ack(ACK, 5, DIGEST, SIGNER)
    assert ack.verify_ack(data, KEY, 5, DIGEST) == ACK
    for terminal, digest in ((6, DIGEST), (5, LEAF)):
        with pytest.raises(SignatureInvalid):
            ack.verify_ack(data, KEY, terminal, digest)


def test_a_stamp_is_worth_nothing_with_another_card() -> None:
    data = stamp.sign_stamp(STAMP, b"uid-one", SIGNER)
    assert stamp.verify_stamp(data, KEY, b"uid-one") == STAMP
    with pytest.raises(SignatureInvalid):
        stamp.verify_stamp(data, KEY, b"uid-two")


def test_a_stamp_fits_a_small_tags_file() -> None:
    largest = stamp.Stamp(2**32 - 1, 2**16 - 1, 2**32 - 1, 2**32 - 1, ClockQuality.NTP, 23)
    assert len(stamp.sign_stamp(largest, b"uid", SIGNER)) <= 92


def test_a_key_has_one_role() -> None:
    data = keycert.sign_keycert(CERT, SIGNER)
    assert keycert.verify_keycert(data, KEY, KeyRole.ISSUER) == CERT
    with pytest.raises(DecodeError, match="ISSUER where VERDICT belongs"):
        keycert.verify_keycert(data, KEY, KeyRole.VERDICT)


def test_a_certificate_is_valid_through_both_its_ends() -> None:
    begin = stall.NOW - 24 * 3600
    assert CERT.valid_at(begin)
    assert CERT.valid_at(stall.NOW)
    assert not CERT.valid_at(begin - 1)
    assert not CERT.valid_at(stall.NOW + 1)


def test_verdict_and_payee_card_are_believed_from_their_signer_alone() -> None:
    stranger = parse_public_key(stall.signer("stranger").public_key, "stranger")
    judged = verdict.sign_verdict(VERDICT, SIGNER)
    named = payee.sign_payee_card(CARD, SIGNER)
    assert verdict.verify_verdict(judged, KEY) == VERDICT
    assert payee.verify_payee_card(named, KEY) == CARD
    with pytest.raises(SignatureInvalid):
        verdict.verify_verdict(judged, stranger)
    with pytest.raises(SignatureInvalid):
        payee.verify_payee_card(named, stranger)


def test_no_object_passes_for_another() -> None:
    payloads = [one.encode() for one in (ACK, VERDICT, CARD, CERT, STAMP)]
    purposes = [one.PURPOSE for one in (ack, verdict, payee, keycert, stamp)]
    assert len(set(purposes)) == len(purposes)
    for payload in payloads:
        for purpose in purposes:
            message = cose.sign1_for(SIGNER, payload, purpose)
            for other in purposes:
                if other != purpose:
                    with pytest.raises(SignatureInvalid):
                        cose.verify1_for(KEY, message, "message", other)


@pytest.mark.parametrize(
    ("decode", "value", "field"),
    [
        (ack.decode_ack, (3, 7, LEAF), "ack.status"),
        (ack.decode_ack, (1, 7, LEAF[:-1]), "ack.leaf"),
        (ack.decode_ack, (1, 7), "ack.payload"),
        (verdict.decode_verdict, (1, 1, 7, LEAF, 4, 0, 5), "verdict.status"),
        (verdict.decode_verdict, (1, 1, 7, LEAF, 1, 2**16, 5), "verdict.reason"),
        (payee.decode_payee_card, (1, 156, 3, 5, "x" * 65), "payee.name"),
        (payee.decode_payee_card, (1, 156, 3, 5, "a\u202eb"), "payee.name"),
        (keycert.decode_keycert, (0, 7, 1, KEY.data, 5000, 1), "keycert.role"),
        (keycert.decode_keycert, (2, 7, 1, KEY.data, 3599, 1), "keycert.lifetime"),
        (keycert.decode_keycert, (2, 7, 1, b"\1" + bytes(31), 5000, 1), "keycert.key"),
        (stamp.decode_stamp, (1, 2, 3, 4, 4, 1), "stamp.quality"),
        (stamp.decode_stamp, (1, 2, 3, 4, 3, 256), "stamp.class"),
    ],
)
def test_a_wrong_field_is_named(
    decode: Callable[[bytes], object], value: object, field: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(cose.assemble(cbor.encode(value), bytes(64)))
    assert caught.value.field == field


def test_a_verdicts_unknown_reason_still_has_words() -> None:
    assert verdict.reason_text(5) == "spent twice; the holder is liable"
    assert verdict.reason_text(999) == "reason 999, see the host"
    for reason in verdict.VerdictReason:
        assert reason.text
