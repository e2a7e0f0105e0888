"""The configuration's page names every field of config.toml with the default that the code has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec

from terminal.config import Config, decode_config

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "configuration.md"
ROW = re.compile(r"^\| `([a-z_.]+)` \| .+? \| (.+?) \|", re.M)


def struct_in(kind: Any) -> type[msgspec.Struct] | None:
    """The table that a field holds, directly, optionally or in a list."""
    for each in (kind, *get_args(kind)):
        if isinstance(each, type) and issubclass(each, msgspec.Struct):
            return each
    return None


def fields(kind: type[msgspec.Struct], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Each setting's dotted name and its default as the page writes it."""
    for field in msgspec.structs.fields(kind):
        name, inner = prefix + field.name, struct_in(field.type)
        if inner is None or isinstance(field.default, tuple):
            yield name, written(field.default)
        if inner is not None:
            yield from fields(inner, f"{name}.")


def written(default: object) -> str:
    if default is msgspec.NODEFAULT:
        return "required"
    return "not set" if default is None else f"`{json.dumps(default)}`"


def test_every_field_is_there_with_its_default_and_no_other() -> None:
    assert dict(ROW.findall(PAGE.read_text(encoding="utf-8"))) == dict(fields(Config))


def test_every_example_on_the_page_is_understood() -> None:
    examples = re.findall(r"^```toml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert examples
    for example in examples:
        decode_config(example)
