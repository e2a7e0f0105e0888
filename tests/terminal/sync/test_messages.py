"""Every message is read back as it was written, and nothing else is read at all."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.crypto import cbor
from terminal.errors import DecodeError
from terminal.sync import deny_messages, messages
from terminal.sync import enrolment_messages as enrolment
from terminal.sync.messages import LineState, MirrorOutcome

SIZES = st.integers(0, 2**53 - 1)
VERSIONS = st.integers(0, 2**32 - 1)
HASHES = st.binary(min_size=32, max_size=32)
DEVICE_KEY = bytes.fromhex("036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
PLAIN = st.text(st.characters(categories=["Ll", "Nd"], codec="ascii"), min_size=1, max_size=90)

PIECE_QUERIES = st.builds(
    deny_messages.PieceQuery,
    st.integers(1, 2**32 - 1),
    st.sampled_from(deny_messages.Part),
    st.integers(0, 1_000_000),
)

MESSAGES: dict[str, tuple[st.SearchStrategy[Any], Callable[[bytes], object]]] = {
    "sealed": (
        st.builds(messages.Sealed, PLAIN, st.binary(max_size=300)),
        messages.decode_sealed,
    ),
    "open": (
        st.builds(
            messages.OpenRequest,
            st.binary(max_size=300),
            st.binary(min_size=8, max_size=8),
            VERSIONS,
        ),
        messages.decode_open_request,
    ),
    "opened": (
        st.builds(
            messages.OpenReply, st.sampled_from(LineState), SIZES, st.binary(max_size=99), VERSIONS
        ),
        messages.decode_open_reply,
    ),
    "entries": (
        st.builds(
            messages.EntriesRequest,
            st.lists(
                st.builds(messages.Upload, SIZES, st.binary(max_size=400)), min_size=1, max_size=9
            ).map(tuple),
        ),
        messages.decode_entries_request,
    ),
    "judged": (
        st.builds(
            messages.EntriesReply,
            st.lists(
                st.builds(messages.Judged, SIZES, HASHES, st.binary(max_size=130)),
                min_size=1,
                max_size=9,
            ).map(tuple),
        ),
        messages.decode_entries_reply,
    ),
    "mirror": (
        st.builds(messages.MirrorRequest, st.binary(max_size=300)),
        messages.decode_mirror_request,
    ),
    "mirrored": (
        st.builds(
            messages.MirrorReply,
            st.just(MirrorOutcome.COSIGNED),
            SIZES,
            st.binary(min_size=1, max_size=300),
        )
        | st.builds(
            messages.MirrorReply,
            st.sampled_from([one for one in MirrorOutcome if one is not MirrorOutcome.COSIGNED]),
            SIZES,
            st.just(b""),
        ),
        messages.decode_mirror_reply,
    ),
    "policy_request": (
        st.builds(messages.PolicyRequest, VERSIONS),
        messages.decode_policy_request,
    ),
    "policy_reply": (
        st.builds(messages.PolicyReply, st.binary(max_size=500)),
        messages.decode_policy_reply,
    ),
    "deny_query": (st.just(deny_messages.DenyQuery()), deny_messages.decode_deny_query),
    "deny_reply": (
        st.builds(deny_messages.DenyReply, st.binary(max_size=224)),
        deny_messages.decode_deny_reply,
    ),
    "piece_query": (PIECE_QUERIES, deny_messages.decode_piece_query),
    "piece": (
        st.builds(
            lambda query, data: deny_messages.Piece(query, query.offset + len(data), data),
            PIECE_QUERIES,
            st.binary(min_size=1, max_size=300),
        ),
        deny_messages.decode_piece,
    ),
    "enrol_open": (
        st.builds(enrolment.OpenRequest, VERSIONS, st.just(DEVICE_KEY)),
        enrolment.decode_open_request,
    ),
    "enrol_opened": (
        st.builds(enrolment.OpenReply, st.just("host.test"), st.integers(1, 2**32 - 1), HASHES),
        enrolment.decode_open_reply,
    ),
    "enrol": (
        st.builds(
            enrolment.EnrolRequest,
            VERSIONS,
            st.integers(1, 2**32 - 1),
            st.just(DEVICE_KEY),
            st.binary(max_size=160),
            HASHES,
        ),
        enrolment.decode_enrol_request,
    ),
    "enrolled": (
        st.builds(
            enrolment.EnrolReply,
            PLAIN,
            st.lists(st.binary(max_size=160), max_size=5).map(tuple),
            st.binary(max_size=500),
        ),
        enrolment.decode_enrol_reply,
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
@given(data=st.data())
def test_a_message_is_read_back_as_it_was_written(name: str, data: st.DataObject) -> None:
    strategy, decode = MESSAGES[name]
    message = data.draw(strategy)
    assert decode(message.encode()) == message


@pytest.mark.parametrize("name", MESSAGES)
@given(data=st.data())
def test_one_changed_byte_is_refused_or_another_message(name: str, data: st.DataObject) -> None:
    strategy, decode = MESSAGES[name]
    message = data.draw(strategy)
    body = bytearray(message.encode())
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(DecodeError):
        assert decode(bytes(body)) != message


@pytest.mark.parametrize("name", MESSAGES)
@given(junk=st.binary(max_size=80))
def test_junk_is_refused_or_read_never_worse(name: str, junk: bytes) -> None:
    with contextlib.suppress(DecodeError):
        MESSAGES[name][1](junk)


def test_an_upload_has_a_bounded_number_of_items() -> None:
    item = [0, b""]
    with pytest.raises(DecodeError, match="1 to 128"):
        messages.decode_entries_request(cbor.encode([1, [item] * 129]))
    with pytest.raises(DecodeError, match="1 to 128"):
        messages.decode_entries_request(cbor.encode([1, []]))


def test_a_cosigned_note_is_there_exactly_when_cosigned() -> None:
    with pytest.raises(DecodeError, match="exactly when"):
        messages.decode_mirror_reply(cbor.encode([1, int(MirrorOutcome.COSIGNED), 0, b""]))
    with pytest.raises(DecodeError, match="exactly when"):
        messages.decode_mirror_reply(cbor.encode([1, int(MirrorOutcome.FORKED), 0, b"x"]))


@pytest.mark.parametrize(
    "text", ["", "1-2-3", "1-12345678-abc", "01-12345678-ABCDEFGHIJKLMNOP", "9" * 40]
)
def test_a_strange_code_is_refused(text: str) -> None:
    with pytest.raises(DecodeError, match="must look like"):
        enrolment.parse_code(text)


def test_a_code_is_read_however_it_is_typed() -> None:
    code = enrolment.EnrolCode(77, "01234567", enrolment.fingerprint(bytes(32)))
    typed = " " + code.text.lower().replace("-", " - ")
    assert enrolment.parse_code(typed) == code
