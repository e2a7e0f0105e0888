"""Objects of the card application: one spelling each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import DecodeError
from terminal.nfc.tlv import decode_tlvs, encode_tlv

tags = st.integers(1, 0xFE).filter(lambda tag: tag & 0x1F != 0x1F)


@given(st.dictionaries(tags, st.binary(max_size=255), max_size=5))
def test_objects_read_as_they_were_written(objects: dict[int, bytes]) -> None:
    data = b"".join(encode_tlv(tag, value) for tag, value in objects.items())
    assert dict(decode_tlvs(data, "test")) == objects


@pytest.mark.parametrize(
    "hexadecimal",
    ["80", "8002AA", "80810101", "8082000101", "80008000", "1F0100", "0000", "8081"],
)
def test_anything_but_the_shortest_spelling_once_is_refused(hexadecimal: str) -> None:
    with pytest.raises(DecodeError):
        decode_tlvs(bytes.fromhex(hexadecimal), "test")
