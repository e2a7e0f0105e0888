"""The dialogue with a card: exact bytes out, presentation bytes back, the card's no as an error."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

import pytest

from host_sim.world.card_application import KumquatApplication
from terminal.errors import DecodeError
from terminal.nfc.apdu import Response, decode_command
from terminal.nfc.application import Ability, Greeting, Instruction, Status
from terminal.nfc.card_session import acknowledge, card_session, verify_pin
from terminal.nfc.errors import CardRefused
from terminal.payment.presentation import Alone, Full, decode_presentation
from tests.cards import PAYEE_CARD, MemoryOfCard, card_with_coupon, request_for

T = TypeVar("T")
GREETING = Response(
    Greeting(1, Ability.SPEND_ALONE, bytes.fromhex("000700000001")).encode(), 0x9000
).encode()


def scripted(dialogue: Generator[bytes, bytes, T], script: list[tuple[str, bytes]]) -> T:
    """Play a card that fails at the first wrong byte."""
    try:
        command = next(dialogue)
        for expected, response in script:
            assert command.hex().upper() == expected.replace(" ", "")
            command = dialogue.send(response)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("the dialogue wants more than the script has")


def with_card(application: KumquatApplication, dialogue: Generator[bytes, bytes, T]) -> T:
    """Play against the reference card."""
    try:
        command = next(dialogue)
        while True:
            command = dialogue.send(application.process(command))
    except StopIteration as end:
        result: T = end.value
        return result


def test_a_tap_is_a_select_and_a_present() -> None:
    request = request_for()
    script = [
        ("00A4040009 F04B554D5155415401 00", GREETING),
        (f"80500000{len(request) + 2:02X} 80{len(request):02X}{request.hex()} 00".upper(),
         b"answer\x90\x00"),
    ]  # fmt: skip
    assert scripted(card_session(request), script) == b"answer"


def test_a_known_coupon_is_asked_for_the_spend_alone() -> None:
    request = request_for()
    asked: list[bytes] = []

    def knows(reference: bytes) -> bool:
        asked.append(reference)
        return True

    dialogue = card_session(request, knows_coupon=knows)
    next(dialogue)
    assert decode_command(dialogue.send(GREETING)).p1 == 1
    assert asked == [bytes.fromhex("000700000001")]


def test_the_payee_card_travels_with_the_request() -> None:
    memory = MemoryOfCard(card_with_coupon())
    with_card(KumquatApplication(memory), card_session(request_for(), PAYEE_CARD))
    assert memory.state.answers[-1].payee_card == PAYEE_CARD


def test_a_payee_card_too_long_for_one_command_goes_in_a_chain() -> None:
    memory = MemoryOfCard(card_with_coupon())
    long_card = bytes(range(250))
    with_card(KumquatApplication(memory), card_session(request_for(), long_card))
    assert memory.state.answers[-1].payee_card == long_card


@pytest.mark.parametrize("algorithm", ["Ed25519", "P-256"])
def test_the_reference_card_answers_in_full_or_with_the_spend_alone(algorithm: str) -> None:
    application = KumquatApplication(MemoryOfCard(card_with_coupon(algorithm)))
    full = with_card(application, card_session(request_for()))
    alone = with_card(application, card_session(request_for(), knows_coupon=lambda _: True))
    first, second = decode_presentation(full), decode_presentation(alone)
    assert isinstance(first, Full)
    assert isinstance(second, Alone)
    assert first.spend_id == second.spend_id
    assert first.signature == second.signature
    assert len(full) <= 228
    assert len(alone) <= 95


def test_the_ack_is_kept_on_the_card() -> None:
    memory = MemoryOfCard(card_with_coupon())
    application = KumquatApplication(memory)
    with_card(application, card_session(request_for()))
    with_card(application, acknowledge(b"a" * 112))
    assert memory.state.answers[-1].ack == b"a" * 112


def test_a_pin_is_shown_before_the_request() -> None:
    memory = MemoryOfCard(card_with_coupon(pin="1234"))
    presentation = with_card(
        KumquatApplication(memory), card_session(request_for(verify=True), pin=b"1234")
    )
    assert decode_presentation(presentation).spend.user_verified


def test_a_card_without_a_pin_is_not_shown_one() -> None:
    memory = MemoryOfCard(card_with_coupon())
    presentation = with_card(KumquatApplication(memory), card_session(request_for(), pin=b"1234"))
    assert not decode_presentation(presentation).spend.user_verified


def test_a_wrong_pin_says_how_many_tries_are_left() -> None:
    memory = MemoryOfCard(card_with_coupon(pin="1234"))
    with pytest.raises(CardRefused, match="2 tries left"):
        with_card(KumquatApplication(memory), card_session(request_for(), pin=b"9999"))


def test_verify_uses_the_standard_s_own_command() -> None:
    scripted(verify_pin(b"123456"), [("0020008006 313233343536", b"\x90\x00")])


@pytest.mark.parametrize("status", [Status.NOT_FOUND, Status.FAULT])
def test_a_card_without_the_application_refuses(status: int) -> None:
    dialogue = card_session(request_for())
    next(dialogue)
    with pytest.raises(CardRefused) as caught:
        dialogue.send(Response(b"", status).encode())
    assert caught.value.status == status


def test_a_version_not_known_is_not_asked_for_anything() -> None:
    dialogue = card_session(request_for())
    next(dialogue)
    with pytest.raises(DecodeError, match=r"select\.version"):
        dialogue.send(Response(Greeting(2, Ability(0)).encode(), 0x9000).encode())


def test_an_empty_presentation_is_none() -> None:
    dialogue = card_session(request_for())
    next(dialogue)
    present = dialogue.send(GREETING)
    assert decode_command(present).ins == Instruction.PRESENT
    with pytest.raises(DecodeError, match="present"):
        dialogue.send(b"\x90\x00")
