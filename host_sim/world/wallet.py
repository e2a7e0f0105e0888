"""The phone's wallet: coupons, one key for each, and what was signed with them, durably.

Rules from ``docs/protocol/money.md``, "Balance" and "Torn taps":

- A coupon's balance only moves forward: the interval of a new spend begins where the last one
  ended. The interval is stored *before* it is signed, and the signature before it is released.
- A request has one answer. The same request gives the same bytes, after a crash too; the only
  other spelling of an answer is the full one, when a terminal says *coupon unknown here*.
- A spend goes alone only to a terminal that acknowledged this coupon before.

Invariant: no two different intervals of a coupon that were ever signed overlap. One process has
the wallet at a time, held by a lock of the operating system; its files are mode 0600. Private keys
stay in the key store and never pass through here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from host_sim.world.wallet_payee import trusted_name
from host_sim.world.wallet_store import Answer, Holding, WalletError, WalletStore
from terminal.crypto import cbor
from terminal.crypto.keys import parse_public_key
from terminal.errors import SignatureInvalid
from terminal.payment.ack import Ack, AckStatus, decode_ack, verify_ack
from terminal.payment.coupon import CouponClass, CouponId, decode_coupon
from terminal.payment.presentation import (
    Alone,
    Full,
    check_code,
    decode_presentation,
    spend_digest,
)
from terminal.payment.request import SLOT_S, StaticRequest, decode_request
from terminal.payment.spend import Spend, mode_of, sign_spend, verify_spend

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from terminal.crypto.keys import PublicKey
    from terminal.ports import KeyStore

__all__ = ["Acknowledged", "Holding", "Payment", "Wallet", "WalletError"]

MAX_KEYS: Final = 200
RECENT_PAYMENTS: Final = 8
"""How far back an ack may reach."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What the wallet answers a request with, and what its screen shows."""

    presentation: bytes
    check_code: str
    coupon_id: CouponId
    terminal: int
    currency: int
    from_minor: int
    amount_minor: int
    full: bool
    repeated: bool
    """The same request was answered before; these are the bytes of then."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A payment and what the terminal said of it."""

    payment: Payment
    ack: Ack
    verified: bool


