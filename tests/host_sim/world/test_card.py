"""Cards made and shown from the command line: a public key out, a coupon in, never a secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from host_sim.world import card as cards
from host_sim.world.card_state import CardFile
from terminal.crypto.keys import parse_public_key
from terminal.errors import DecodeError
from terminal.payment.coupon import CouponFields, sign_coupon
from tests.cards import CNY, ISSUER, blank_card, card_with_coupon


def run(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert cards.main(list(words)) == 0
    facts = json.loads(capsys.readouterr().out)
    assert isinstance(facts, dict)
    return facts


@pytest.mark.parametrize("algorithm", ["Ed25519", "P-256"])
def test_a_card_is_made_loaded_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], algorithm: str
) -> None:
    path = str(tmp_path / "card")
    made = run(capsys, "new", path, "--algorithm", algorithm, "--pin", "1234")
    key = parse_public_key(bytes.fromhex(str(made["public_key"])), "key")
    fields = CouponFields(0, 7, 9, key, 5000, CNY, 1, 2_000_000_000, 1000)
    coupon = sign_coupon(fields, ISSUER).hex()
    loaded = run(capsys, "load-coupon", path, coupon)
    assert (loaded["serial"], loaded["limit_minor"], loaded["next_minor"]) == (9, 5000, 0)
    assert run(capsys, "show", path) == loaded
    assert "1234" not in json.dumps(loaded)
    assert CardFile(tmp_path / "card").read().secret.hex() not in json.dumps(loaded)


def test_a_card_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "new", str(tmp_path / "card"))
    assert cards.main(["new", str(tmp_path / "card")]) == 78
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["show", "none"], ["load-coupon", "none", "00"]])
def test_a_missing_card_is_one_clear_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cards.main(words) == 66
    assert capsys.readouterr().err.count("\n") == 1


def test_a_coupon_for_another_key_does_not_go_on_the_card() -> None:
    coupon = card_with_coupon("P-256").coupon
    with pytest.raises(DecodeError, match="not this card's key"):
        cards.load_coupon(blank_card("Ed25519"), coupon)
