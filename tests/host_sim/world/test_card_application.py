"""The reference card: stores before it answers, answers the same again, keeps its own rules."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_sim.world.card_application import KumquatApplication
from host_sim.world.card_state import KEPT_ANSWERS, PIN_TRIES, CardState
from terminal.nfc.apdu import Command, Response, decode_response
from terminal.nfc.application import AID, Status
from terminal.nfc.tlv import encode_tlv
from terminal.payment.coupon import decode_coupon
from terminal.payment.presentation import Full, decode_presentation
from terminal.payment.request import StaticRequest
from terminal.payment.spend import verify_spend
from tests.cards import CNY, PAYEE_CARD, MemoryOfCard, blank_card, card_with_coupon, request_for

SELECT = Command(0x00, 0xA4, 0x04, 0x00, AID, 256).encode()


def present(request: bytes, form: int = 0) -> bytes:
    return Command(0x80, 0x50, form, 0x00, encode_tlv(0x80, request), 256).encode()


def verify(pin: str) -> bytes:
    return Command(0x00, 0x20, 0x00, 0x80, pin.encode()).encode()


def tap(state: CardState | MemoryOfCard, *commands: bytes) -> list[Response]:
    """A session: SELECT, then these commands; the answers to these."""
    memory = state if isinstance(state, MemoryOfCard) else MemoryOfCard(state)
    application = KumquatApplication(memory)
    assert decode_response(application.process(SELECT)).status == Status.OK
    return [decode_response(application.process(command)) for command in commands]


@pytest.mark.parametrize("algorithm", ["Ed25519", "P-256"])
def test_the_answer_is_a_spend_of_exactly_this_request(algorithm: str) -> None:
    state = card_with_coupon(algorithm)
    request = request_for(1250)
    [answer] = tap(state, present(request))
    presentation = decode_presentation(answer.data)
    assert isinstance(presentation, Full)
    assert (presentation.spend.from_minor, presentation.spend.amount_minor) == (0, 1250)
    key = decode_coupon(state.coupon).fields.holder_key
    assert key is not None
    verify_spend(
        presentation.spend,
        presentation.signature,
        holder_key=key,
        request_bytes=request,
        slot=None,
        coupon_digest=presentation.coupon.digest,
    )


def test_the_answer_is_stored_before_it_is_released() -> None:
    memory = MemoryOfCard(card_with_coupon())

    class Torn(Exception):
        """Power ends."""

    class TornMemory(MemoryOfCard):
        def store(self, state: CardState) -> None:
            super().store(state)
            raise Torn

    torn = TornMemory(memory.state)
    with pytest.raises(Torn):
        tap(torn, present(request_for()))
    [again] = tap(MemoryOfCard(torn.state), present(request_for()))
    assert torn.state.next_minor == 1250
    assert decode_presentation(again.data).spend.from_minor == 0


def test_the_same_request_gets_the_same_bytes_and_moves_nothing() -> None:
    memory = MemoryOfCard(card_with_coupon())
    answers = [tap(memory, present(request_for()))[0].data for _ in range(3)]
    assert len(set(answers)) == 1
    assert memory.state.next_minor == 1250
    assert len(memory.history) == 1


@given(st.lists(st.integers(1, 6), min_size=1, max_size=30))
def test_intervals_never_overlap_whatever_is_asked_again(numbers: list[int]) -> None:
    memory = MemoryOfCard(card_with_coupon())
    intervals: dict[int, tuple[int, int]] = {}
    for number in numbers:
        [answer] = tap(memory, present(request_for(100 + number, number=number)))
        spend = decode_presentation(answer.data).spend
        interval = (spend.from_minor, spend.from_minor + spend.amount_minor)
        assert intervals.setdefault(number, interval) == interval
    ends = sorted(intervals.values())
    assert all(first[1] == second[0] for first, second in pairwise(ends))
    assert memory.state.next_minor == ends[-1][1]


def test_old_answers_are_forgotten_but_never_spent_again() -> None:
    memory = MemoryOfCard(card_with_coupon())
    for number in range(KEPT_ANSWERS + 1):
        tap(memory, present(request_for(10, number=number)))
    [answer] = tap(memory, present(request_for(10, number=0)))
    assert decode_presentation(answer.data).spend.from_minor == 10 * (KEPT_ANSWERS + 1)


@pytest.mark.parametrize(
    ("state", "request_bytes", "status"),
    [
        (blank_card(), request_for(), Status.NO_COUPON),
        (card_with_coupon(limit_minor=1249), request_for(1250), Status.BALANCE_TOO_LOW),
        (card_with_coupon(), request_for(currency=978), Status.OTHER_CURRENCY),
        (card_with_coupon(), request_for(0), Status.WRONG_DATA),
        (card_with_coupon(), StaticRequest(1, CNY).encode(), Status.WRONG_DATA),
        (card_with_coupon(), b"\x00", Status.WRONG_DATA),
        (card_with_coupon(pin="1234"), request_for(verify=True), Status.VERIFICATION_NEEDED),
        (replace(card_with_coupon(), spend_cap_minor=1249), request_for(), Status.OVER_CARD_LIMIT),
        (replace(card_with_coupon(), total_cap_minor=1249), request_for(), Status.OVER_CARD_LIMIT),
        (
            replace(card_with_coupon(pin="1234"), count_cap=2, count=2),
            request_for(),
            Status.VERIFICATION_NEEDED,
        ),
    ],
)
def test_the_card_refuses_by_its_own_rules_and_stores_nothing(
    state: CardState, request_bytes: bytes, status: Status
) -> None:
    memory = MemoryOfCard(state)
    [answer] = tap(memory, present(request_bytes))
    assert answer == Response(b"", status)
    assert memory.history == []


def test_a_verified_spend_says_so_and_resets_the_caps() -> None:
    memory = MemoryOfCard(
        replace(card_with_coupon(pin="1234"), count_cap=1, count=1, total_minor=9)
    )
    _, answer = tap(memory, verify("1234"), present(request_for()))
    assert decode_presentation(answer.data).spend.user_verified
    assert (memory.state.count, memory.state.total_minor) == (0, 0)


def test_verification_lasts_one_session() -> None:
    memory = MemoryOfCard(card_with_coupon(pin="1234"))
    tap(memory, verify("1234"))
    [answer] = tap(memory, present(request_for(verify=True)))
    assert answer.status == Status.VERIFICATION_NEEDED


def test_wrong_pins_block_and_power_cuts_do_not_help() -> None:
    memory = MemoryOfCard(card_with_coupon(pin="1234"))
    statuses = [tap(memory, verify("9999"))[0].status for _ in range(PIN_TRIES)]
    assert statuses == [0x63C2, 0x63C1, 0x63C0]
    assert tap(memory, verify("1234"))[0].status == Status.PIN_BLOCKED
    assert memory.history[0].pin_tries == PIN_TRIES - 1, "counted before compared"


def test_the_ack_belongs_to_the_answer_of_this_session() -> None:
    memory = MemoryOfCard(card_with_coupon())
    ack = Command(0x80, 0x52, 0, 0, b"ack").encode()
    assert tap(memory, ack)[0].status == Status.OUT_OF_ORDER
    answers = tap(memory, present(request_for()), ack)
    assert answers[1].status == Status.OK
    kept = memory.state.answer_to(hashlib.sha256(request_for()).digest())
    assert kept is not None
    assert kept.ack == b"ack"


def test_balance_ack_and_payee_card_can_be_read_back() -> None:
    memory = MemoryOfCard(card_with_coupon())
    data = encode_tlv(0x80, request_for()) + encode_tlv(0x81, PAYEE_CARD)
    ask = Command(0x80, 0x50, 0, 0, data, 256).encode()
    reads = [Command(0x80, 0xCA, 0, item, le=256).encode() for item in (1, 2, 3, 4)]
    answers = tap(memory, ask, Command(0x80, 0x52, 0, 0, b"ack").encode(), *reads)
    balance, ack, payee, nothing = answers[2:]
    assert balance.data.hex() == "8008" + f"{1250:016x}" + "8108" + f"{100_000:016x}"
    assert (ack.data, payee.data) == (b"ack", PAYEE_CARD)
    assert nothing.status == Status.NO_DATA


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("80FF0000", Status.UNKNOWN_INSTRUCTION),
        ("40500000", Status.UNKNOWN_CLASS),
        ("8050020000", Status.WRONG_PARAMETERS),
        ("8050000100", Status.WRONG_PARAMETERS),
        ("80500000", Status.WRONG_DATA),
        ("00200000", Status.WRONG_PARAMETERS),
        ("00A40400" + "02F001", Status.NOT_FOUND),
        ("00A40000" + "02F001", Status.WRONG_PARAMETERS),
        ("8050", Status.WRONG_LENGTH),
        ("805200", Status.WRONG_LENGTH),
    ],
)
def test_what_the_card_does_not_know_it_refuses(command: str, status: Status) -> None:
    assert tap(card_with_coupon(), bytes.fromhex(command))[0].status == status


def test_nothing_works_before_select() -> None:
    application = KumquatApplication(MemoryOfCard(card_with_coupon()))
    assert decode_response(application.process(present(request_for()))).status == 0x6985


def test_a_chain_broken_by_another_command_is_refused() -> None:
    link = Command(0x90, 0x50, 0, 0, b"\x80\x16").encode()
    stranger = Command(0x80, 0x52, 0, 0, b"ack").encode()
    answers = tap(card_with_coupon(), link, stranger)
    assert [answer.status for answer in answers] == [Status.OK, Status.OUT_OF_ORDER]


@given(st.lists(st.binary(max_size=80), max_size=6))
def test_any_commands_get_a_status_word(commands: list[bytes]) -> None:
    for answer in tap(card_with_coupon(pin="1234"), *commands):
        assert answer.status >> 12 in (6, 9)
