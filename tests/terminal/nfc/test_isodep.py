"""Both ends of the block protocol joined: whatever the air does, an APDU arrives whole or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_sim.world.isodep_card import IsoDepCard
from terminal.nfc.ats import RATS, decode_ats
from terminal.nfc.errors import CardLost
from terminal.nfc.isodep import MAX_EXTENSIONS, FrameFault, IsoDep

FAULTS = ("fine", "unheard", "lost", "garbled")


class Echo:
    """Answers every command with itself backwards, and counts."""

    def __init__(self, response: bytes | None = None) -> None:
        self.commands: list[bytes] = []
        self._response = response

    def power_off(self) -> None:
        """Remembers all the same: tests count."""

    def process(self, command: bytes) -> bytes:
        self.commands.append(command)
        return command[::-1] if self._response is None else self._response


def activated(
    echo: Echo, ats: str = "0578807002", extensions: int = 0
) -> tuple[IsoDepCard, IsoDep]:
    card = IsoDepCard(echo, b"\x08\x01\x02\x03", ats=bytes.fromhex(ats), extensions=extensions)
    answer = card.hear(RATS)
    assert answer is not None
    return card, IsoDep(decode_ats(answer))


def converse(card: IsoDepCard, blocks: IsoDep, command: bytes, air: list[str]) -> bytes:
    """Run one exchange; each frame meets the next entry of ``air``, then fine weather."""
    weather = iter(air)
    dialogue = blocks.exchange(command)
    try:
        frame = next(dialogue)
        while True:
            fault = next(weather, "fine")
            answer = None if fault == "unheard" else card.hear(frame.data)
            if fault == "garbled" and answer is not None:
                frame = dialogue.send(FrameFault.GARBLED)
            elif answer is None or fault == "lost":
                frame = dialogue.send(FrameFault.TIMEOUT)
            else:
                frame = dialogue.send(answer)
    except StopIteration as end:
        return bytes(end.value)


@given(
    st.lists(st.binary(min_size=1, max_size=261), min_size=1, max_size=3),
    st.integers(0, 8),
    st.integers(0, 2),
)
def test_commands_and_responses_of_any_size_pass_frames_of_any_size(
    commands: list[bytes], size_index: int, extensions: int
) -> None:
    echo = Echo()
    card, blocks = activated(echo, f"02{size_index:02x}", extensions)
    assert [converse(card, blocks, command, []) for command in commands] == [
        command[::-1] for command in commands
    ]
    assert echo.commands == commands


@given(
    st.binary(min_size=1, max_size=100),
    st.lists(st.sampled_from(FAULTS), max_size=12),
    st.integers(0, 8),
)
def test_bad_air_never_doubles_or_changes_a_command(
    command: bytes, air: list[str], size_index: int
) -> None:
    echo = Echo()
    card, blocks = activated(echo, f"02{size_index:02x}")
    try:
        response = converse(card, blocks, command, air)
    except CardLost:
        assert echo.commands in ([], [command])
        return
    assert response == command[::-1]
    assert echo.commands == [command]


@pytest.mark.parametrize("fault", FAULTS[1:])
@pytest.mark.parametrize("place", range(6))
def test_one_fault_anywhere_is_survived(fault: str, place: int) -> None:
    echo = Echo()
    card, blocks = activated(echo, "0200")
    command = bytes(range(30))
    assert converse(card, blocks, command, ["fine"] * place + [fault]) == command[::-1]
    assert echo.commands == [command]


def test_a_silent_card_is_given_up_after_three_tries() -> None:
    _, blocks = activated(Echo())
    dialogue = blocks.exchange(b"\x00")
    sent = [next(dialogue).data]
    sent += [dialogue.send(FrameFault.TIMEOUT).data for _ in range(2)]
    assert sent == [b"\x02\x00", b"\xb2", b"\xb2"]
    with pytest.raises(CardLost):
        dialogue.send(FrameFault.TIMEOUT)


def test_an_extension_is_waited_out_and_only_once_longer() -> None:
    _, blocks = activated(Echo())
    dialogue = blocks.exchange(b"\x00")
    first = next(dialogue)
    longer = dialogue.send(b"\xf2\x03")
    assert longer.data == b"\xf2\x03"
    assert longer.timeout_us - first.timeout_us == 2 * 38_665


def test_a_card_may_not_ask_for_time_for_ever() -> None:
    _, blocks = activated(Echo())
    dialogue = blocks.exchange(b"\x00")
    next(dialogue)
    for _ in range(MAX_EXTENSIONS):
        dialogue.send(b"\xf2\x01")
    with pytest.raises(CardLost, match="more time"):
        dialogue.send(b"\xf2\x01")


def test_a_response_without_end_is_cut_off() -> None:
    card, blocks = activated(Echo(bytes(4000)))
    with pytest.raises(CardLost, match="does not end"):
        converse(card, blocks, b"\x00", [])


@given(st.lists(st.binary(max_size=6) | st.sampled_from(list(FrameFault)), max_size=80))
def test_any_answers_end_in_a_response_or_a_lost_card(answers: list[bytes | FrameFault]) -> None:
    _, blocks = activated(Echo())
    dialogue = blocks.exchange(b"\x00\xa4\x04\x00")
    next(dialogue)
    try:
        for answer in answers:
            dialogue.send(answer)
    except (CardLost, StopIteration):
        pass
