"""A card denied at the host is refused at a running terminal after its sync, over real HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_sim.demo.stage import HOST
from host_sim.demo.toll_point import toll_point
from host_sim.world.card_state import CardFile
from terminal.compose.state import StatePaths
from tests.end_to_end.test_deny_list import versions

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

OTHERS = 40_000
"""321 kB whole: three pieces."""


def test_a_card_denied_at_the_host_is_refused_after_the_sync(tmp_path: Path) -> None:
    listed = tmp_path / "denied.txt"
    others = "".join(f"coupon 9/{number}\n" for number in range(OTHERS))
    listed.write_text(others)
    publish = (*HOST, "deny-list", "publish", "--subjects", str(listed), "--json")
    with toll_point(tmp_path) as point:
        assert point.stage.one(*publish)["version"] == 1
        fetched = point.terminal.expect("deny_list_fetched", timeout_s=30)
        assert (fetched["whole_lists"], fetched["deltas"]) == (1, 0)
        assert fetched["bytes"] == 256 + 8 * OTHERS
        point.terminal.expect("deny_list", timeout_s=30, version=1)
        point.place()
        point.terminal.expect("accepted")
        point.clear()
        card = CardFile(point.cast.card).read().uid.hex()
        listed.write_text(f"{others}card {card}\n")
        assert point.stage.one(*publish)["added"] == 1
        fetched = point.terminal.expect("deny_list_fetched", timeout_s=30)
        assert (fetched["whole_lists"], fetched["deltas"]) == (0, 1)
        assert int(str(fetched["bytes"])) < 1_000
        point.terminal.expect("deny_list", timeout_s=30, version=2)
        point.place()
        declined = point.terminal.expect("declined", "accepted", carrier="tap")
        assert declined["event"] == "declined"
        assert declined["reasons"] == ["CARD_DENIED"]
        point.clear()
    assert versions(StatePaths(point.stage.state("toll")).journal) == [1, 2]
