"""Trust: which refusal each falsehood meets, and that nothing unverified passes for verified."""

from __future__ import annotations

import contextlib
import cProfile
import pstats
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from terminal.crypto import cose, keys
from terminal.crypto.keys import PublicKey
from terminal.errors import DecodeError
from terminal.payment.clock_floor import Moment
from terminal.payment.coupon import decode_coupon, sign_coupon
from terminal.payment.decision import decide
from terminal.payment.presentation import (
    Alone,
    Full,
    alone_presentation,
    bearer_presentation,
    decode_presentation,
    full_presentation,
)
from terminal.payment.reasons import Reason
from terminal.payment.request import Request, StaticRequest
from terminal.payment.spend import mode_of
from terminal.payment.verification import (
    PresentationRefused,
    Prior,
    VerifiedPresentation,
    read_presentation,
    verify,
)
from terminal.ports import ClockQuality
from tests.terminal.payment import stall
from tests.terminal.payment.stall import MOMENT, checked, pay

ASKED = stall.request()
COUPON = sign_coupon(stall.FIELDS, stall.ISSUER)


def refused(act: Callable[..., object], *arguments: Any, **named: Any) -> Reason:
    with pytest.raises(PresentationRefused) as caught:
        act(*arguments, **named)
    return caught.value.reason


def alone(request_bytes: bytes, from_minor: int = 0, amount: int = 1250) -> bytes:
    return alone_presentation(COUPON, from_minor, amount, 0, request_bytes, None, stall.HOLDER)


def test_a_genuine_presentation_carries_what_was_proved() -> None:
    verified = checked(pay(ASKED), ASKED)
    assert verified.coupon.encode() == COUPON
    assert verified.issuer is stall.ISSUER_KEY
    assert verified.request_bytes == ASKED.encode()
    assert (verified.slot, verified.replayed, verified.prior_entry) == (None, False, None)


def test_a_recording_at_another_terminal_is_genuine_but_not_for_this_sale() -> None:
    elsewhere = Request(stall.TERMINAL + 1, stall.CNY, 1250, b"another!")
    under = stall.policy(terminal=stall.TERMINAL + 1)
    recording = pay(ASKED)
    assert refused(checked, recording, elsewhere, under) is Reason.NOT_FOR_THIS_SALE


@pytest.mark.parametrize(
    "asked",
    [
        Request(stall.TERMINAL, stall.CNY, 1250, b"\0" * 8),
        Request(stall.TERMINAL, stall.CNY, 1251, ASKED.nonce),
        Request(stall.TERMINAL, 978, 1250, ASKED.nonce),
        Request(stall.TERMINAL + 1, stall.CNY, 1250, ASKED.nonce),
    ],
    ids=["nonce", "amount", "currency", "terminal"],
)
def test_any_other_request_is_another_sale(asked: Request) -> None:
    assert refused(checked, pay(ASKED), asked) is Reason.NOT_FOR_THIS_SALE


