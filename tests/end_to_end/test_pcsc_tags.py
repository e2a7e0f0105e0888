"""Bearer tags through PC/SC on the real service: a sale at a whole terminal, and what is refused.

vpcd hands the reader's own commands to the card, so the virtual tag answers READ BINARY as an
ACR122U would. Needs what ``test_pcsc`` needs.
"""

from __future__ import annotations

import os
import re
import select
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from host_sim.demo.cast import TOLL, assemble
from host_sim.demo.processes import Actor, Event
from host_sim.demo.stage import HOST, Stage
from host_sim.world.isodep_card import CardApplication
from host_sim.world.pcsc_daemon import SOCKET_VARIABLE, PcscDaemon, why_not_here
from host_sim.world.tags import NdefApplication, Type2Tag
from host_sim.world.vpcd_card import (
    ISO_DEP_ATR,
    NoApplication,
    TagBehindReader,
    Tear,
    VpcdCard,
    storage_atr,
)

FIRST = "pcsc:Virtual PCD 00 00"
TAG_UID = bytes.fromhex("04A1B2C3D4E580")
ULTRALIGHT, CLASSIC_1K, CLASSIC_4K = storage_atr(3), storage_atr(1), storage_atr(2)
TOLL_AMOUNT = "5.00"
HAND_S = 1.0
"""pcscd looks for cards every 400 ms, and must have seen the empty reader twice."""
LACKING = why_not_here()

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.slow,
    pytest.mark.skipif(bool(LACKING), reason=LACKING),
]


@dataclass
class Lane:
    """A toll point whose reader is behind PC/SC."""

    stage: Stage
    terminal: Actor
    port: int

    def lay(self, application: CardApplication, atr: bytes) -> Event:
        """Lay a card on the reader until the terminal has judged it, then take the hand away."""
        with VpcdCard(application, TAG_UID, self.port, atr=atr):
            judged = self.terminal.expect("accepted", "declined", timeout_s=20, carrier="tap")
        select.select([], [], [], HAND_S)
        return judged

    def bearer(self) -> bytes:
        """The NDEF message of a new coupon of exactly the toll."""
        issued = self.stage.one(
            *HOST, "issue-bearer", "--limit", TOLL_AMOUNT, "--merchant", "harbour", "--json"
        )
        return bytes.fromhex(str(issued["ndef"]))


@pytest.fixture(scope="module")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lane]:
    with PcscDaemon(tmp_path_factory.mktemp("pcsc")) as service:
        os.environ[SOCKET_VARIABLE] = service.socket
        try:
            with Stage.build(tmp_path_factory.mktemp("lane"), "simulated") as stage:
                assemble(stage)
                config = stage.state("toll") / "config.toml"
                text, changed = re.subn(r'"tty:.*:pn532"', f'"{FIRST}"', config.read_text())
                assert changed == 1
                config.write_text(text)
                terminal = stage.terminal("toll")
                terminal.expect("panel", what="LinkUp", timeout_s=30)
                yield Lane(stage, terminal, service.ports[0])
        finally:
            del os.environ[SOCKET_VARIABLE]


def test_bearer_tags_pay_once_and_only_where_the_policy_takes_them(lane: Lane) -> None:
    first, second = lane.bearer(), lane.bearer()
    before = lane.lay(TagBehindReader(Type2Tag(TAG_UID, first)), ULTRALIGHT)
    assert before["reasons"] == ["CARD_COPYABLE"], "off by default"
    changed = lane.stage.one(
        *HOST,
        "policy",
        str(TOLL),
        "--bearer",
        "--limit",
        f"class_cap_minor={TOLL_AMOUNT}",
        "--json",
    )
    lane.terminal.expect("synced", policy=changed["policy_version"], timeout_s=30)

    torn = VpcdCard(TagBehindReader(Type2Tag(TAG_UID, first)), TAG_UID, lane.port, atr=ULTRALIGHT)
    torn.tear(Tear.BEFORE, 3)
    with torn:
        lane.terminal.expect("tap", timeout_s=20, notice="present the card again")
    select.select([], [], [], HAND_S)
    paid = lane.lay(TagBehindReader(Type2Tag(TAG_UID, first)), ULTRALIGHT)
    assert (paid["event"], paid["amount"]) == ("accepted", "CNY 5.00"), "presented again"
    lane.terminal.expect("barrier_opened", entry=paid["entry"])

    again = lane.lay(NdefApplication(first), ISO_DEP_ATR)
    assert again["reasons"] == ["ALREADY_ACCEPTED"], "the same coupon on another tag"
    assert again["prior_entry"] == paid["entry"]
    other = lane.lay(NdefApplication(second), ISO_DEP_ATR)
    assert (other["event"], other["amount"]) == ("accepted", "CNY 5.00"), "a Type 4 tag"

    empty = lane.lay(TagBehindReader(Type2Tag(TAG_UID)), ULTRALIGHT)
    assert empty["reasons"] == ["NO_COUPON_ON_CARD"]


@pytest.mark.parametrize("atr", [CLASSIC_1K, CLASSIC_4K], ids=["1K", "4K"])
def test_mifare_classic_is_refused_by_its_answer_to_reset(lane: Lane, atr: bytes) -> None:
    assert lane.lay(NoApplication(), atr)["reasons"] == ["CARD_BROKEN"]
