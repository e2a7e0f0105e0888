"""``kumquat tap`` on the desk board: says what each simulated card is, and whether it can pay."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from host_sim.demo.processes import Actor, Event, run
from host_sim.demo.stage import CARD, READER, TERMINAL
from tests.cards import bearer_coupon, card_with_coupon, stored_card

pytestmark = pytest.mark.end_to_end

CONFIG = 'board = "desk"\n[reader]\npath = "tty:{path}:pn532"\n'
Tap = Callable[..., tuple[list[Event], int]]


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Actor]:
    words = (*READER, "--state", str(tmp_path / "reader"))
    actor = Actor("reader", words, log=tmp_path / "reader.log", env=os.environ)
    try:
        yield actor
    finally:
        actor.end()


@pytest.fixture
def tap(reader: Actor, tmp_path: Path) -> Tap:
    """Runs the command before the cards that are placed; its events and its exit code."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    path = str(reader.expect("ready")["path"])
    (state / "config.toml").write_text(CONFIG.format(path=path), encoding="utf-8")

    def tapped(*cards: str, seconds: float = 5.0) -> tuple[list[Event], int]:
        for card in cards:
            reader.tell(f"place {card}")
            reader.expect("placed")
        command = ("--state", str(state), "tap", "--seconds", str(seconds), "--json")
        *events, ended = run([*TERMINAL, *command], env=os.environ, ok=False)
        reader.tell("remove")
        return events, int(ended["code"])

    return tapped


def only(found: tuple[list[Event], int]) -> tuple[dict[str, Any], int]:
    events, code = found
    assert len(events) == 1, events
    return events[0], code


@pytest.mark.parametrize("options", ["", " sak=60", " extensions=2"])
@pytest.mark.parametrize("algorithm", ["Ed25519", "P-256"])
def test_a_kumquat_card_or_phone_is_one(
    tap: Tap, tmp_path: Path, algorithm: str, options: str
) -> None:
    card = stored_card(tmp_path, card_with_coupon(algorithm))
    found, code = only(tap(f"{card}{options}"))
    assert (found["kind"], found["version"], found["uid"]) == ("ISO_DEP", 1, "08112233")
    assert found["coupon"] == "000700000001"
    assert code == 0


def test_a_card_made_by_its_own_command_is_one(tap: Tap, tmp_path: Path) -> None:
    card = tmp_path / "fresh"
    made = run([*CARD, "new", str(card)], env=os.environ)[0]
    found, code = only(tap(str(card)))
    assert (found["uid"], found["version"], code) == (made["uid"], 1, 0)


@pytest.mark.parametrize(
    ("card", "kind", "reason"),
    [
        ("type2", "TYPE_2", "NO_COUPON_ON_CARD"),
        ("type4", "ISO_DEP", "NO_COUPON_ON_CARD"),
        ("classic", "CLASSIC", "CARD_BROKEN"),
    ],
)
def test_a_card_that_cannot_pay_is_named_with_its_reason(
    tap: Tap, card: str, kind: str, reason: str
) -> None:
    found, code = only(tap(card))
    assert (found["kind"], found["reasons"], code) == (kind, [reason], 1)


@pytest.mark.parametrize("kind", ["type2", "type4"])
def test_a_bearer_coupon_on_a_tag_is_shown_with_its_value(tap: Tap, kind: str) -> None:
    coupon = bearer_coupon(limit_minor=1250, serial=9)[2:]  # without the presentation around it
    found, code = only(tap(f"{kind} bearer={coupon.hex()}"))
    assert (found["bearer"], found["amount_minor"], code) == ("7/9", 1250, 0)


def test_two_cards_are_refused(tap: Tap, tmp_path: Path) -> None:
    found, code = only(tap(str(stored_card(tmp_path)), "classic"))
    assert (found["event"], found["why"], code) == ("no_card", "two cards: present one", 1)


def test_nothing_there_ends_by_itself(tap: Tap) -> None:
    found, code = only(tap(seconds=0.2))
    assert (found["event"], found["why"], code) == ("no_card", "no card came", 1)
