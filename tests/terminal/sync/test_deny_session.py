"""The deny list by dialogue: whatever the link does, what the host listed or nothing new."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from terminal.errors import DecodeError, HostRefused, HostUnreachable, SignatureInvalid
from terminal.journal.deny_base import HEADER_SIZE, DenyListCorrupt
from terminal.journal.deny_intake import PART_NAME
from terminal.journal.deny_view import DenyListRefused
from terminal.payment.deny_head import sign_head
from terminal.sync.deny_messages import (
    MAX_PIECE_BYTES,
    Part,
    Piece,
    PieceQuery,
    decode_piece,
)
from terminal.sync.exchange import PATH_DENY, PATH_DENY_PIECE, HostReply, HostRequest
from tests.host_sim.rigs import World
from tests.terminal.journal.deny_rig import ROOT
from tests.terminal.sync.deny_world import Damage, FaultyLink, Follower, flipped, lost, truncated

LARGE = range(60_000)
"""480,256 bytes: four pieces."""
SOME = range(0, 61_000, 1_000)


@pytest.fixture
def follower(tmp_path: Path) -> Iterator[Follower]:
    world = World(tmp_path)
    yield Follower.of(world)
    world.close()


def test_a_host_without_a_list_offers_none(follower: Follower) -> None:
    assert follower.offer() == b""


def test_an_older_host_that_knows_no_such_question_has_no_list(follower: Follower) -> None:
    def older(request: HostRequest) -> HostReply:
        path = "/v1/sync/unknown" if request.path == PATH_DENY else request.path
        return follower.world.door.send(HostRequest("POST", path, request.body))

    outcome = follower.rig.sync(older)
    assert (outcome.deny_head, outcome.complete) == (b"", True)


def test_the_first_list_comes_whole_and_the_next_as_changes(follower: Follower) -> None:
    follower.publish(LARGE)
    first = follower.fetch()
    assert (first.version, first.base_count, first.delta_count) == (1, 1, 0)
    assert first.received_bytes == HEADER_SIZE + 8 * len(LARGE)
    follower.publish(range(5, 60_003))
    follower.publish(range(7, 60_009))
    second = follower.fetch()
    assert (second.version, second.base_count, second.delta_count) == (3, 0, 2)
    assert second.received_bytes < 1_000
    assert follower.listed(range(60_010)) == set(range(7, 60_009))


def test_large_changes_come_in_pieces(follower: Follower) -> None:
    follower.publish(range(5))
    follower.fetch()
    follower.publish(range(40_000))
    outcome = follower.fetch()
    assert outcome.delta_count == 1
    assert outcome.received_bytes > 2 * MAX_PIECE_BYTES
    assert follower.listed(SOME) == set(SOME) & set(range(40_000))


def test_an_empty_list_is_a_list(follower: Follower) -> None:
    follower.publish(())
    assert follower.fetch().version == 1
    assert follower.listed(range(9)) == set()


def test_nothing_is_asked_where_nothing_is_newer(follower: Follower) -> None:
    follower.publish(range(9))
    follower.fetch()
    link = FaultyLink(follower.world.door.send, None, random.Random(0), 0.0)
    assert follower.fetch(link.send).received_bytes == 0
    assert link.pieces == 0


def test_where_the_host_keeps_no_changes_the_whole_list_is_taken(follower: Follower) -> None:
    follower.publish(range(9))
    follower.fetch()
    follower.publish(range(10))
    (follower.world.folder / "deny-lists" / "2.delta").unlink()
    outcome = follower.fetch()
    assert (outcome.version, outcome.base_count, outcome.problems) == (2, 1, ())


def test_changes_that_do_not_follow_are_said_and_the_whole_list_is_taken(
    follower: Follower,
) -> None:
    follower.publish(range(9))
    follower.fetch()
    follower.publish(range(10))
    path = follower.world.folder / "deny-lists" / "2.delta"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    outcome = follower.fetch()
    assert outcome.base_count == 1
    assert "version 2" in outcome.problems[0]
    assert follower.listed(range(12)) == set(range(10))


# --- rollback -------------------------------------------------------------------------------------


def test_an_older_head_is_refused(follower: Follower) -> None:
    follower.publish(range(9))
    old = follower.offer()
    follower.publish(range(10))
    follower.fetch()
    with pytest.raises(DenyListRefused, match="version 1, in force is 2"):
        follower.fetch(head=old)
    assert follower.listed(range(12)) == set(range(10))


def test_another_list_of_the_same_version_is_refused(follower: Follower) -> None:
    follower.publish(range(9))
    follower.fetch()
    for path in (follower.world.folder / "deny-lists").iterdir():
        path.unlink()
    follower.publish(range(3))
    with pytest.raises(DenyListRefused, match="another deny list of version 1"):
        follower.fetch()
    assert follower.listed(range(12)) == set(range(9))


def test_a_strangers_head_asks_for_nothing(follower: Follower) -> None:
    head = follower.publish(range(9))
    with pytest.raises(SignatureInvalid):
        follower.fetch(head=sign_head(head, ROOT))
    assert not follower.folder.exists()


def test_a_list_with_another_head_than_offered_is_refused(follower: Follower) -> None:
    follower.publish(range(9))
    offered = follower.offer()
    base = follower.world.folder / "deny-lists" / "1.base"
    base.unlink()
    follower.publish(range(8))
    with pytest.raises(DecodeError, match="not the list that the host offered"):
        follower.fetch(head=offered)
    assert follower.version == 0


def test_a_list_that_is_not_what_its_head_says_is_forgotten(follower: Follower) -> None:
    follower.publish(LARGE)
    path = follower.world.folder / "deny-lists" / "1.base"
    good = path.read_bytes()
    spoiled = bytearray(good)
    spoiled[-1] ^= 1
    path.write_bytes(spoiled)
    with pytest.raises(DenyListCorrupt, match="digest"):
        follower.fetch()
    assert not (follower.folder / PART_NAME).exists()
    path.write_bytes(good)
    assert follower.fetch().version == 1


# --- a bad link -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "damage",
    [truncated, flipped, lost, None],
    ids=["truncated", "flipped", "lost", "doubled and reordered"],
)
def test_a_bad_link_costs_time_and_nothing_else(
    follower: Follower, damage: Damage | None, seed: int
) -> None:
    link = FaultyLink(follower.world.door.send, damage, random.Random(seed))
    wanted: set[int] = set()
    for wanted in (set(LARGE), set(range(3, 60_005)), set(range(9, 60_007))):
        head = follower.publish(wanted)
        tries = 0
        while follower.version < head.version:
            tries += 1
            assert tries < 50
            with suppress(HostUnreachable, DecodeError):
                follower.fetch(link.send)
    assert follower.listed(SOME) == wanted & set(SOME)


def test_a_piece_that_stays_damaged_is_an_error_after_three_tries(follower: Follower) -> None:
    follower.publish(range(9))
    link = FaultyLink(follower.world.door.send, flipped, random.Random(1), share=1.0)
    with pytest.raises(DecodeError):
        follower.fetch(link.send)
    assert link.pieces == 3


def test_a_list_begun_is_gone_on_with_where_the_link_broke(follower: Follower) -> None:
    follower.publish(LARGE)
    whole = 0
    for _ in range(20):
        link = FaultyLink(follower.world.door.send, None, random.Random(0), 0.0)

        def one_piece(request: HostRequest, link: FaultyLink = link) -> HostReply:
            if link.pieces:
                raise HostUnreachable("cut")
            return link.send(request)

        whole += 1
        with suppress(HostUnreachable):
            follower.fetch(one_piece)
            break
    assert whole == 4, "each piece came once"
    assert follower.listed(SOME) == set(SOME) & set(LARGE)


def test_a_list_begun_is_finished_although_a_newer_one_is_offered(follower: Follower) -> None:
    follower.publish(LARGE)
    _break_after(follower, 2)
    follower.publish(range(60_001))
    outcome = follower.fetch()
    assert (outcome.base_count, outcome.delta_count) == (1, 1)
    assert outcome.received_bytes < HEADER_SIZE + 8 * len(LARGE), "not begun anew"


def test_a_list_begun_that_the_host_no_longer_has_is_given_up(follower: Follower) -> None:
    follower.publish(LARGE)
    _break_after(follower, 2)
    follower.publish(range(60_001))
    follower.publish(range(60_002))
    assert not (follower.world.folder / "deny-lists" / "1.base").exists()
    assert follower.fetch().version == 3
    assert follower.listed([60_001]) == {60_001}


def test_what_a_power_cut_spoiled_of_a_list_begun_is_fetched_again(follower: Follower) -> None:
    follower.publish(LARGE)
    _break_after(follower, 3)
    part = follower.folder / PART_NAME
    size = part.stat().st_size
    with part.open("r+b") as file:
        file.seek(size - 4_096)
        file.write(bytes(4_096))
    assert follower.fetch().version == 1
    assert follower.listed(SOME) == set(SOME) & set(LARGE)


@pytest.mark.parametrize("seed", range(6))
def test_a_process_killed_in_any_write_is_gone_on_from(follower: Follower, seed: int) -> None:
    """What a killed process leaves is the beginning of the file, of any length."""
    follower.publish(LARGE)
    _break_after(follower, 3)
    part = follower.folder / PART_NAME
    with part.open("r+b") as file:
        file.truncate(random.Random(seed).randrange(part.stat().st_size))
    assert follower.fetch().version == 1
    assert follower.listed(SOME) == set(SOME) & set(LARGE)


def test_a_process_killed_before_the_check_asks_for_nothing_again(follower: Follower) -> None:
    follower.publish(LARGE)
    _break_after(follower, 3)
    whole = (follower.world.folder / "deny-lists" / "1.base").read_bytes()
    (follower.folder / PART_NAME).write_bytes(whole)
    outcome = follower.fetch()
    assert (outcome.version, outcome.received_bytes) == (1, 0)
    assert not (follower.folder / PART_NAME).exists()


def _break_after(follower: Follower, pieces: int) -> None:
    link = FaultyLink(follower.world.door.send, None, random.Random(0), 0.0)

    def breaking(request: HostRequest) -> HostReply:
        if link.pieces == pieces:
            raise HostUnreachable("cut")
        return link.send(request)

    with pytest.raises(HostUnreachable):
        follower.fetch(breaking)
    assert follower.version == 0


# --- the host -------------------------------------------------------------------------------------


def test_nobody_but_an_enrolled_terminal_is_answered(follower: Follower) -> None:
    follower.publish(range(9))
    reply = follower.world.door.send(HostRequest("POST", PATH_DENY_PIECE, b"\x82\x60\x40"))
    assert reply.status >= 400


def test_a_list_that_the_host_never_made_is_refused(follower: Follower) -> None:
    follower.publish(range(9))
    head = follower.offer()
    for path in (follower.world.folder / "deny-lists").iterdir():
        path.unlink()
    with pytest.raises(HostRefused, match="no_such_list"):
        follower.fetch(head=head)


def test_a_piece_is_as_long_as_it_must_be() -> None:
    query = PieceQuery(1, Part.BASE, 0)
    whole = Piece(query, 300_000, bytes(MAX_PIECE_BYTES))
    assert decode_piece(whole.encode()) == whole
    short = Piece(query, 300_000, bytes(MAX_PIECE_BYTES - 8))
    with pytest.raises(DecodeError, match=r"piece\.data"):
        decode_piece(short.encode())
