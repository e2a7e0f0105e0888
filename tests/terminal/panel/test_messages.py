"""The panel's reports as the terminal's types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import DecodeError
from terminal.panel import messages, wire
from terminal.panel.messages import (
    Cue,
    Emergency,
    Fault,
    FaultCode,
    Feature,
    Hello,
    Key,
    Light,
    Pulsed,
    PulseResult,
    ResetCause,
    Status,
    StatusFlag,
    decode_report,
)


def test_every_report_is_decoded() -> None:
    reports = [
        (wire.HELLO, (1, 0xDEADBEEF, 1, 2, 3, 1, 3)),
        (wire.STATUS, (5, wire.LIGHT_WAITING, 7, 8)),
        (wire.KEY, (ord("#"),)),
        (wire.PULSED, (41, wire.PULSED_SENSED, 12)),
        (wire.EMERGENCY, (1,)),
        (wire.FAULT, (wire.FAULT_KEYS_LOST, 3)),
    ]
    assert [decode_report(kind, wire.payload(kind, *values)) for kind, values in reports] == [
        Hello(1, 0xDEADBEEF, (1, 2, 3), ResetCause.WATCHDOG, Feature.SENSE | Feature.KEYPAD),
        Status(StatusFlag.EMERGENCY | StatusFlag.SENSE, Light.WAITING, 7, 8),
        Key("#"),
        Pulsed(41, PulseResult.SENSED, 12),
        Emergency(True),
        Fault(FaultCode.KEYS_LOST, 3),
    ]


@pytest.mark.parametrize(
    ("kind", "payload", "field"),
    [
        (0x7F, b"", "kind"),
        (wire.SHOW, bytes(4), "kind"),
        (wire.KEY, b"", "payload"),
        (wire.KEY, b"12", "payload"),
        (wire.KEY, b"x", "key"),
        (wire.EMERGENCY, b"\x02", "emergency"),
        (wire.FAULT, b"\x00\x00", "FaultCode"),
        (wire.STATUS, b"\x80\x00\x00\x00\x00\x00", "status.flags"),
        (wire.STATUS, b"\x00\x63\x00\x00\x00\x00", "Light"),
        (wire.HELLO, b"\x01" + bytes(8) + b"\xf0", "hello.features"),
        (wire.HELLO, b"\x01" + bytes(7) + b"\x09\x00", "ResetCause"),
        (wire.PULSED, bytes(4) + b"\x09" + bytes(2), "PulseResult"),
    ],
)
def test_what_has_no_meaning_is_refused_by_name(kind: int, payload: bytes, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_report(kind, payload)
    assert caught.value.field == field


@given(st.integers(0, 255), st.binary(max_size=16))
def test_any_payload_is_decoded_or_refused(kind: int, payload: bytes) -> None:
    try:
        decode_report(kind, payload)
    except DecodeError:
        return
    assert wire.fields(kind, payload) is not None


@given(
    st.sampled_from(sorted(wire.PAYLOADS)),
    st.integers(0, 65535),
    st.integers(1, 255),
    st.integers(0, 255),
    st.integers(0, wire.STAMP_MASK),
    st.binary(max_size=20),
)
def test_a_body_gives_back_what_was_packed(
    kind: int, link: int, seq: int, ack: int, stamp: int, payload: bytes
) -> None:
    seq = seq if wire.is_acknowledged(kind) else 0
    body = wire.pack(kind, link, seq, ack, stamp, payload)
    assert wire.unpack(body) == (kind, link, seq, ack, stamp, payload)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        bytes(8),
        wire.pack(wire.KEY, 1, 0, 0, 0, b"1"),
        wire.pack(wire.STATUS, 1, 1, 0, 0, bytes(6)),
        wire.pack(wire.STATUS, 1, 0, 0, wire.STAMP_MASK + 1, bytes(6)),
    ],
)
def test_a_body_that_contradicts_itself_is_no_message(body: bytes) -> None:
    assert wire.unpack(body) is None


def test_only_an_open_barrier_counts_as_confirmed() -> None:
    assert {result for result in PulseResult if result.is_open} == {
        PulseResult.DRIVEN,
        PulseResult.SENSED,
        PulseResult.EMERGENCY_OPEN,
    }


def test_commanded_lights_and_cues_are_the_first_of_their_tables() -> None:
    assert Light.STOPPED + 1 == wire.COMMANDED_LIGHTS == Light.NO_TERMINAL
    assert max(Cue) + 1 == wire.COMMANDED_CUES == wire.CUE_KEY


def test_every_report_on_the_wire_has_a_decoder() -> None:
    assert set(messages._DECODERS) == {kind for kind in wire.PAYLOADS if kind & 0x80}
