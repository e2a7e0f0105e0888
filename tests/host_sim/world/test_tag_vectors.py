"""Tags with a bearer coupon, byte for byte: what docs/protocol/card.md shows is what is read."""

from __future__ import annotations

import json
from pathlib import Path

import ndef

from host_sim.world.tags import NdefApplication, Type2Tag
from terminal.nfc.ndef_coupon import coupon_message, type_2_coupon, type_4_coupon
from tests.cards import bearer_coupon

ROOT = Path(__file__).parents[3]
VECTOR = json.loads((ROOT / "tests/vectors/card/tags.json").read_text(encoding="utf-8"))
PRESENTATION = bytes.fromhex(VECTOR["presentation"])


def test_the_presentation_is_a_bearer_coupons() -> None:
    assert bearer_coupon(1250, 9) == PRESENTATION
    assert coupon_message(PRESENTATION).hex() == VECTOR["message"]


def test_another_reader_of_ndef_finds_the_same_record() -> None:
    (record,) = ndef.message_decoder(bytes.fromhex(VECTOR["message"]))
    assert record.type == "urn:nfc:ext:kumquat.example:bearer"
    assert bytes(record.data) == PRESENTATION


def from_memory(memory: bytes) -> bytes:
    """What a Type 2 tag gives, each read being the memory's own bytes."""
    tag = Type2Tag(memory[:3] + memory[4:8], coupon_message(PRESENTATION))
    dialogue = type_2_coupon()
    page = next(dialogue)
    try:
        while True:
            data = memory[4 * page : 4 * page + 16]
            assert tag.hear(bytes((0x30, page))) == data
            page = dialogue.send(data)
    except StopIteration as end:
        return bytes(end.value)


def from_session(session: list[list[str]]) -> bytes:
    """What a Type 4 tag gives, each command and answer being the session's own."""
    card, dialogue = NdefApplication(coupon_message(PRESENTATION)), type_4_coupon()
    command = next(dialogue)
    try:
        for asked, answered in session:
            assert command.hex() == asked
            assert card.process(command).hex() == answered
            command = dialogue.send(bytes.fromhex(answered))
    except StopIteration as end:
        return bytes(end.value)
    raise AssertionError("the session goes on")


def test_a_type_2_tag_of_that_memory_gives_it() -> None:
    assert from_memory(bytes.fromhex(VECTOR["type_2_memory"])) == PRESENTATION


def test_a_type_4_tag_gives_it_in_that_session() -> None:
    assert from_session(VECTOR["type_4_session"]) == PRESENTATION


def test_the_protocol_page_shows_these_bytes() -> None:
    page = (ROOT / "docs/protocol/card.md").read_text(encoding="utf-8")
    shown = page.replace(" ", "")
    assert VECTOR["message"][:64].upper() in shown
    for asked, _ in VECTOR["type_4_session"]:
        assert f">{asked}".upper() in shown.upper()
