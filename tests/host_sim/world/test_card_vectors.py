"""The sessions published for writers of applets: the reference card plays them byte for byte."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from host_sim.world.card_application import KumquatApplication
from terminal.payment.coupon import decode_coupon
from terminal.payment.presentation import Full, decode_presentation
from terminal.payment.spend import verify_spend
from tests.cards import MemoryOfCard, blank_card

ROOT = Path(__file__).parents[3]
SESSIONS = json.loads((ROOT / "tests/vectors/card/sessions.json").read_text())["sessions"]
PAGE = "".join((ROOT / "docs/protocol/card.md").read_text().split())


def name_of(session: dict[str, object]) -> str:
    return f"{session['algorithm']}{', PIN' if 'pin' in session else ''}"


@pytest.mark.parametrize("session", SESSIONS, ids=name_of)
def test_the_reference_card_plays_the_published_session(session: dict[str, object]) -> None:
    state = replace(
        blank_card(str(session["algorithm"])),
        uid=bytes.fromhex(str(session["uid"])),
        secret=bytes.fromhex(str(session["secret"])),
        coupon=bytes.fromhex(str(session["coupon"])),
        pin=str(session.get("pin", "")),
    )
    application = KumquatApplication(MemoryOfCard(state))
    exchanges = session["exchanges"]
    assert isinstance(exchanges, list)
    for exchange in exchanges:
        command = bytes.fromhex(exchange["command"])
        assert application.process(command).hex() == exchange["response"], exchange["what"]


@pytest.mark.parametrize("session", SESSIONS, ids=name_of)
def test_the_published_signature_verifies(session: dict[str, object]) -> None:
    exchanges = session["exchanges"]
    assert isinstance(exchanges, list)
    full = next(one for one in exchanges if one["what"].startswith("PRESENT in full"))
    presentation = decode_presentation(bytes.fromhex(full["response"])[:-2])
    assert isinstance(presentation, Full)
    assert presentation.spend.user_verified == ("pin" in session)
    key = decode_coupon(bytes.fromhex(str(session["coupon"]))).fields.holder_key
    assert key is not None
    verify_spend(
        presentation.spend,
        presentation.signature,
        holder_key=key,
        request_bytes=bytes.fromhex(str(session["request"])),
        slot=None,
        coupon_digest=presentation.coupon.digest,
    )


def test_the_page_shows_the_session_as_it_is() -> None:
    first = SESSIONS[0]["exchanges"]
    for shown in (first[0]["command"], first[0]["response"], first[1]["command"]):
        assert shown.upper() in PAGE
    with_pin = {one["what"]: one for one in SESSIONS[2]["exchanges"]}
    for shown in ("SELECT", "PRESENT in full, user verified", "VERIFY"):
        assert with_pin[shown]["command"].upper() in PAGE
    assert with_pin["SELECT"]["response"].upper() in PAGE
