"""House rules for the modem's modules, without a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

MODEM = Path(__file__).parents[3] / "host_sim" / "wallet" / "static" / "modem"
SOURCES = sorted(MODEM.glob("*.js"))
IMPORT = re.compile(r'^(?:import|export) (?:\{([^}]*)\} )?from "([^"]+)";', re.MULTILINE)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_a_module_is_short_and_opens_with_its_purpose(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("/**")
    assert len(text.splitlines()) < 300
    assert max(map(len, text.splitlines())) <= 100
    assert "\t" not in text


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_a_module_imports_only_its_neighbours_and_names_they_export(path: Path) -> None:
    for names, source in IMPORT.findall(path.read_text("utf-8")):
        assert re.fullmatch(r"\./[a-z0-9-]+\.js", source), "the page works offline, from here alone"
        neighbour = (MODEM / source).read_text("utf-8")
        for name in re.findall(r"\w+", names):
            assert re.search(rf"^export .*\b{name}\b", neighbour, re.MULTILINE), name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_nothing_is_left_over_from_trying_things_out(path: Path) -> None:
    left = re.compile(r"\b(console\.|debugger|eval\(|Math\.random|Date\.now|TODO|FIXME|var )")
    assert not left.search(path.read_text("utf-8"))


def test_every_module_is_reached_from_a_page_or_a_worker() -> None:
    named = {
        Path(source).name
        for path in SOURCES
        for source in re.findall(r'"(\./[a-z0-9-]+\.js)"', path.read_text("utf-8"))
    }
    page = (MODEM.parent / "sound.js").read_text("utf-8")
    entries = set(re.findall(r'"\./modem/([a-z0-9-]+\.js)"', page))
    assert {path.name for path in SOURCES} == named | entries


def test_the_page_reaches_the_sound_hardware_through_the_modem_alone() -> None:
    devices = re.compile(r"\b(AudioContext|AudioWorkletNode|MediaStreamAudioSourceNode)\b")
    pages = MODEM.parent.glob("*.js")
    assert [path.name for path in pages if devices.search(path.read_text("utf-8"))] == []
