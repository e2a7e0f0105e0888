"""docs/protocol/panel.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from terminal.panel import wire
from terminal.panel.frame import FrameReader
from terminal.panel.messages import decode_report
from terminal.panel.states import TRANSITIONS

PAGE = (Path(__file__).parents[3] / "docs" / "protocol" / "panel.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| (\w+)[^|]*\| `([0-9a-f]+)` \| `([0-9a-f]+)` \|$", PAGE, re.MULTILINE)
KINDS = re.findall(r"^\| `([0-9A-F]{2})` \| ([A-Z]+) \| ([^|]*) \|", PAGE, re.MULTILINE)


def test_the_terminals_diagram_is_drawn_from_its_table() -> None:
    drawn = re.findall(r"^    (\w+) --> (\w+): (.*)$", PAGE.split("At the panel")[0], re.MULTILINE)
    assert set(drawn) == {
        (state.value, reached.value, cause.value) for (state, cause), reached in TRANSITIONS.items()
    }


def test_every_kind_is_listed_with_its_exact_size() -> None:
    listed = {int(kind, 16): (name, layout) for kind, name, layout in KINDS}
    assert set(listed) == set(wire.PAYLOADS)
    for kind, (name, layout) in listed.items():
        assert getattr(wire, name) == kind
        size = sum(int(number) for number in re.findall(r"\w+ (\d)\b", layout))
        assert wire.fields(kind, bytes(size)) is not None, name


@pytest.mark.parametrize(("name", "body", "framed"), EXAMPLES)
def test_an_example_is_right(name: str, body: str, framed: str) -> None:
    assert FrameReader().receive(bytes.fromhex(framed)) == [bytes.fromhex(body)]
    message = wire.unpack(bytes.fromhex(body))
    assert message is not None
    kind, *_, payload = message
    assert kind == getattr(wire, name)
    if kind & 0x80:
        decode_report(kind, payload)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 4
