"""The phone's wallet: balances move forward, answers are stored first, requests have one answer."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from host_sim.world.wallet import Wallet, WalletError
from terminal.crypto.keys import parse_public_key
from terminal.errors import SignatureInvalid
from terminal.payment.ack import Ack, AckStatus, sign_ack
from terminal.payment.coupon import CouponId
from terminal.payment.payee import PayeeCard, sign_payee_card
from terminal.payment.presentation import Alone, Full, decode_presentation, spend_digest
from terminal.payment.request import StaticRequest
from terminal.payment.spend import verify_spend
from tests.host_sim.world.purses import (
    ISSUER,
    JOURNAL,
    NOW,
    TERMINAL,
    MemoryKeys,
    ask,
    coupon_for,
    stock,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def keys() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
def wallet(tmp_path: Path, keys: MemoryKeys) -> Iterator[Wallet]:
    with Wallet(tmp_path / "wallet", keys, create=True) as made:
        yield made


def test_a_payment_verifies_under_the_coupons_key(wallet: Wallet) -> None:
    for serial, algorithm in enumerate(("Ed25519", "P-256")):
        key = wallet.new_key(algorithm)
        wallet.receive(coupon_for(key, serial=serial))
        paid = wallet.pay(ask(nonce=serial), now_unix_s=NOW, coupon=CouponId(9, serial))
        presentation = decode_presentation(paid.presentation)
        assert isinstance(presentation, Full)
        verify_spend(
            presentation.spend,
            presentation.signature,
            holder_key=parse_public_key(key, "key"),
            request_bytes=ask(nonce=serial),
            slot=None,
            coupon_digest=presentation.coupon.digest,
        )
        assert (paid.amount_minor, paid.currency, paid.terminal) == (1_250, 156, TERMINAL)
        assert paid.check_code.isdecimal()
        assert len(paid.check_code) == 3


def test_the_balance_moves_forward_and_ends_at_the_limit(wallet: Wallet) -> None:
    stock(wallet, limit_minor=3_000)
    first = wallet.pay(ask(nonce=1), now_unix_s=NOW)
    second = wallet.pay(ask(nonce=2), now_unix_s=NOW)
    assert (first.from_minor, second.from_minor) == (0, 1_250)
    assert wallet.holdings()[0].remaining_minor == 500
    with pytest.raises(WalletError, match="large enough"):
        wallet.pay(ask(nonce=3), now_unix_s=NOW)


def test_the_same_request_gets_the_same_bytes(wallet: Wallet) -> None:
    stock(wallet)
    first = wallet.pay(ask(), now_unix_s=NOW)
    again = wallet.pay(ask(), now_unix_s=NOW + 30)
    assert again.presentation == first.presentation
    assert (first.repeated, again.repeated) == (False, True)
    assert wallet.holdings()[0].next_minor == 1_250


def test_a_printed_request_takes_the_payers_amount_and_the_minute(wallet: Wallet) -> None:
    stock(wallet)
    printed = StaticRequest(TERMINAL, 156).encode()
    with pytest.raises(WalletError, match="amount"):
        wallet.pay(printed, now_unix_s=NOW)
    first = wallet.pay(printed, now_unix_s=NOW, amount_minor=300)
    again = wallet.pay(printed, now_unix_s=NOW, amount_minor=300)
    later = wallet.pay(printed, now_unix_s=NOW + 60, amount_minor=300)
    assert again.presentation == first.presentation
    assert later.from_minor == 300
    assert decode_presentation(first.presentation).spend.slot_mark == NOW // 60 % 8


def test_an_amount_typed_against_a_request_is_refused(wallet: Wallet) -> None:
    stock(wallet)
    with pytest.raises(WalletError, match="amount"):
        wallet.pay(ask(1_250), now_unix_s=NOW, amount_minor=1)


def test_the_coupon_that_expires_first_is_used_and_an_expired_one_never(wallet: Wallet) -> None:
    stock(wallet, serial=1, not_after_unix_s=NOW + 9_000)
    stock(wallet, serial=2, not_after_unix_s=NOW + 5_000)
    stock(wallet, serial=3, not_after_unix_s=NOW - 1)
    assert wallet.pay(ask(), now_unix_s=NOW).coupon_id == CouponId(9, 2)


def test_an_expired_coupon_is_spent_only_when_the_payer_insists(wallet: Wallet) -> None:
    stock(wallet, serial=3, not_after_unix_s=NOW - 1)
    with pytest.raises(WalletError):
        wallet.pay(ask(), now_unix_s=NOW)
    assert wallet.pay(ask(), now_unix_s=NOW, coupon=CouponId(9, 3)).amount_minor == 1_250


def test_an_ack_allows_the_spend_alone_at_that_terminal_only(wallet: Wallet) -> None:
    stock(wallet)
    paid = wallet.pay(ask(nonce=1), now_unix_s=NOW)
    digest = spend_digest(decode_presentation(paid.presentation))
    ack = sign_ack(Ack(AckStatus.ACCEPTED, 4, bytes(32)), TERMINAL, digest, JOURNAL)
    heard = wallet.hear_ack(ack, parse_public_key(JOURNAL.public_key, "key"))
    assert (heard.payment.check_code, heard.ack.index, heard.verified) == (paid.check_code, 4, True)
    here = wallet.pay(ask(nonce=2), now_unix_s=NOW)
    elsewhere = wallet.pay(ask(nonce=3, terminal=8), now_unix_s=NOW)
    assert isinstance(decode_presentation(here.presentation), Alone)
    assert isinstance(decode_presentation(elsewhere.presentation), Full)


def test_an_ack_of_another_key_is_refused_and_a_decline_teaches_nothing(wallet: Wallet) -> None:
    stock(wallet)
    paid = wallet.pay(ask(nonce=1), now_unix_s=NOW)
    digest = spend_digest(decode_presentation(paid.presentation))
    accepted = sign_ack(Ack(AckStatus.ACCEPTED, 4, bytes(32)), TERMINAL, digest, ISSUER)
    with pytest.raises(SignatureInvalid):
        wallet.hear_ack(accepted, parse_public_key(JOURNAL.public_key, "key"))
    declined = sign_ack(Ack(AckStatus.DECLINED, 4, bytes(32)), TERMINAL, digest, JOURNAL)
    wallet.hear_ack(declined)
    assert wallet.pay(ask(nonce=2), now_unix_s=NOW).full


def test_coupon_unknown_here_is_answered_in_full_on_the_same_interval(wallet: Wallet) -> None:
    stock(wallet)
    wallet.pay(ask(nonce=1), now_unix_s=NOW)
    wallet.hear_ack(sign_ack(Ack(AckStatus.ACCEPTED, 0, bytes(32)), TERMINAL, bytes(32), JOURNAL))
    alone = wallet.pay(ask(nonce=2), now_unix_s=NOW)
    full = wallet.pay(ask(nonce=2), now_unix_s=NOW, full=True)
    short, long = (decode_presentation(each.presentation) for each in (alone, full))
    assert isinstance(short, Alone)
    assert isinstance(long, Full)
    assert short.spend_id == long.spend_id
    assert short.signature == long.signature
    assert alone.check_code == full.check_code
    assert wallet.pay(ask(nonce=2), now_unix_s=NOW).presentation == full.presentation
    assert wallet.pay(ask(nonce=3), now_unix_s=NOW).full, "that terminal forgot the coupon"


def test_a_key_holds_one_coupon(wallet: Wallet) -> None:
    key = wallet.new_key()
    wallet.receive(coupon_for(key))
    wallet.receive(coupon_for(key))
    assert len(wallet.holdings()) == 1
    with pytest.raises(WalletError, match="already"):
        wallet.receive(coupon_for(key, serial=2))


def test_a_coupon_of_somebody_elses_key_is_refused(wallet: Wallet) -> None:
    wallet.new_key()
    with pytest.raises(WalletError, match="not in this wallet"):
        wallet.receive(coupon_for(JOURNAL.public_key))


def test_a_second_process_finds_the_wallet_locked(
    wallet: Wallet, tmp_path: Path, keys: MemoryKeys
) -> None:
    with pytest.raises(WalletError, match="another process"):
        Wallet(tmp_path / "wallet", keys)


def test_a_wallet_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(WalletError, match="wallet-new"):
        Wallet(tmp_path / "nowhere", MemoryKeys())


def test_the_files_are_readable_by_their_owner_alone(wallet: Wallet, tmp_path: Path) -> None:
    stock(wallet)
    files = [path for path in (tmp_path / "wallet").iterdir() if path.is_file()]
    assert len(files) >= 3
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)


def test_a_payee_is_named_only_by_a_signed_card_and_then_remembered(wallet: Wallet) -> None:
    host, card = JOURNAL, PayeeCard(TERMINAL, 156, 1, NOW + 100, "Kumquat stall")
    signed = sign_payee_card(card, host)
    assert wallet.payee_name(ask(), signed, NOW) is None, "no key is trusted yet"
    wallet.trust_payee_key(host.public_key)
    assert wallet.payee_name(ask(), None, NOW) is None
    assert wallet.payee_name(ask(), sign_payee_card(card, ISSUER), NOW) is None
    assert wallet.payee_name(ask(terminal=8), signed, NOW) is None
    assert wallet.payee_name(ask(), signed, NOW) == "Kumquat stall"
    assert wallet.payee_name(ask(), None, NOW) == "Kumquat stall", "kept for requests by sound"
    assert wallet.payee_name(ask(), None, NOW + 101) is None
