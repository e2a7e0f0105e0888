"""A stall to test at: one issuer, one holder, one terminal, all with fixed keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from terminal.crypto.keys import SoftwareSigner, parse_public_key, private_signer
from terminal.payment.clock_floor import Moment
from terminal.payment.counters import Counters, after
from terminal.payment.coupon import CouponFields, sign_coupon
from terminal.payment.decision import Approved, Decision, Declined, decide
from terminal.payment.limits import Limits
from terminal.payment.policy import HostKeys, IssuerKey, Policy
from terminal.payment.presentation import Presentation, decode_presentation, full_presentation
from terminal.payment.reasons import Reason
from terminal.payment.request import Request
from terminal.payment.spend import mode_of
from terminal.payment.verification import Prior, VerifiedPresentation, verify
from terminal.ports import ClockQuality

NOW = 1_790_000_000
DAY = 86_400
CNY = 156
TERMINAL = 123_456
SCOPE = 70_000


def signer(name: str, algorithm: str = "Ed25519") -> SoftwareSigner:
    """The key of this name, always the same."""
    return private_signer(algorithm, name.encode().ljust(32, b"\0"))


ISSUER = signer("issuer")
HOLDER = signer("holder")
FIELDS = CouponFields(
    kind=0,
    issuer=1000,
    serial=77_000_000,
    holder_key=parse_public_key(HOLDER.public_key, "holder"),
    limit_minor=20_000,
    currency=CNY,
    scope=SCOPE,
    not_after_unix_s=NOW + 3 * DAY,
    lifetime_h=96,
)
LIMITS = Limits(
    floor_limit_minor=5_000,
    second_limit_minor=3_000,
    coupon_cap_minor=10_000,
    cumulative_limit_minor=50_000,
    count_limit=100,
    consecutive_limit=5,
    offline_horizon_s=7 * DAY,
    staleness_s=2 * DAY,
    unknown_clock_cap_minor=2_000,
)
ISSUER_KEY = IssuerKey(
    issuer=1000,
    key=parse_public_key(ISSUER.public_key, "issuer"),
    limit_cap_minor=20_000,
    scopes=(SCOPE,),
    issued_from_unix_s=NOW - 30 * DAY,
    issued_until_unix_s=NOW + 30 * DAY,
    verify_until_unix_s=NOW + 60 * DAY,
    lifetime_cap_h=100,
)
HOST_KEYS = HostKeys(
    verdict=parse_public_key(signer("verdict").public_key, "verdict"),
    mirror=parse_public_key(signer("mirror").public_key, "mirror"),
    mirror_name="host.example/mirror",
)
POLICY = Policy(
    version=3,
    issued_at_unix_s=NOW - DAY,
    not_before_unix_s=NOW - DAY,
    merchant=9,
    site=4,
    terminal=TERMINAL,
    name="Wang's Fruit",
    currency=CNY,
    scopes=(SCOPE,),
    limits=LIMITS,
    issuers=(ISSUER_KEY,),
    host=HOST_KEYS,
)
REQUEST = Request(TERMINAL, CNY, 1250, b"\x01\x02\x03\x04\x05\x06\x07\x08")
MOMENT = Moment(NOW, ClockQuality.NTP, NOW - DAY)


def fields(**changes: Any) -> CouponFields:
    """The coupon's fields with some changed."""
    return replace(FIELDS, **changes)


def policy(**changes: Any) -> Policy:
    """The policy with some fields, or some limits, changed."""
    limits = {name: changes.pop(name) for name in list(changes) if hasattr(LIMITS, name)}
    return replace(POLICY, limits=replace(LIMITS, **limits), **changes)


def request(amount_minor: int = 1250, sale: int = 1) -> Request:
    """The request of one sale: another number, another nonce."""
    return Request(TERMINAL, CNY, amount_minor, sale.to_bytes(8, "big"))


def pay(
    asked: Request,
    from_minor: int = 0,
    coupon: CouponFields = FIELDS,
    *,
    user_verified: bool = False,
) -> bytes:
    """The holder's full presentation for a request."""
    return full_presentation(
        sign_coupon(coupon, ISSUER),
        from_minor,
        asked.amount_minor,
        mode_of(user_verified=user_verified),
        asked.encode(),
        None,
        HOLDER,
    )


def checked(
    data: bytes | Presentation,
    asked: Request | None,
    under: Policy = POLICY,
    prior: Prior | None = None,
    known_coupon: bytes | None = None,
    moment: Moment | None = MOMENT,
) -> VerifiedPresentation:
    """Decode and verify."""
    presentation = decode_presentation(data) if isinstance(data, bytes) else data
    return verify(
        presentation,
        request_bytes=None if asked is None else asked.encode(),
        known_coupon=known_coupon,
        policy=under,
        prior=prior,
        moment=moment,
    )


def sell(
    data: bytes,
    asked: Request | None,
    counters: Counters | None = None,
    under: Policy = POLICY,
    *,
    prior: Prior | None = None,
    moment: Moment = MOMENT,
    paid_entry: int | None = None,
    seller_confirmed: bool = False,
    by_sound: bool = False,
    card_uid: bytes | None = None,
) -> Decision:
    """Verify, then decide."""
    return decide(
        checked(data, asked, under, prior, moment=moment),
        request=asked,
        policy=under,
        counters=counters or Counters(),
        moment=moment,
        paid_entry=paid_entry,
        seller_confirmed=seller_confirmed,
        by_sound=by_sound,
        card_uid=card_uid,
    )


def reasons(decision: Decision) -> tuple[Reason, ...]:
    """Why it was declined; it must be."""
    assert isinstance(decision, Declined), decision
    return decision.reasons


def accept(data: bytes, asked: Request, counters: Counters, entry: int) -> Counters:
    """Sell and remember; the sale must be approved."""
    decision = sell(data, asked, counters)
    assert isinstance(decision, Approved), decision
    return after(counters, decision.acceptance(entry))
