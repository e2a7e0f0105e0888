"""The phone's command line, run in this process: every way in and out but devices."""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner

from host_sim.world.phone import app
from host_sim.world.wallet import WalletError
from host_sim.world.wallet_payee import PayeeUnconfirmed
from host_sim.world.wav import read_wav
from terminal.acoustic import FrameReceived, Receiver
from terminal.crypto.keys import SoftwareSigner, parse_public_key
from terminal.errors import DecodeError
from terminal.payment import text
from terminal.payment.ack import Ack, AckStatus, sign_ack
from terminal.payment.coupon import CouponFields, sign_coupon
from terminal.payment.payee import PayeeCard, sign_payee_card
from terminal.payment.presentation import decode_presentation, spend_digest
from terminal.payment.request import Request, StaticRequest

if TYPE_CHECKING:
    from pathlib import Path

HOST = SoftwareSigner("Ed25519", bytes(range(32)))
SOON = int(time.time()) + 3_600  # the phone is a program at the edge: it reads the clock
REQUEST = Request(7, 156, 1_250, bytes(8)).encode()
CARD = sign_payee_card(PayeeCard(7, 156, 1, SOON, "Kumquat stall"), HOST)
ASK = text.to_text(text.ASK, text.ask_bytes(REQUEST, CARD))
ASK_UNNAMED = text.to_text(text.ASK, text.ask_bytes(REQUEST))


def phone(wallet: Path, *arguments: str) -> list[dict[str, Any]]:
    """Run one command; its JSON lines. An error comes out as it was raised."""
    done = CliRunner(env={"KUMQUAT_WALLET": str(wallet)}).invoke(app, arguments)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wallet with one coupon of CNY 300.00."""
    directory = tmp_path_factory.mktemp("phone") / "wallet"
    phone(directory, "wallet-new", "--payee-key", HOST.public_key.hex())
    (made,) = phone(directory, "key")
    key = parse_public_key(bytes.fromhex(made["public_key"]), "key")
    coupon = sign_coupon(CouponFields(0, 9, 1, key, 30_000, 156, 1, SOON, 48), HOST)
    (directory / "coupon.hex").write_text(coupon.hex())
    (received,) = phone(directory, "receive", str(directory / "coupon.hex"))
    assert received["remaining"] == "CNY 300.00"
    return directory


@pytest.fixture
def wallet(stocked: Path, tmp_path: Path) -> Path:
    return shutil.copytree(stocked, tmp_path / "wallet")


def test_a_request_is_shown_with_its_payee_and_answered_as_text(wallet: Path) -> None:
    shown, answer, out = phone(wallet, "pay", "--from-text", ASK, "--text")
    assert (shown["event"], shown["payee"], shown["amount"]) == (
        "request",
        "Kumquat stall",
        "CNY 12.50",
    )
    assert (answer["amount_minor"], answer["coupon"], answer["full"]) == (1_250, "9:1", True)
    kind, data = text.from_text(out["text"])
    assert kind == text.PRESENTATION
    assert len(data) == answer["bytes"]
    assert len(answer["check_code"]) == 3


def test_the_answer_in_a_wav_file_is_what_a_receiver_hears(wallet: Path, tmp_path: Path) -> None:
    wav, raw = tmp_path / "answer.wav", tmp_path / "answer.bin"
    phone(wallet, "pay", "--from-text", ASK, "--wav", str(wav), "--out", str(raw))
    events = Receiver(["counter"]).receive(np.pad(read_wav(wav), 24_000))
    heard = [each.payload for each in events if isinstance(each, FrameReceived)]
    assert heard == [raw.read_bytes()]


def test_an_unknown_payee_needs_a_second_yes_and_has_a_cap(wallet: Path) -> None:
    with pytest.raises(PayeeUnconfirmed, match="second time"):
        phone(wallet, "pay", "--from-text", ASK_UNNAMED)
    shown, *_ = phone(wallet, "pay", "--from-text", ASK_UNNAMED, "--confirm-unknown")
    assert shown["payee"] == "unknown payee"
    dear = text.to_text(text.ASK, text.ask_bytes(Request(8, 156, 20_001, bytes(8)).encode()))
    with pytest.raises(PayeeUnconfirmed, match="cap"):
        phone(wallet, "pay", "--from-text", dear, "--confirm-unknown")
    assert phone(wallet, "balance")[0]["remaining_minor"] == 30_000 - 1_250


def test_a_printed_code_takes_the_amount_typed(wallet: Path) -> None:
    card = sign_payee_card(PayeeCard(7, 156, 1, SOON, "Kumquat stall"), HOST)
    printed = text.to_text(text.ASK, text.ask_bytes(StaticRequest(7, 156).encode(), card))
    shown, answer = phone(wallet, "pay", "--from-text", printed, "--amount", "3.20")
    assert (shown["amount"], answer["amount_minor"]) == ("CNY 3.20", 320)
    with pytest.raises(WalletError, match="amount"):
        phone(wallet, "pay", "--from-text", printed)


def test_an_ack_is_read_and_the_next_spend_goes_alone(wallet: Path) -> None:
    _, answer, out = phone(wallet, "pay", "--from-text", ASK, "--text")
    paid = decode_presentation(text.from_text(out["text"])[1])
    ack = sign_ack(Ack(AckStatus.ACCEPTED, 12, bytes(32)), 7, spend_digest(paid), HOST)
    line = text.to_text(text.ACK, ack)
    (heard,) = phone(
        wallet, "hear-ack", "--from-text", line, "--journal-key", HOST.public_key.hex()
    )
    assert heard == {
        "event": "ack", "status": "accepted", "index": 12, "terminal": 7,
        "check_code": answer["check_code"], "verified": True,
    }  # fmt: skip
    again = text.to_text(text.ASK, text.ask_bytes(Request(7, 156, 100, b"12345678").encode()))
    shown, alone = phone(wallet, "pay", "--from-text", again)
    assert shown["payee"] == "Kumquat stall", "kept from the first request"
    assert (alone["full"], alone["bytes"] < 100) == (False, True)


def test_the_balance_shows_coupons_and_payments(wallet: Path) -> None:
    phone(wallet, "pay", "--from-text", ASK)
    coupon, payment = phone(wallet, "balance")
    assert coupon["remaining"] == "CNY 287.50"
    assert (payment["event"], payment["amount"]) == ("payment", "CNY 12.50")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pay", "--from-text", "KQX"), "text.kind"),
        (("pay", "--from-text", ASK, "--coupon", "nine"), "ISSUER:SERIAL"),
        (("receive", "zz"), "not hexadecimal"),
        (("receive", "00"), "coupon"),
        (("hear-ack", "--from-text", ASK), "KQR where KQA belongs"),
    ],
)
def test_bad_input_is_a_typed_error(wallet: Path, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        phone(wallet, *arguments)


def test_nothing_private_is_ever_printed(wallet: Path) -> None:
    secret = (wallet / "secret").read_bytes()
    lines = json.dumps([*phone(wallet, "key"), *phone(wallet, "pay", "--from-text", ASK, "--text")])
    assert secret.hex() not in lines
    assert "secret" not in lines
    assert (wallet / "secret").stat().st_mode & 0o077 == 0
    assert (wallet / "keys").stat().st_mode & 0o077 == 0
