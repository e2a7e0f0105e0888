"""A wallet whose phone goes off: what was signed never overlaps, and a request has one answer."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_sim.world.wallet import Wallet, WalletError
from terminal.crypto import cbor
from terminal.payment.presentation import decode_presentation
from terminal.payment.spend import SpendId
from tests.host_sim.world.purses import NOW, BatteryEmpty, MemoryKeys, ask, stock


@pytest.mark.parametrize("fails", ["before", "after"])
def test_power_lost_while_signing_leaves_one_answer(tmp_path: Path, fails: str) -> None:
    keys = MemoryKeys()
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
