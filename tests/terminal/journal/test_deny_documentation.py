"""The worked example of docs/protocol/deny-list.md, and every number on that page."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from terminal.crypto import cose
from terminal.crypto.keys import parse_public_key, private_signer
from terminal.journal import deny_base, deny_log
from terminal.journal.deny_store import DenyStore
from terminal.payment import deny_head, deny_list
from terminal.payment.coupon import CouponId

PAGE = (Path(__file__).parents[3] / "docs" / "protocol" / "deny-list.md").read_text("utf-8")
ROOT = private_signer("Ed25519", bytes(range(32)))
COUPON = deny_list.coupon_subject(CouponId(1000, 77_000_000))
CARD = deny_list.card_subject(bytes.fromhex("04a1b2c3d4e5f6"))
TERMINAL = deny_list.terminal_subject(123_456)


def examples() -> list[bytes]:
    """The indented blocks of hex in the last section."""
    section = PAGE.split("## 6. Worked example")[1]
    blocks = re.findall(r"(?:^    [0-9a-f]+$\n?)+", section, re.MULTILINE)
    return [bytes.fromhex("".join(block.split())) for block in blocks]


def digest(*subjects: bytes) -> bytes:
    return hashlib.sha256(b"".join(sorted(subjects))).digest()


def test_the_worked_example_is_what_the_code_makes() -> None:
    first = deny_head.DenyHead(1, 2, digest(COUPON, CARD))
    message = deny_head.sign_head(first, ROOT)
    base = deny_base.encode_header(message) + b"".join(sorted((COUPON, CARD)))
    changes = deny_head.Changes(frozenset({TERMINAL}), frozenset({CARD})).encode()
    changed = hashlib.sha256(changes).digest()
    second = deny_head.DenyHead(2, 2, digest(COUPON, TERMINAL), first.digest, changed)
    delta = deny_head.encode_delta(deny_head.sign_head(second, ROOT), changes)
    log = deny_log.MAGIC + deny_log.encode_record(delta)
    aad = cose.external_aad(deny_head.PURPOSE, -19)
    assert examples() == [first.encode(), aad, base, changes, delta, log[:16]]
    for subject in (COUPON, CARD, TERMINAL):
        assert f"`{subject.hex()}`" in PAGE
    assert f"`{ROOT.public_key.hex()}`" in PAGE


def test_a_terminal_takes_the_worked_example(tmp_path: Path) -> None:
    _, _, base, _, delta, _ = examples()
    (tmp_path / "base").write_bytes(base)
    store = DenyStore(tmp_path / "deny-list", parse_public_key(ROOT.public_key, "root"))
    store.install(tmp_path / "base")
    view = store.apply(delta)
    assert [one in view for one in (COUPON, CARD, TERMINAL)] == [True, False, True]


def test_every_number_on_the_page_is_the_codes() -> None:
    for number in (
        f"0..{deny_head.MAX_LISTED}",
        f"at most {deny_head.MAX_CHANGES} each",
        f"at most {deny_head.MAX_DELTA_SIZE} bytes",
        f"at most {deny_head.MAX_HEAD_SIZE} bytes",
        f"At most\n{deny_log.MAX_LOG_SIZE:,} bytes",
        f"{deny_base.HEADER_SIZE} + 8 · count",
        f'["{deny_head.PURPOSE}", alg]',
        f"`{deny_base.MAGIC.hex()}`",
        f"`{deny_log.MAGIC.hex()}`",
    ):
        assert number in PAGE, number
