"""The simulated chip and cards before drivers that nobody here wrote: libnfc's own tools.

They need ``libnfc-bin``; without it these tests are skipped, and continuous integration counts that
as a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_sim.world.card import open_card
from host_sim.world.isodep_card import IsoDepCard
from host_sim.world.pn532 import Pn532
from host_sim.world.pn532_pty import Pn532Line
from host_sim.world.rf_field import RfCard, RfField
from host_sim.world.tags import ClassicCard, NdefApplication, Type2Tag
from tests.cards import UID, card_with_coupon, stored_card

TAG_UID = bytes.fromhex("04A1B2C3D4E580")
MESSAGE = bytes.fromhex("D1010855016578616D706C65")

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(
        shutil.which("nfc-list") is None or shutil.which("nfc-mfultralight") is None,
        reason="libnfc's tools are not installed (apt-get install libnfc-bin)",
    ),
]


@pytest.fixture
def line() -> Iterator[Pn532Line]:
    with Pn532Line(Pn532(RfField())) as running:
        yield running


def libnfc(line: Pn532Line, *words: str) -> str:
    environment = {**os.environ, "LIBNFC_DEVICE": f"pn532_uart:{line.path}"}
    done = subprocess.run(
        words, env=environment, capture_output=True, text=True, timeout=30, check=True
    )
    return " ".join(done.stdout.split())


def listed(line: Pn532Line, *cards: RfCard) -> str:
    for card in cards:
        line.place(card)
    return libnfc(line, "nfc-list")


def test_it_lists_our_card_with_its_answer_to_select(line: Pn532Line, tmp_path: Path) -> None:
    found = listed(line, open_card(stored_card(tmp_path)))
    assert "1 ISO14443A passive target(s) found" in found
    assert "UID (NFCID3): 08 11 22 33 SAK (SEL_RES): 20 ATS: 78 80 70 02" in found


def test_it_lists_a_phone(line: Pn532Line, tmp_path: Path) -> None:
    assert "SAK (SEL_RES): 60" in listed(line, open_card(stored_card(tmp_path), sak=0x60))


def test_it_lists_a_type_2_tag_and_a_classic_card(line: Pn532Line) -> None:
    found = listed(line, Type2Tag(TAG_UID), ClassicCard(UID))
    assert "2 ISO14443A passive target(s) found" in found
    assert "UID (NFCID1): 04 a1 b2 c3 d4 e5 80 SAK (SEL_RES): 00" in found
    assert "SAK (SEL_RES): 08" in found


def test_it_lists_two_cards_of_ours(line: Pn532Line, tmp_path: Path) -> None:
    other = stored_card(tmp_path, card_with_coupon(uid=TAG_UID), "other")
    found = listed(line, open_card(stored_card(tmp_path)), open_card(other))
    assert found.count("ATS: 78 80 70 02") == 2


@pytest.mark.parametrize("algorithm", ["Ed25519", "P-256"])
@pytest.mark.parametrize(
    "uid", ["08112233", "04A1B2C3D4E580", "04A1B2C3D4E580112233"], ids=["4", "7", "10"]
)
def test_it_lists_a_card_of_either_key_and_any_identifier(
    line: Pn532Line, tmp_path: Path, algorithm: str, uid: str
) -> None:
    card = card_with_coupon(algorithm, uid=bytes.fromhex(uid))
    found = listed(line, open_card(stored_card(tmp_path, card)))
    assert f": {bytes.fromhex(uid).hex(' ')} SAK (SEL_RES): 20" in found


@pytest.mark.parametrize(
    ("ats", "shown"),
    [
        ("0200", " ATS: 00"),
        ("04688002", " ATS: 68 80 02"),
        ("067577810280", " ATS: 75 77 81 02 80"),
        ("01", ""),
    ],
)
def test_it_lists_a_card_with_another_answer_to_select(
    line: Pn532Line, tmp_path: Path, ats: str, shown: str
) -> None:
    found = listed(line, open_card(stored_card(tmp_path), ats=bytes.fromhex(ats)))
    assert f"UID (NFCID3): 08 11 22 33 SAK (SEL_RES): 20{shown}" in found


def test_it_lists_a_type_4_tag(line: Pn532Line) -> None:
    found = listed(line, IsoDepCard(NdefApplication(MESSAGE), TAG_UID))
    assert "1 ISO14443A passive target(s) found" in found
    assert "UID (NFCID1): 04 a1 b2 c3 d4 e5 80 SAK (SEL_RES): 20" in found


def test_it_finds_nothing_where_there_is_nothing(line: Pn532Line) -> None:
    assert "passive target" not in listed(line)


def test_it_reads_the_type_2_tag(line: Pn532Line, tmp_path: Path) -> None:
    line.place(Type2Tag(TAG_UID, MESSAGE))
    dump = tmp_path / "dump"
    assert "16 of 16 pages read" in libnfc(line, "nfc-mfultralight", "r", str(dump))
    assert MESSAGE in dump.read_bytes()
