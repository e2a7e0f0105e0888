"""The base file: exact for whatever was listed, and refused when a single byte is another."""

from __future__ import annotations

import bisect
import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_sim import deny_publisher
from terminal.errors import DecodeError
from terminal.journal.deny_base import (
    HEADER_SIZE,
    BaseWriter,
    ContentCheck,
    DenyListCorrupt,
    decode_header,
    draft_of,
    encode_header,
    open_base,
)
from terminal.payment.deny_head import DenyHead, sign_head
from tests.terminal.journal.deny_rig import ROOT, ROOT_KEY, STRANGER, Publisher, subject, subjects

MANY = subjects(*range(5))


@pytest.fixture
def published(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path / "host", MANY)


def numbers() -> st.SearchStrategy[list[int]]:
    """Subjects as numbers: spread like hashes, crowded at either end, or doubling."""
    top = 2**64 - 1
    anywhere = st.integers(0, top)
    near = st.integers(0, 300)
    doubling = st.integers(0, 63).map(lambda power: 1 << power)
    one = st.one_of(anywhere, near, near.map(lambda n: top - n), doubling)
    return st.lists(one, max_size=200)


@given(numbers(), numbers())
def test_a_lookup_agrees_with_a_set_whatever_is_listed(listed: list[int], asked: list[int]) -> None:
    members = frozenset(n.to_bytes(8, "big") for n in listed)
    with tempfile.TemporaryDirectory() as folder:
        base = open_base(Publisher(Path(folder), members).base(1), ROOT_KEY)
    beside = [(n + step) % 2**64 for n in listed for step in (-1, 0, 1)]
    for number in (*asked, *beside, 0, 2**64 - 1):
        candidate = number.to_bytes(8, "big")
        assert (candidate in base) == (candidate in members)


def test_what_is_no_subject_is_not_listed(published: Publisher) -> None:
    base = open_base(published.base(1), ROOT_KEY)
    for other in (b"", subject(1)[:7], subject(1) + b"\0", "subject", 7, None):
        assert other not in base


def test_an_empty_list_holds_nothing(tmp_path: Path) -> None:
    base = open_base(Publisher(tmp_path / "host", ()).base(1), ROOT_KEY)
    assert subject(1) not in base
    assert list(base.blocks()) == []


def test_every_changed_byte_is_noticed(published: Publisher, tmp_path: Path) -> None:
    path, data = tmp_path / "base", published.base(1).read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes((data[at] ^ 0x10,)) + data[at + 1 :])
        with pytest.raises(DenyListCorrupt):
            open_base(path, ROOT_KEY)


def test_every_cut_and_every_surplus_is_noticed(published: Publisher, tmp_path: Path) -> None:
    path, data = tmp_path / "base", published.base(1).read_bytes()
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(DenyListCorrupt):
            open_base(path, ROOT_KEY)
    path.write_bytes(data + subject(99))
    with pytest.raises(DenyListCorrupt, match="longer"):
        open_base(path, ROOT_KEY)


def test_a_list_by_another_key_is_refused(tmp_path: Path) -> None:
    values = deny_publisher.sorted_subjects(MANY)
    deny_publisher.build(tmp_path / "base", values, 9, STRANGER)
    with pytest.raises(DenyListCorrupt, match="not the host's"):
        open_base(tmp_path / "base", ROOT_KEY)


def test_a_signed_list_out_of_order_is_refused(tmp_path: Path) -> None:
    data = b"".join(sorted(MANY, reverse=True))
    head = DenyHead(1, len(MANY), hashlib.sha256(data).digest())
    (tmp_path / "base").write_bytes(encode_header(sign_head(head, ROOT)) + data)
    with pytest.raises(DenyListCorrupt, match="ascending"):
        open_base(tmp_path / "base", ROOT_KEY)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DenyListCorrupt, match="cannot be read"):
        open_base(tmp_path, ROOT_KEY)
    with pytest.raises(FileNotFoundError):
        open_base(tmp_path / "nothing", ROOT_KEY)


def test_a_header_has_one_form() -> None:
    header = encode_header(b"head")
    assert len(header) == HEADER_SIZE
    assert decode_header(header) == b"head"
    too_long = header[:8] + b"\xff\xff" + header[10:]
    for broken in (header[:-1], b"X" + header[1:], header[:-1] + b"x", too_long):
        with pytest.raises(DecodeError):
            decode_header(broken)
    with pytest.raises(ValueError, match="never so long"):
        encode_header(bytes(300))


def test_a_draft_that_is_not_the_signed_list_leaves_the_old_file(published: Publisher) -> None:
    path = published.base(1)
    before = path.read_bytes()
    base = open_base(path, ROOT_KEY)
    listed = b"".join(sorted(MANY))
    for blocks in ((listed[:-8],), (listed, b"\xff" * 8), (listed[8:], listed[:8]), ()):
        writer = BaseWriter(path, base.message, base.head)
        with pytest.raises(DenyListCorrupt):
            _write(writer, blocks)
        writer.abandon()
        assert path.read_bytes() == before
        assert not draft_of(path).exists()


def _check(blocks: tuple[bytes, ...]) -> None:
    check = ContentCheck()
    for block in blocks:
        check.take(block)


def _write(writer: BaseWriter, blocks: tuple[bytes, ...]) -> None:
    for block in blocks:
        writer.write(block)
    writer.commit()


def test_order_is_checked_within_and_between_blocks() -> None:
    one, two, three = sorted(subjects(1, 2, 3))
    for blocks in ((two + one,), (one + one,), (two, one), (one, one), (one + three, two)):
        with pytest.raises(DenyListCorrupt, match="ascending"):
            _check(blocks)


def test_what_is_mapped_outlives_its_file(published: Publisher) -> None:
    base = open_base(published.base(1), ROOT_KEY)
    published.base(1).unlink()
    assert all(one in base for one in MANY)
    assert base.mapped_bytes == HEADER_SIZE + 8 * len(MANY)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 1000])
def test_the_number_of_steps_is_bounded_whatever_is_listed(tmp_path: Path, count: int) -> None:
    """Every step at least takes one away; a list that doubles is the worst for interpolation."""
    values = sorted({(3**n) % 2**64 for n in range(count)})
    members = frozenset(n.to_bytes(8, "big") for n in values)
    base = open_base(Publisher(tmp_path / "host", members).base(1), ROOT_KEY)
    for number in range(0, 2**64, 2**64 // 997):
        at = bisect.bisect_left(values, number)
        listed = at < len(values) and values[at] == number
        assert (number.to_bytes(8, "big") in base) == listed
