"""The phone's wallet: balances move forward, answers are stored first, requests have one answer."""

from __future__ import annotations

import random
import stat
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_sim.world.wallet import Wallet, WalletError
from terminal.crypto import cbor
from terminal.crypto.keys import SoftwareSigner, parse_public_key, private_signer
from terminal.errors import KeyStoreError, SignatureInvalid
from terminal.payment.ack import Ack, AckStatus, sign_ack
from terminal.payment.coupon import CouponFields, CouponId, sign_coupon
from terminal.payment.payee import PayeeCard, sign_payee_card
from terminal.payment.presentation import Alone, Full, decode_presentation, spend_digest
from terminal.payment.request import Request, StaticRequest
from terminal.payment.spend import SpendId, verify_spend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.ports import Signer

NOW = 1_800_000_000
ISSUER = SoftwareSigner("Ed25519", bytes(range(32)))
JOURNAL = SoftwareSigner("Ed25519", bytes(range(1, 33)))
TERMINAL = 7


class BatteryEmpty(Exception):
    """The phone went off."""


class FailingSigner:
    """A signer that loses power before or after it signs, when told to; it notes what it signed."""

    def __init__(self, inner: Signer, keys: MemoryKeys) -> None:
        self._inner, self._keys = inner, keys

    @property
    def public_key(self) -> bytes:
        return self._inner.public_key

    def sign(self, message: bytes) -> bytes:
        if self._keys.fails == "before":
            raise BatteryEmpty
        self._keys.signed.add(message)
        if self._keys.fails == "after":
            raise BatteryEmpty
        return self._inner.sign(message)


class MemoryKeys:
    """A key store that outlives crashes, as a phone's chip does."""

    def __init__(self) -> None:
        self._signers: dict[str, Signer] = {}
        self._random = random.Random(1)
        self.fails = ""
        self.signed: set[bytes] = set()

    def labels(self) -> frozenset[str]:
        return frozenset(self._signers)

    def create(self, label: str, algorithm: str) -> Signer:
        if label in self._signers:
            raise KeyStoreError("taken")
        self._signers[label] = private_signer(algorithm, self._random.randbytes(32))
        return self._signers[label]

    def signer(self, label: str) -> Signer:
        return FailingSigner(self._signers[label], self)


@pytest.fixture
def keys() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
def wallet(tmp_path: Path, keys: MemoryKeys) -> Iterator[Wallet]:
    with Wallet(tmp_path / "wallet", keys, create=True) as made:
        yield made


def coupon_for(
    key: bytes, serial: int = 1, limit_minor: int = 10_000, not_after_unix_s: int = NOW + 3600
) -> bytes:
    holder = parse_public_key(key, "key")
    fields = CouponFields(0, 9, serial, holder, limit_minor, 156, 1, not_after_unix_s, 48)
    return sign_coupon(fields, ISSUER)


def stock(wallet: Wallet, **fields: int) -> None:
    wallet.receive(coupon_for(wallet.new_key(), **fields))


def ask(amount_minor: int = 1_250, nonce: int = 1, terminal: int = TERMINAL) -> bytes:
    return Request(terminal, 156, amount_minor, nonce.to_bytes(8, "big")).encode()


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


@pytest.mark.parametrize("fails", ["before", "after"])
def test_power_lost_while_signing_leaves_one_answer(
    tmp_path: Path, keys: MemoryKeys, fails: str
) -> None:
    with Wallet(tmp_path, keys, create=True) as wallet:
        stock(wallet)
        keys.fails = fails
        with pytest.raises(BatteryEmpty):
            wallet.pay(ask(nonce=1), now_unix_s=NOW)
    keys.fails = ""
    with Wallet(tmp_path, keys) as wallet:
        assert wallet.holdings()[0].next_minor == 1_250, "reserved before it was signed"
        other = wallet.pay(ask(nonce=2), now_unix_s=NOW)
        resumed = wallet.pay(ask(nonce=1), now_unix_s=NOW)
    assert (resumed.from_minor, other.from_minor) == (0, 1_250)


STEPS = st.lists(
    st.tuples(
        st.integers(1, 6),  # nonce
        st.sampled_from([100, 250]),
        st.sampled_from(["", "", "before", "after", "lost"]),
        st.booleans(),  # asked for in full
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_no_two_signed_intervals_ever_overlap(steps: list[tuple[int, int, str, bool]]) -> None:
    keys = MemoryKeys()
    answers: dict[bytes, SpendId] = {}
    with TemporaryDirectory() as directory:
        with Wallet(Path(directory), keys, create=True) as wallet:
            stock(wallet, limit_minor=900)
        for nonce, amount_minor, fails, full in steps:
            request = ask(amount_minor, nonce)
            keys.fails = fails
            with Wallet(Path(directory), keys) as wallet:  # every step is a new process
                try:
                    paid = wallet.pay(request, now_unix_s=NOW, full=full)
                except (BatteryEmpty, WalletError):
                    continue
            spend_id = decode_presentation(paid.presentation).spend_id
            if fails != "lost":  # stored, and the phone went off before anything was sent
                assert answers.setdefault(request, spend_id) == spend_id
    signed = sorted(signed_interval(message) for message in keys.signed)
    assert all(end <= start for (_, end), (start, _) in pairwise(signed))
    assert {(spend.from_minor, spend.end_minor) for spend in answers.values()} <= set(signed)


def signed_interval(message: bytes) -> tuple[int, int]:
    """From and end in a spend's Sig_structure, which ends with the payload as a byte string."""
    for size in range(4, 24):
        if message[-1 - size] == 0x40 + size and message[-size] == 0x83:
            start, amount, _ = cbor.expect_array(
                cbor.decode(message[-size:], "spend", 24), "spend", 3
            )
            low = cbor.expect_uint(start, "from")
            return low, low + cbor.expect_uint(amount, "amount")
    raise AssertionError("no spend payload at the end")
