"""What terminals say is for phones: it is no presentation, and no presentation is taken for it."""

from __future__ import annotations

import pytest

from terminal.payment.ack import Ack, AckStatus, sign_ack
from terminal.payment.request import StaticRequest
from terminal.runtime.overheard import is_for_phones
from tests.terminal.payment.stall import CNY, REQUEST, TERMINAL, pay, signer

ACK = sign_ack(Ack(AckStatus.ACCEPTED, 4, bytes(32)), TERMINAL, bytes(32), signer("journal"))


@pytest.mark.parametrize(
    "payload", [REQUEST.encode(), StaticRequest(TERMINAL, CNY).encode(), ACK], ids=len
)
def test_requests_and_acks_are_for_phones(payload: bytes) -> None:
    assert is_for_phones(payload)


@pytest.mark.parametrize("payload", [pay(REQUEST), pay(REQUEST)[:-1], b"", b"noise"], ids=len)
def test_presentations_and_noise_are_for_the_till(payload: bytes) -> None:
    assert not is_for_phones(payload)
