"""A till that sells as fast as it can: real keys, fresh coupons, a policy without bounds."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.floor import Signed
from terminal.crypto import cose
from terminal.crypto.keys import SoftwareSigner, parse_public_key, private_signer
from terminal.devices.system_clock import SystemClock
from terminal.journal.writer import Journal
from terminal.payment import coupon as coupons
from terminal.payment.coupon import CouponFields, sign_coupon
from terminal.payment.limits import Limits
from terminal.payment.policy import HostKeys, IssuerKey, Policy
from terminal.payment.presentation import (
    Full,
    alone_presentation,
    decode_presentation,
    full_presentation,
)
from terminal.payment.spend import signed_bytes
from terminal.sale.till import Till
from terminal.sale.timekeeper import Timekeeper

CURRENCY: Final = 156
AMOUNT_MINOR: Final = 1250
SCOPE: Final = 70_000
TERMINAL: Final = 123_456
YEAR_S: Final = 365 * 86_400
MANY: Final = 10**12


@dataclass(frozen=True, slots=True)
class Prepared:
    """An answer to the open sale, and the two signatures in it."""

    presentation: bytes
    signatures: tuple[Signed, ...]


class BenchStall:
    """One till over a fresh journal. ``prepare`` opens a sale and answers it, untimed."""

    def __init__(self, path: Path, seed: int) -> None:
        self._chance = random.Random(seed)
        self._clock = SystemClock()
        self._now_s = self._clock.unix_s()
        self._issuer = self._signer()
        self._holder = self._signer()
        self._issuer_key = parse_public_key(self._issuer.public_key, "issuer")
        self._holder_key = parse_public_key(self._holder.public_key, "holder")
        self._serial = 77_000_000
        self.journal_key = self._signer()
        self._path = path
        self._sells_under = self._policy()
        self.reopen()

    def reopen(self) -> None:
        """The journal and a till over it, as after the start of the process."""
        self.journal = Journal.open(
            self._path,
            signer=self.journal_key,
            origin=f"host.example/t/{TERMINAL}/1",
            clock=self._clock,
            random_bytes=os.urandom,
        )
        timekeeper = Timekeeper(self._clock)
        timekeeper.hear_host(self._now_s)
        self.till = Till(
            self.journal,
            self._sells_under,
            signer=self.journal_key,
            clock=self._clock,
            timekeeper=timekeeper,
            random_bytes=os.urandom,
        )

    def coupon_for(self, public_key: bytes, limit_minor: int) -> bytes:
        """A new coupon of this issuer for somebody else's key."""
        self._serial += 1
        fields = _fields(self._holder, self._serial, self._now_s)
        holder_key = parse_public_key(public_key, "holder")
        return sign_coupon(
            replace(fields, holder_key=holder_key, limit_minor=limit_minor), self._issuer
        )

    def prepare(self) -> Prepared:
        """A new sale and a new coupon's full presentation for it; the sale before is announced."""
        for index in self.journal.head.unannounced:
            self.journal.mark_announced(index)
        sale = self.till.open(AMOUNT_MINOR)
        coupon = self._coupon()
        data = full_presentation(coupon, 0, AMOUNT_MINOR, 0, sale.request_bytes, None, self._holder)
        full = decode_presentation(data)
        assert isinstance(full, Full)
        issued = cose.external_aad(coupons.PURPOSE, self._issuer_key.algorithm)
        spent = signed_bytes(
            full.spend, self._holder_key.algorithm, sale.request_bytes, None, full.coupon.digest
        )
        message = cose.sig_structure(full.coupon.payload, issued)
        return Prepared(
            data,
            (
                (self._issuer_key, full.coupon.signature, message),
                (self._holder_key, full.signature, spent),
            ),
        )

    @classmethod
    def sizes(cls, seed: int) -> dict[str, float]:
        """Bytes of what travels, for sums and numbers as they are at a stall."""
        chance = random.Random(seed)
        issuer = private_signer("Ed25519", chance.randbytes(32))
        holder = private_signer("Ed25519", chance.randbytes(32))
        coupon = sign_coupon(_fields(holder, 77_000_000, 1_790_000_000), issuer)
        request = bytes(22)
        full = full_presentation(coupon, 3_000, AMOUNT_MINOR, 0, request, None, holder)
        alone = alone_presentation(coupon, 3_000, AMOUNT_MINOR, 0, request, None, holder)
        return {
            "spend_alone_bytes": float(len(alone)),
            "presentation_bytes": float(len(full)),
            "coupon_bytes": float(len(coupon)),
        }

    def close(self) -> None:
        """Let go of the journal."""
        self.journal.close()

    def _signer(self) -> SoftwareSigner:
        return private_signer("Ed25519", self._chance.randbytes(32))

    def _coupon(self) -> bytes:
        self._serial += 1
        return sign_coupon(_fields(self._holder, self._serial, self._now_s), self._issuer)

    def _policy(self) -> Policy:
        far = self._now_s + YEAR_S
        verdict, mirror = self._signer(), self._signer()
        issuer = IssuerKey(1000, self._issuer_key, MANY, (SCOPE,), 0, far, far)
        return Policy(
            version=1,
            issued_at_unix_s=self._now_s,
            not_before_unix_s=self._now_s - 1,
            merchant=1,
            site=1,
            terminal=TERMINAL,
            name="Bench",
            currency=CURRENCY,
            scopes=(SCOPE,),
            limits=Limits(MANY, MANY, MANY, MANY, MANY, MANY, YEAR_S, YEAR_S, MANY),
            issuers=(issuer,),
            host=HostKeys(
                verdict=parse_public_key(verdict.public_key, "verdict"),
                mirror=parse_public_key(mirror.public_key, "mirror"),
                mirror_name="bench/mirror",
            ),
        )


def _fields(holder: SoftwareSigner, serial: int, now_s: int) -> CouponFields:
    return CouponFields(
        kind=0,
        issuer=1000,
        serial=serial,
        holder_key=parse_public_key(holder.public_key, "holder"),
        limit_minor=50_000,
        currency=CURRENCY,
        scope=SCOPE,
        not_after_unix_s=now_s + 86_400,
        lifetime_h=720,
    )
