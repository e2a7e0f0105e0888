"""The answer to select: every byte accounted for, every default where the standard has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import DecodeError
from terminal.nfc.ats import Ats, decode_ats


@pytest.mark.parametrize(
    ("hexadecimal", "expected"),
    [
        ("0578807002", Ats(256, 38_665, 0, b"")),
        ("01", Ats(32, 4_834, 0, b"")),
        ("0200", Ats(16, 4_834, 0, b"")),
        ("04688002", Ats(256, 77_329, 0, b"")),
        ("067577810280", Ats(64, 77_329, 605, b"\x80")),
        ("0320F1", Ats(16, 4_834, 605, b"")),
        ("03208F", Ats(16, 77_329, 0, b"")),
        ("020C", Ats(256, 4_834, 0, b"")),
        ("0500C1C2C3", Ats(16, 4_834, 0, b"\xc1\xc2\xc3")),
    ],
)
def test_what_a_card_says_of_itself(hexadecimal: str, expected: Ats) -> None:
    assert decode_ats(bytes.fromhex(hexadecimal)) == expected


@pytest.mark.parametrize(
    ("hexadecimal", "field"),
    [
        ("", "ats"),
        ("0578", "ats.tl"),
        ("0108", "ats.tl"),
        ("036880", "ats.tl"),
        ("00", "ats.tl"),
        ("0280", "ats.t0"),
    ],
)
def test_a_malformed_answer_names_its_field(hexadecimal: str, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_ats(bytes.fromhex(hexadecimal))
    assert caught.value.field == field


@given(st.binary(min_size=1, max_size=40))
def test_whatever_reads_has_sane_times_and_sizes(body: bytes) -> None:
    try:
        ats = decode_ats(bytes((len(body) + 1,)) + body)
    except DecodeError:
        return
    assert 16 <= ats.frame_size <= 256
    assert 302 <= ats.frame_waiting_us <= 4_949_033
    assert ats.guard_us == 0 or 604 <= ats.guard_us <= 4_949_033
    assert body.endswith(ats.historical)
