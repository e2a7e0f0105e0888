"""The door answers everything with a value: 200, or a 4xx with a code that a program can read."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_sim.door import PATHS
from terminal.crypto.keys import private_signer
from terminal.sync.exchange import (
    MAX_BODY_BYTES,
    PATH_ENTRIES,
    PATH_MIRROR,
    PATH_OPEN,
    PATH_POLICY,
    HostReply,
    HostRequest,
    decode_refusal,
)
from terminal.sync.messages import EntriesRequest, MirrorRequest, OpenRequest, Upload
from terminal.sync.sealing import seal
from tests.host_sim.rigs import World

STRANGER = private_signer("Ed25519", b"\x09" * 32)


def code_of(reply: HostReply) -> str:
    assert reply.status >= 400
    return decode_refusal(reply.body)[0]


def test_unknown_paths_and_methods_are_named(world: World) -> None:
    assert code_of(world.door.send(HostRequest("POST", "/v1/nothing", b""))) == "no_such_path"
    assert code_of(world.door.send(HostRequest("GET", PATH_OPEN, b""))) == "method"


def test_a_body_has_a_largest_size(world: World) -> None:
    reply = world.door.send(HostRequest("POST", PATH_OPEN, bytes(MAX_BODY_BYTES + 1)))
    assert (reply.status, code_of(reply)) == (413, "too_large")


def test_only_the_journals_own_key_writes_to_it(world: World) -> None:
    till = world.terminal()
    payload = EntriesRequest((Upload(0, b"forged"),)).encode()
    reply = world.door.send(seal(PATH_ENTRIES, str(till.enrolled.origin), payload, STRANGER))
    assert (reply.status, code_of(reply)) == (401, "bad_signature")


def test_a_sealed_request_is_good_for_its_own_path_only(world: World) -> None:
    till = world.terminal()
    sealed = seal(
        PATH_MIRROR,
        str(till.enrolled.origin),
        MirrorRequest(till.journal.checkpoint()).encode(),
        till.keys.journal(1),
    )
    reply = world.door.send(HostRequest("POST", PATH_POLICY, sealed.body))
    assert code_of(reply) == "bad_signature"


@pytest.mark.parametrize("origin", ["host.test/t/5/1", "other.test/t/5/1"])
def test_a_journal_that_was_never_enrolled_is_unknown(world: World, origin: str) -> None:
    reply = world.door.send(seal(PATH_OPEN, origin, b"", STRANGER))
    assert (reply.status, code_of(reply)) == (404, "unknown_journal")


def test_another_journals_checkpoint_is_refused(world: World) -> None:
    till, other = world.terminal(), world.terminal()
    request = OpenRequest(other.journal.checkpoint(), bytes(8), 0)
    sealed = seal(PATH_OPEN, str(till.enrolled.origin), request.encode(), till.keys.journal(1))
    assert code_of(world.door.send(sealed)) in {"bad_signature", "wrong_origin"}


@cache
def lasting_world() -> tuple[World, HostRequest]:
    """One world for all examples: what they send changes nothing."""
    world = World(Path(tempfile.mkdtemp(prefix="kumquat-door-")))
    till = world.terminal()
    payload = EntriesRequest(tuple(Upload(e.index, e.data) for e in till.journal.entries()))
    return world, seal(
        PATH_ENTRIES, str(till.enrolled.origin), payload.encode(), till.keys.journal(1)
    )


@pytest.mark.parametrize("path", PATHS)
@given(body=st.binary(max_size=200))
def test_any_bytes_get_an_answer_with_a_code(path: str, body: bytes) -> None:
    world, _ = lasting_world()
    assert code_of(world.door.send(HostRequest("POST", path, body)))


@given(st.data())
def test_a_request_changed_on_the_way_is_refused(data: st.DataObject) -> None:
    world, request = lasting_world()
    body = bytearray(request.body)
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] ^= data.draw(st.integers(1, 255))
    reply = world.door.send(HostRequest("POST", request.path, bytes(body)))
    assert code_of(reply) in {"malformed", "bad_signature", "unknown_journal"}
