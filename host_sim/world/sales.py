"""Sales without a shop: real coupons and spends, one after the other, from a seed.

For tests, benchmarks and crash runs that need a journal to fill. Everything is signed as a phone
and an issuer would; the clock only moves when it is read. As a program it sells into a journal
until it is killed, and prints a line after each commit and each announcement mark::

    python -m host_sim.world.sales PATH
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from terminal.crypto import cose
from terminal.crypto.keys import PublicKey, SoftwareSigner, parse_public_key
from terminal.journal.draft import EntryDraft
from terminal.journal.entry import Entry, EntryKind
from terminal.journal.writer import Journal
from terminal.payment.coupon import PURPOSE as COUPON_PURPOSE
from terminal.payment.coupon import Coupon, CouponFields, CouponId, decode_coupon, sign_coupon
from terminal.payment.limits import Limits
from terminal.payment.policy import HostKeys, IssuerKey, Policy, sign_policy
from terminal.payment.presentation import Alone, Full
from terminal.payment.request import Ask, Request
from terminal.payment.spend import Spend, mode_of, sign_spend, signed_bytes
from terminal.ports import ClockQuality, Signer

ORIGIN: Final = "host.example/t/7/1"
NOON_UNIX_S: Final = 1_794_916_800
TERMINAL: Final = 7
MIRROR_NAME: Final = "host.example/m"
CURRENCY: Final = 156
LIMIT_MINOR: Final = 1_000_000


@dataclass(slots=True)
class SteppingClock:
    """A clock that moves ``step_s`` with every look at it."""

    now_unix_s: int = NOON_UNIX_S
    step_s: int = 1
    trusted: ClockQuality = ClockQuality.NTP
    boot: bytes = b"boot 001"

    def unix_s(self) -> int:
        self.now_unix_s += self.step_s
        return self.now_unix_s

    def quality(self) -> ClockQuality:
        return self.trusted

    def monotonic_ms(self) -> int:
        return (self.now_unix_s - NOON_UNIX_S) * 1000 if self.now_unix_s > NOON_UNIX_S else 0

    def boot_id(self) -> bytes:
        return self.boot


@dataclass(slots=True)
class Shop:
    """One terminal's keys and clock, and phones that pay it."""

    seed: int = 1
    phones: int = 5
    clock: SteppingClock = field(default_factory=SteppingClock)
    _random: random.Random = field(init=False)
    _journal_key: SoftwareSigner = field(init=False)
    _issuer: SoftwareSigner = field(init=False)
    _holders: list[SoftwareSigner] = field(init=False)
    _coupons: list[Coupon] = field(init=False)
    _spent_minor: list[int] = field(init=False)
    sales: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._journal_key = SoftwareSigner("Ed25519", self._random.randbytes(32))
        self._issuer = SoftwareSigner("Ed25519", self._random.randbytes(32))
        self._holders = [
            SoftwareSigner("Ed25519", self._random.randbytes(32)) for _ in range(self.phones)
        ]
        self._coupons = [self._issue(number) for number in range(self.phones)]
        self._spent_minor = [0] * self.phones

    @property
    def journal_key(self) -> SoftwareSigner:
        return self._journal_key

    def random_bytes(self, size: int) -> bytes:
        return self._random.randbytes(size)

    def open(self, path: Path, vfs: str | None = None) -> Journal:
        """The shop's journal."""
        return Journal.open(
            path,
            signer=self._journal_key,
            origin=ORIGIN,
            clock=self.clock,
            random_bytes=self.random_bytes,
            vfs=vfs,
        )

    def draft(self, amount_minor: int = 1250, phone: int | None = None) -> EntryDraft:
        """The next accepted sale: the coupon in full the first time, then the spend alone."""
        phone = self.sales % self.phones if phone is None else phone
        self.sales += 1
        start, self._spent_minor[phone] = (
            self._spent_minor[phone],
            self._spent_minor[phone] + amount_minor,
        )
        request = Request(
            7, CURRENCY, amount_minor, self._random.randbytes(8), Ask.NOTHING
        ).encode()
        coupon = self._coupons[phone]
        spend = Spend(start, amount_minor, mode_of())
        signature = sign_spend(spend, request, None, coupon.digest, self._holders[phone])
        presentation = (
            Alone(coupon.id, spend, signature) if start else Full(coupon, spend, signature)
        )
        return EntryDraft(
            EntryKind.ACCEPTED,
            policy=1,
            sale=self.sales,
            request=request,
            presentation=presentation.encode(),
            coupon_digest=coupon.digest,
            spend=presentation.spend_id,
            coupon_bytes=None if start else coupon.encode(),
        )

    def sell(self, journal: Journal, amount_minor: int = 1250, phone: int | None = None) -> Entry:
        """One sale, accepted and durable."""
        draft = self.draft(amount_minor, phone)
        with journal.transaction() as transaction:
            return transaction.append(draft)

    def signatures(self) -> tuple[tuple[PublicKey, bytes, bytes], ...]:
        """Key, signature and message of one coupon and one spend: what a full one costs."""
        coupon = self._coupons[0]
        issuer = parse_public_key(self._issuer.public_key, "issuer")
        aad = cose.external_aad(COUPON_PURPOSE, issuer.algorithm)
        message = cose.sig_structure(coupon.payload, aad)
        holder = parse_public_key(self._holders[0].public_key, "holder")
        spent = signed_bytes(Spend(0, 10, 0), holder.algorithm, bytes(22), None, coupon.digest)
        return (
            (issuer, coupon.signature, message),
            (holder, self._holders[0].sign(spent), spent),
        )

    def resume(self, journal: Journal) -> None:
        """Let the phones go on where this journal last saw them."""
        with journal.transaction() as transaction:
            for phone, coupon_id in enumerate(self.coupon_ids()):
                seen = transaction.counters(coupon_id).coupon
                self._spent_minor[phone] = 0 if seen is None else seen.high_minor

    def policy(self, version: int, root: Signer, verdict: Signer, mirror: Signer) -> bytes:
        """A policy of this shop's terminal, signed by the host's root."""
        far = NOON_UNIX_S + 365 * 86_400
        issuer_key = parse_public_key(self._issuer.public_key, "issuer")
        issuer = IssuerKey(1, issuer_key, LIMIT_MINOR, (1,), 0, far, far)
        host = HostKeys(
            verdict=parse_public_key(verdict.public_key, "verdict"),
            mirror=parse_public_key(mirror.public_key, "mirror"),
            mirror_name=MIRROR_NAME,
        )
        policy = Policy(
            version=version,
            issued_at_unix_s=NOON_UNIX_S,
            not_before_unix_s=NOON_UNIX_S,
            merchant=1,
            site=1,
            terminal=TERMINAL,
            name="Shop",
            currency=CURRENCY,
            scopes=(1,),
            limits=Limits(10_000, 5_000, 50_000, 10**6, 10**4, 10, 86_400, 86_400, 1_000),
            issuers=(issuer,),
            host=host,
        )
        return sign_policy(policy, root)

    def coupon_ids(self) -> Iterator[CouponId]:
        """The phones' coupons, in order."""
        return (coupon.id for coupon in self._coupons)

    def _issue(self, number: int) -> Coupon:
        fields = CouponFields(
            kind=0,
            issuer=1,
            serial=1000 + number,
            holder_key=parse_public_key(self._holders[number].public_key, "holder"),
            limit_minor=LIMIT_MINOR,
            currency=CURRENCY,
            scope=1,
            not_after_unix_s=NOON_UNIX_S + 30 * 86_400,
            lifetime_h=24 * 60,
        )
        return decode_coupon(sign_coupon(fields, self._issuer))


def main() -> None:
    """Sell into the journal named by the first argument, for ever."""
    shop = Shop(phones=50)
    with shop.open(Path(sys.argv[1])) as journal:
        shop.resume(journal)
        print(f"open {journal.size}", flush=True)
        while True:
            entry = shop.sell(journal, 1)
            print(f"accepted {entry.index} {entry.leaf().hex()}", flush=True)
            journal.mark_announced(entry.index)
            print(f"announced {entry.index}", flush=True)
            journal.idle()


if __name__ == "__main__":
    main()