def test_every_changed_bit_of_the_coupon_is_unknown_or_damaged() -> None:
    data = pay(ASKED)
    start = data.index(COUPON)
    for bit in range(8 * len(COUPON)):
        changed = bytearray(data)
        changed[start + bit // 8] ^= 1 << bit % 8
        reason = refused(lambda data: checked(read_presentation(data), ASKED), bytes(changed))
        assert reason is Reason.UNKNOWN_OR_DAMAGED, bit


def test_every_changed_bit_of_the_spend_is_refused() -> None:
    data = pay(ASKED)
    start = data.index(COUPON) + len(COUPON)
    for bit in range(8 * start, 8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(PresentationRefused):
            checked(read_presentation(bytes(changed)), ASKED)


def test_an_issuer_that_the_policy_does_not_know_is_unknown() -> None:
    data = pay(ASKED, coupon=stall.fields(issuer=1001))
    assert refused(checked, data, ASKED) is Reason.UNKNOWN_OR_DAMAGED


def test_a_coupon_signed_by_anybody_else_is_unknown() -> None:
    forged = sign_coupon(stall.FIELDS, stall.signer("mallory"))
    data = full_presentation(forged, 0, 1250, 0, ASKED.encode(), None, stall.HOLDER)
    assert refused(checked, data, ASKED) is Reason.UNKNOWN_OR_DAMAGED


def test_anothers_signature_on_the_spend_is_not_for_this_sale() -> None:
    stolen = full_presentation(COUPON, 0, 1250, 0, ASKED.encode(), None, stall.signer("thief"))
    assert refused(checked, stolen, ASKED) is Reason.NOT_FOR_THIS_SALE


def test_a_signature_made_for_another_purpose_is_not_a_spend() -> None:
    coupon = decode_coupon(COUPON)
    full = decode_presentation(pay(ASKED))
    assert isinstance(full, Full)
    payload = full.spend.encode_payload()
    for purpose in ("kumquat.coupon.1", "kumquat.ack.1", "kumquat.spend.2"):
        aad = cose.external_aad(purpose, -19, ASKED.encode(), None, coupon.digest)
        signature = stall.HOLDER.sign(cose.sig_structure(payload, aad))
        crossed = Full(coupon, full.spend, signature)
        assert refused(checked, crossed, ASKED) is Reason.NOT_FOR_THIS_SALE


def test_a_spend_is_bound_to_the_coupon_it_was_signed_with() -> None:
    richer = sign_coupon(stall.fields(limit_minor=19_999), stall.ISSUER)
    full = decode_presentation(pay(ASKED))
    assert isinstance(full, Full)
    moved = Full(decode_coupon(richer), full.spend, full.signature)
    assert refused(checked, moved, ASKED) is Reason.NOT_FOR_THIS_SALE


def test_a_spend_alone_needs_the_coupon_here() -> None:
    data = alone(ASKED.encode())
    assert refused(checked, data, ASKED) is Reason.COUPON_UNKNOWN_HERE
    other = sign_coupon(stall.fields(serial=5), stall.ISSUER)
    unknown = refused(checked, data, ASKED, known_coupon=other)
    assert unknown is Reason.COUPON_UNKNOWN_HERE
    broken = refused(checked, data, ASKED, known_coupon=COUPON[:-1])
    assert broken is Reason.COUPON_UNKNOWN_HERE
    verified = checked(data, ASKED, known_coupon=COUPON)
    assert verified.coupon.encode() == COUPON


def test_the_coupon_held_here_is_verified_again() -> None:
    forged = sign_coupon(stall.FIELDS, stall.signer("mallory"))
    data = alone(ASKED.encode())
    reason = refused(checked, data, ASKED, known_coupon=forged)
    assert reason is Reason.UNKNOWN_OR_DAMAGED


def test_a_spend_alone_for_another_sale_is_refused() -> None:
    data = alone(stall.request(sale=9).encode())
    reason = refused(checked, data, ASKED, known_coupon=COUPON)
    assert reason is Reason.NOT_FOR_THIS_SALE


def test_with_no_sale_open_nothing_but_a_recording_is_recognised() -> None:
    data = pay(ASKED)
    assert refused(checked, data, None) is Reason.NO_OPEN_SALE
    replay = checked(data, None, prior=Prior(4, data))
    assert (replay.replayed, replay.prior_entry) == (True, 4)
    bearer = bearer_presentation(sign_coupon(stall.fields(kind=1, holder_key=None), stall.ISSUER))
    assert refused(checked, bearer, None) is Reason.NO_OPEN_SALE


def test_only_the_very_spend_that_was_taken_counts_as_its_recording() -> None:
    first, later = stall.request(sale=1), stall.request(sale=2)
    taken = pay(first)
    same_interval_elsewhere = pay(stall.request(sale=3))
    reason = refused(checked, same_interval_elsewhere, later, prior=Prior(4, taken))
    assert reason is Reason.NOT_FOR_THIS_SALE
    assert checked(taken, later, prior=Prior(4, taken)).replayed
    short = alone(first.encode())
    assert checked(short, later, prior=Prior(4, taken), known_coupon=COUPON).replayed
    reason = refused(checked, taken, later, prior=Prior(4, b"damaged"))
    assert reason is Reason.NOT_FOR_THIS_SALE


def test_a_recording_with_a_changed_mode_is_not_the_spend_that_was_taken() -> None:
    taken = decode_presentation(pay(ASKED))
    assert isinstance(taken, Full)
    claimed = Full(taken.coupon, replace(taken.spend, mode=1), taken.signature)
    prior = Prior(4, taken.encode())
    reason = refused(checked, claimed, stall.request(sale=2), prior=prior)
    assert reason is Reason.NOT_FOR_THIS_SALE


def test_a_recording_with_a_changed_coupon_is_still_damaged() -> None:
    taken = pay(ASKED)
    changed = bytearray(taken)
    changed[taken.index(COUPON) + len(COUPON) - 1] ^= 1
    prior = Prior(4, taken)
    later = stall.request(sale=2)
    reason = refused(checked, bytes(changed), later, prior=prior)
    assert reason is Reason.UNKNOWN_OR_DAMAGED


def test_a_printed_codes_minute_needs_a_known_clock() -> None:
    static = StaticRequest(stall.TERMINAL, stall.CNY).encode()
    slot = MOMENT.slot
    data = full_presentation(COUPON, 0, 900, mode_of(slot=slot), static, slot, stall.HOLDER)
    assert checked(data, stall.request(900)).slot == slot
    unknown = Moment(stall.NOW, ClockQuality.UNKNOWN, 0)
    for moment in (None, unknown):
        reason = refused(checked, data, ASKED, moment=moment)
        assert reason is Reason.CLOCK_UNKNOWN
    later = Moment(stall.NOW + 240, ClockQuality.NTP, 0)
    assert refused(checked, data, ASKED, moment=later) is Reason.OUTSIDE_SLOT


def test_a_printed_codes_slot_eight_minutes_on_is_another_slot() -> None:
    static = StaticRequest(stall.TERMINAL, stall.CNY).encode()
    slot = MOMENT.slot
    data = full_presentation(COUPON, 0, 900, mode_of(slot=slot), static, slot, stall.HOLDER)
    later = Moment(stall.NOW + 480, ClockQuality.NTP, 0)
    assert refused(checked, data, ASKED, moment=later) is Reason.NOT_FOR_THIS_SALE


def signature_checks(act: Callable[..., object], *arguments: Any, **named: Any) -> int:
    """How often a key was asked to verify."""
    profile = cProfile.Profile()
    with contextlib.suppress(PresentationRefused):
        profile.runcall(act, *arguments, **named)
    profile.create_stats()
    found: dict[tuple[str, int, str], tuple[int, ...]] = pstats.Stats(profile).__dict__["stats"]
    return sum(
        counts[0]
        for (file, _, name), counts in found.items()
        if name == PublicKey.verify.__name__ and file == keys.__file__
    )


def test_whatever_comes_costs_at_most_two_signature_checks() -> None:
    first, later = stall.request(sale=1), stall.request(sale=2)
    taken = pay(first)
    assert signature_checks(checked, taken, first) == 2
    assert signature_checks(checked, taken, later) == 2
    assert signature_checks(checked, taken, later, prior=Prior(4, taken)) == 2
    assert signature_checks(checked, taken, None) == 1
    assert signature_checks(checked, alone(first.encode()), first) == 0
    assert signature_checks(checked, alone(first.encode()), first, known_coupon=COUPON) == 2
    stranger = pay(first, coupon=stall.fields(issuer=1001))
    assert signature_checks(checked, stranger, first) == 0


def test_only_verification_makes_a_verified_presentation() -> None:
    real = checked(pay(ASKED), ASKED)
    with pytest.raises(TypeError, match="verify"):
        VerifiedPresentation(
            presentation=real.presentation,
            coupon=real.coupon,
            issuer=real.issuer,
            request_bytes=real.request_bytes,
            slot=None,
            policy_version=real.policy_version,
        )
    with pytest.raises(TypeError, match="verify"):
        replace(real, presentation=decode_presentation(pay(stall.request(sale=2))))
    assert decide.__annotations__["verified"] == VerifiedPresentation.__name__
    assert verify.__annotations__["return"] == VerifiedPresentation.__name__


def test_what_cannot_be_read_is_unknown_or_damaged() -> None:
    for data in (b"", b"\x80", b"hello", pay(ASKED)[:-1], pay(ASKED) + b"\0", b"\xff" * 204):
        assert refused(read_presentation, data) is Reason.UNKNOWN_OR_DAMAGED


def test_a_coupon_of_the_wrong_class_is_refused_at_the_form() -> None:
    with pytest.raises(DecodeError, match=r"presentation\.coupon"):
        decode_presentation(bearer_presentation(COUPON))
    bearer = sign_coupon(stall.fields(kind=1, holder_key=None), stall.ISSUER)
    data = full_presentation(bearer, 0, 20_000, 0, ASKED.encode(), None, stall.HOLDER)
    with pytest.raises(DecodeError, match=r"presentation\.coupon"):
        decode_presentation(data)


def test_a_spend_of_a_bearer_coupon_by_number_alone_is_unknown() -> None:
    bearer = sign_coupon(stall.fields(kind=1, holder_key=None), stall.ISSUER)
    short = decode_presentation(alone(ASKED.encode()))
    assert isinstance(short, Alone)
    reason = refused(checked, short, ASKED, known_coupon=bearer)
    assert reason is Reason.COUPON_UNKNOWN_HERE
