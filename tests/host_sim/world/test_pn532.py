"""The simulated chip, frame by frame, without a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_sim.world.pn532 import FIRMWARE, Pn532
from host_sim.world.pn532_frame import (
    ACK,
    ERROR,
    NACK,
    FrameStream,
    Information,
    encode_information,
)
from host_sim.world.reader_faults import ReaderFault, ReaderFaults, fault_named
from host_sim.world.rf_field import RfField
from host_sim.world.tags import ClassicCard, Type2Tag
from terminal.errors import ConfigError

UID = bytes.fromhex("DEADBEEF")
BAUD = 115200


def command(code: int, parameters: bytes = b"") -> bytes:
    return encode_information(0xD4, bytes((code,)) + parameters)


def awake() -> Pn532:
    chip = Pn532(RfField())
    obey(chip, 0x14, b"\x01\x00\x00")
    obey(chip, 0x32, b"\x05\x01\x00\x01")
    return chip


def obey(chip: Pn532, code: int, parameters: bytes = b"") -> bytes | None:
    """The data of the answer after its code; None when there is none but the acknowledgement."""
    sendings = chip.hear(command(code, parameters), chip.baud)
    assert sendings[0].data == ACK
    if len(sendings) == 1:
        return None
    [frame] = FrameStream().feed(sendings[1].data)
    assert isinstance(frame, Information)
    assert frame.data[0] == code + 1
    return frame.data[1:]


@given(st.integers(0xD4, 0xD5), st.binary(max_size=264))
def test_a_frame_reads_as_it_was_written_however_it_is_cut(identifier: int, data: bytes) -> None:
    encoded = b"\x55\x00\x00" + encode_information(identifier, data)
    stream = FrameStream()
    frames = [frame for byte in encoded for frame in stream.feed(bytes((byte,)))]
    assert frames == [Information(identifier, data)]


def test_a_damaged_frame_is_skipped_and_the_next_one_read() -> None:
    good = encode_information(0xD4, b"\x02")
    for place in range(3, len(good) - 1):
        bad = bytes(byte ^ (0x10 if i == place else 0) for i, byte in enumerate(good))
        frames = FrameStream().feed(bad + bytes(300) + good)
        assert frames[-1] == Information(0xD4, b"\x02")


def test_the_chip_says_what_it_is() -> None:
    assert obey(awake(), 0x02) == FIRMWARE


def test_the_line_test_echoes_the_longest_frame() -> None:
    assert obey(awake(), 0x00, bytes(262)) == bytes(262)


def test_nothing_works_on_air_before_sam_configuration() -> None:
    chip = Pn532(RfField())
    assert chip.hear(command(0x4A, b"\x01\x00"), BAUD)[1].data == ERROR


@pytest.mark.parametrize("code", [0x8C, 0x60, 0xFE])
def test_an_unknown_command_is_a_syntax_error(code: int) -> None:
    assert awake().hear(command(code), BAUD)[1].data == ERROR


def test_a_missing_parameter_is_a_syntax_error() -> None:
    assert awake().hear(command(0x4A), BAUD)[1].data == ERROR


def test_a_rejected_answer_is_sent_again() -> None:
    chip = awake()
    first = chip.hear(command(0x02), BAUD)[1].data
    assert chip.hear(NACK, BAUD)[0].data == first


def test_the_speed_changes_with_the_acknowledgement_or_with_the_host() -> None:
    for acknowledged in (True, False):
        chip = awake()
        obey(chip, 0x10, b"\x07")
        if acknowledged:
            chip.hear(ACK, BAUD)
            assert chip.hear(command(0x02), BAUD) == (), "the old speed is noise now"
        assert chip.hear(command(0x02), 921600) != ()


def test_a_brown_out_forgets_the_speed_and_the_settings() -> None:
    chip = awake()
    obey(chip, 0x10, b"\x07")
    chip.hear(ACK, BAUD)
    chip.brown_out()
    assert chip.hear(command(0x02), 921600) == ()
    assert chip.hear(command(0x4A, b"\x01\x00"), BAUD)[1].data == ERROR


def test_cards_are_listed_with_what_they_say_of_themselves() -> None:
    chip = awake()
    assert obey(chip, 0x4A, b"\x02\x00") == b"\x00"
    chip.field.place(ClassicCard(UID))
    chip.field.place(Type2Tag(bytes.fromhex("04A1B2C3D4E580")))
    assert obey(chip, 0x4A, b"\x02\x00") == bytes.fromhex(
        "02 01 0044 00 07 04A1B2C3D4E580 02 0004 08 04 DEADBEEF"
    )


def test_a_look_without_end_is_answered_when_a_card_comes_and_ended_by_an_acknowledgement() -> None:
    chip = Pn532(RfField())
    obey(chip, 0x14, b"\x01\x00\x00")
    assert obey(chip, 0x4A, b"\x01\x00") is None
    chip.field.place(ClassicCard(UID))
    assert len(chip.field_changed()) == 1
    chip.field.off()
    chip.field.remove(chip.field.cards[0])
    assert obey(chip, 0x4A, b"\x01\x00") is None
    chip.hear(ACK, BAUD)
    chip.field.place(ClassicCard(UID))
    assert chip.field_changed() == ()


def test_silence_on_air_takes_its_time_out() -> None:
    chip = awake()
    chip.field.place(ClassicCard(UID))
    obey(chip, 0x4A, b"\x01\x00")
    obey(chip, 0x32, b"\x02\x00\x0b\x0b")
    answer = chip.hear(command(0x42, b"\x30\x00"), BAUD)[1]
    assert answer.after_s == pytest.approx(0.1024)


def test_faults_strike_as_planned_and_the_same_seed_strikes_the_same() -> None:
    def strikes(seed: int) -> list[ReaderFault | None]:
        faults = ReaderFaults(seed, rate=0.3)
        return [faults.strike() for _ in range(100)]

    assert strikes(1) == strikes(1)
    assert strikes(1) != strikes(2)
    faults = ReaderFaults()
    faults.plan(ReaderFault.LOST, 2)
    assert [faults.strike() for _ in range(3)] == [ReaderFault.LOST, ReaderFault.LOST, None]


def test_a_fault_nobody_knows_is_a_mistake_in_the_command() -> None:
    assert fault_named("brown_out") is ReaderFault.BROWN_OUT
    with pytest.raises(ConfigError, match="none of truncated_frame"):
        fault_named("meteor")


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_from_a_host_are_survived(pieces: list[bytes]) -> None:
    chip = awake()
    for piece in pieces:
        chip.hear(piece, BAUD)
        chip.hear(encode_information(0xD4, piece), BAUD)
    chip.hear(ACK, chip.baud)
    assert chip.baud > 0


LOOK = b"\x01\x00"


def test_a_chip_that_slows_with_age_is_quick_again_once_it_is_set_up_anew() -> None:
    chip = awake()
    chip.faults.plan(ReaderFault.SLOWING, 3)

    def late_s() -> float:
        return chip.hear(command(0x4A, LOOK), chip.baud)[-1].after_s

    spared = [late_s() for _ in range(3)]
    assert late_s() > spared[-1]
    assert late_s() > late_s() - 0.02 > spared[-1]
    obey(chip, 0x14, b"\x01\x00\x00")
    assert late_s() == spared[0]


def test_a_chip_that_locks_up_with_age_answers_nothing_until_it_loses_power() -> None:
    chip = awake()
    chip.faults.plan(ReaderFault.LOCKED_UP, 2)
    assert [bool(chip.hear(command(0x4A, LOOK), chip.baud)) for _ in range(3)] == [
        True,
        True,
        False,
    ]
    assert chip.hear(command(0x14, b"\x01\x00\x00"), chip.baud) == ()
    chip.brown_out()
    assert chip.hear(command(0x02), chip.baud)
