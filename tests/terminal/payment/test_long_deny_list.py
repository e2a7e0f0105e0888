"""The long deny list in a decision: any container will do, beside policy's own."""

from __future__ import annotations

import pytest

from terminal.payment import deny_list
from terminal.payment.counters import Counters
from terminal.payment.decision import Approved, Decision, decide
from terminal.payment.policy import Policy
from terminal.payment.reasons import Reason
from tests.terminal.payment import stall

UID = b"\x04UID567"
HOLDER = deny_list.deny_subject(deny_list.DenyKind.HOLDER, stall.HOLDER.public_key)
COUPON = deny_list.coupon_subject(stall.FIELDS.id)
LISTED = [
    (Reason.ISSUER_DENIED, deny_list.issuer_subject(1000)),
    (Reason.COUPON_DENIED, COUPON),
    (Reason.HOLDER_DENIED, HOLDER),
    (Reason.CARD_DENIED, deny_list.card_subject(UID)),
    (Reason.TERMINAL_DENIED, deny_list.terminal_subject(stall.TERMINAL)),
]


class Listed:
    """A deny list of these subjects."""

    def __init__(self, *subjects: bytes) -> None:
        self.version = 7
        self._subjects = frozenset(subjects)

    def __contains__(self, subject: object, /) -> bool:
        return subject in self._subjects


def decided(deny: deny_list.DenyList | None, policy: Policy = stall.POLICY) -> Decision:
    asked = stall.request()
    return decide(
        stall.checked(stall.pay(asked), asked, policy),
        request=asked,
        policy=policy,
        counters=Counters(),
        moment=stall.MOMENT,
        card_uid=UID,
        deny=deny,
    )


@pytest.mark.parametrize(("reason", "subject"), LISTED)
def test_each_name_on_the_long_list_declines(reason: Reason, subject: bytes) -> None:
    assert stall.reasons(decided(Listed(subject, b"\xff" * 8))) == (reason,)


def test_a_long_list_without_the_payer_approves() -> None:
    assert isinstance(decided(Listed(b"\xff" * 8)), Approved)
    assert isinstance(decided(None), Approved)


def test_policys_own_list_holds_beside_the_long_one_and_without_it() -> None:
    policy = stall.policy(deny=frozenset({COUPON}))
    both = (Reason.COUPON_DENIED, Reason.HOLDER_DENIED)
    assert stall.reasons(decided(Listed(HOLDER), policy)) == both
    assert stall.reasons(decided(None, policy)) == (Reason.COUPON_DENIED,)
    assert stall.reasons(decided(Listed(COUPON), policy)) == (Reason.COUPON_DENIED,)
