"""The architecture's page shows the sale's states and the import order as the code has them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from terminal.sale.transitions import TRANSITIONS, Cause
from terminal.sale.view import Phase

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_state_diagram_is_the_table_of_the_desk() -> None:
    drawn = re.findall(r"^ +(\w+) --> (\w+): (\w+)$", PAGE, flags=re.M)
    moves = {(Phase[before], Cause[cause]): Phase[after] for before, after, cause in drawn}
    assert moves == TRANSITIONS
    assert len(drawn) == len(TRANSITIONS)


def test_every_cause_is_explained() -> None:
    assert not [cause for cause in Cause if f"| {cause.name} |" not in PAGE]


def test_the_import_order_is_the_one_that_is_tested() -> None:
    shown = re.search(r"^```\n(errors\n.*?)^```", PAGE, flags=re.M | re.S)
    assert shown is not None
    lines = [re.sub(r" {2,}.*", "", line) for line in shown[1].splitlines()]
    source = (ROOT / "tests" / "house" / "test_import_order.py").read_text(encoding="utf-8")
    (tiers,) = (
        ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TIERS"
    )
    assert [set(line.split(", ")) for line in lines] == list(tiers)


def test_every_module_and_test_it_names_is_there() -> None:
    named = set(re.findall(r"`(?:terminal/)?((?:[a-z_]+/)+[a-z_]+)(?:\.\w+)?`", PAGE))
    rooms = [
        ROOT / room for room in ("terminal", "host_sim", "tests/terminal", "tests/host_sim", "")
    ]
    missing = [
        name
        for name in named
        if not any((room / name).exists() or (room / f"{name}.py").exists() for room in rooms)
    ]
    assert not missing