class Wallet:
    """One wallet in a directory, open in this process alone; a context manager.

    Args:
        directory: where the wallet's files are; ``create`` makes it.
        keys: the holder keys; a key is bound to the coupon it was made for.

    Raises:
        WalletError: there is no wallet, or another process has it open.
    """

    def __init__(self, directory: Path, keys: KeyStore, *, create: bool = False) -> None:
        self._keys = keys
        self._store = WalletStore(directory, create=create)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the wallet free for another process."""
        self._store.close()

    def new_key(self, algorithm: str = "Ed25519") -> bytes:
        """Make the key of a coupon to come; its public half, 32 or 33 bytes.

        Raises:
            WalletError: 200 keys are there already.
            KeyStoreError: the algorithm is unknown.
        """
        number = len(self._keys.labels())
        if number >= MAX_KEYS:
            raise WalletError(f"holds {number} keys already; make a new wallet")
        return self._keys.create(f"holder-{number + 1:04d}", algorithm).public_key

    def receive(self, coupon_bytes: bytes) -> Holding:
        """Take a coupon in; taking the same one in again changes nothing.

        Raises:
            DecodeError: not a coupon.
            WalletError: not held by a key of ours, or that key has a coupon already.
        """
        coupon = decode_coupon(coupon_bytes)
        if (
            coupon.fields.coupon_class is not CouponClass.HOLDER_BOUND
            or not coupon.fields.holder_key
        ):
            raise WalletError("only holder-bound coupons are kept here")
        label = self._label_of(coupon.fields.holder_key.data)
        for held in self._store.holdings():
            if held.label == label and held.coupon.payload != coupon.payload:
                raise WalletError(f"the key of this coupon already holds {held.coupon.id}")
            if held.coupon.id == coupon.id and held.label != label:
                raise WalletError(f"another coupon is called {coupon.id}")
        return self._store.add(coupon, label)

    def holdings(self) -> tuple[Holding, ...]:
        """Every coupon, in the order they were received."""
        return self._store.holdings()

    def pay(
        self,
        request_bytes: bytes,
        *,
        now_unix_s: int,
        amount_minor: int | None = None,
        coupon: CouponId | None = None,
        user_verified: bool = False,
        full: bool = False,
    ) -> Payment:
        """The answer to a request: stored first, then released.

        Args:
            request_bytes: exactly as heard or read.
            now_unix_s: for expiry, and for the slot of a printed request.
            amount_minor: what the payer typed; for a printed request only.
            coupon: pay with this one, even if it has expired; None chooses the one that expires
                first of those that suffice.
            user_verified: the phone checked PIN or biometrics.
            full: send the coupon along, as after *coupon unknown here*.

        Raises:
            DecodeError: not a request.
            WalletError: nothing suitable to pay with.
        """
        request = decode_request(request_bytes)
        printed = isinstance(request, StaticRequest)
        slot = now_unix_s // SLOT_S if printed else None
        amount = amount_minor if isinstance(request, StaticRequest) else request.amount_minor
        if amount is None or amount < 1 or (amount_minor is not None and amount != amount_minor):
            raise WalletError("the amount comes from the request, or from the payer if it has none")
        digest = hashlib.sha256(cbor.encode((request_bytes, slot, amount))).digest()
        answer = self._store.answer(digest)
        repeated = answer is not None and answer.signature is not None
        if answer is None:
            holding = self._choose(request.currency, amount, now_unix_s, coupon)
            mode = mode_of(user_verified=user_verified, slot=slot)
            alone = not full and self._store.is_known(request.terminal, holding.coupon.id)
            spend = Spend(holding.next_minor, amount, mode)
            answer = Answer(
                digest, request_bytes, slot, request.terminal, holding.coupon.id, spend,
                full=not alone, signature=None,
            )  # fmt: skip
            self._store.reserve(answer)
        elif full and not answer.full:
            self._store.forget(answer.terminal, answer.coupon_id)
            answer = self._store.spell_out(answer)
        return self._release(self._signed(answer), repeated=repeated)

    def hear_ack(self, ack_bytes: bytes, journal_key: PublicKey | None = None) -> Acknowledged:
        """Take a terminal's ack for a recent payment, and keep it until it becomes a receipt.

        With the terminal's journal key the ack is verified against the recent payments; without
        it, it is believed to answer the last one, which at worst costs a *coupon unknown here*.
        From an acceptance on, that terminal gets spends of that coupon alone.

        Raises:
            DecodeError: not an ack.
            SignatureInvalid: it answers no recent payment.
            WalletError: nothing was paid yet.
        """
        recent = self.payments()[-RECENT_PAYMENTS:][::-1]
        if not recent:
            raise WalletError("nothing was paid yet that this could answer")
        ack, payment = decode_ack(ack_bytes), recent[0]
        if journal_key is not None:
            payment = _answered(ack_bytes, journal_key, recent)
        if ack.status is not AckStatus.DECLINED:
            self._store.know(payment.terminal, payment.coupon_id, ack_bytes)
        return Acknowledged(payment, ack, verified=journal_key is not None)

    def trust_payee_key(self, public_key: bytes) -> None:
        """Believe payee cards signed by this key of the host's (32 or 33 bytes)."""
        parse_public_key(public_key, "payee key")
        self._store.keep("payee-key", public_key)

    def payee_name(
        self, request_bytes: bytes, card_bytes: bytes | None, now_unix_s: int
    ) -> str | None:
        """The name to show for a request: from a card just read or kept; None: *unknown payee*."""
        slot = f"payee-card-{decode_request(request_bytes).terminal}"
        data, key = card_bytes or self._store.kept(slot), self._store.kept("payee-key")
        name = trusted_name(data, key, decode_request(request_bytes), now_unix_s)
        if name is not None and data is not None:
            self._store.keep(slot, data)
        return name

    def payments(self) -> tuple[Payment, ...]:
        """Every payment that was released, oldest first."""
        signed = (answer for answer in self._store.answers() if answer.signature is not None)
        return tuple(self._release(answer, repeated=True) for answer in signed)

    def _choose(
        self, currency: int, amount_minor: int, now_unix_s: int, wanted: CouponId | None
    ) -> Holding:
        able = [
            held
            for held in self._store.holdings()
            if held.coupon.fields.currency == currency and held.remaining_minor >= amount_minor
        ]
        if wanted is not None:
            able = [held for held in able if held.coupon.id == wanted]
        else:
            able = [held for held in able if held.valid_at(now_unix_s)]
        if not able:
            raise WalletError("no coupon here is valid, in that currency, and large enough")
        return min(able, key=lambda held: held.coupon.fields.not_after_unix_s)

    def _signed(self, answer: Answer) -> Answer:
        """The answer with its signature, made now where a crash cut it off."""
        if answer.signature is not None:
            return answer
        holding = self._store.holding(answer.coupon_id)
        signer = self._keys.signer(holding.label)
        digest = holding.coupon.digest
        signature = sign_spend(answer.spend, answer.request_bytes, answer.slot, digest, signer)
        verify_spend(
            answer.spend, signature, holder_key=parse_public_key(signer.public_key, "holder key"),
            request_bytes=answer.request_bytes, slot=answer.slot, coupon_digest=digest,
        )  # fmt: skip
        return self._store.keep_signature(answer, signature)

    def _release(self, answer: Answer, *, repeated: bool) -> Payment:
        holding = self._store.holding(answer.coupon_id)
        assert answer.signature is not None
        whole = Full(holding.coupon, answer.spend, answer.signature)
        alone = Alone(answer.coupon_id, answer.spend, answer.signature)
        presentation = (whole if answer.full else alone).encode()
        return Payment(
            presentation=presentation,
            check_code=check_code(presentation),
            coupon_id=answer.coupon_id,
            terminal=answer.terminal,
            currency=holding.coupon.fields.currency,
            from_minor=answer.spend.from_minor,
            amount_minor=answer.spend.amount_minor,
            full=answer.full,
            repeated=repeated,
        )

    def _label_of(self, public_key: bytes) -> str:
        for label in sorted(self._keys.labels()):
            if self._keys.signer(label).public_key == public_key:
                return label
        raise WalletError("the coupon belongs to a key that is not in this wallet")


def _answered(ack_bytes: bytes, key: PublicKey, recent: tuple[Payment, ...]) -> Payment:
    for payment in recent:
        digest = spend_digest(decode_presentation(payment.presentation))
        try:
            verify_ack(ack_bytes, key, payment.terminal, digest)
        except SignatureInvalid:
            continue
        return payment
    raise SignatureInvalid("the ack answers none of the recent payments")
