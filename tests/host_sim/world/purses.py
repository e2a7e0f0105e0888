"""Wallets to test with: keys in memory that can lose power, coupons and requests to pay."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from terminal.crypto.keys import SoftwareSigner, parse_public_key, private_signer
from terminal.errors import KeyStoreError
from terminal.payment.coupon import CouponFields, sign_coupon
from terminal.payment.request import Request

if TYPE_CHECKING:
    from host_sim.world.wallet import Wallet
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
