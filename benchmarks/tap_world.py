"""The other side of a tap benchmark: a card with a coupon, and the reader's process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from host_sim.world.card import load_coupon, new_card
from host_sim.world.card_state import CardFile
from terminal.crypto.keys import SoftwareSigner, parse_public_key, private_signer
from terminal.payment.coupon import CouponFields, sign_coupon
from terminal.payment.request import Request

CNY: Final = 156
LIMIT_MINOR: Final = 10_000_000
NOT_AFTER_UNIX_S: Final = 2_000_000_000


def request_for(number: int) -> bytes:
    """A typical request, 22 bytes, its nonce made of ``number``."""
    return Request(123_456, CNY, 1250, number.to_bytes(8, "big")).encode()


def issued_card(folder: Path) -> Path:
    """A card file with a coupon of typical size."""
    card = new_card(os.urandom)
    key = SoftwareSigner(card.algorithm, card.secret).public_key
    fields = CouponFields(
        0, 7, 1_000_000, parse_public_key(key, "key"), LIMIT_MINOR, CNY, 70_000, NOT_AFTER_UNIX_S,
        720,
    )  # fmt: skip
    issuer = private_signer("Ed25519", os.urandom(32))
    path = folder / "card"
    CardFile(path).store(replace(load_coupon(card, sign_coupon(fields, issuer))))
    return path


class TapWorld:
    """``python -m host_sim.world.reader`` with one card; a context manager."""

    def __init__(self, folder: Path, card: Path) -> None:
        self._card = card
        words = [sys.executable, "-m", "host_sim.world.reader", "--state", str(folder / "reader")]
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.path = str(self._until("ready")["path"])

    def place(self) -> int:
        """Put the card on the reader; when, in nanoseconds of the monotonic clock."""
        self._say(f"place {self._card}")
        return int(self._until("placed")["at_ns"])

    def remove(self) -> None:
        """Take it away."""
        self._say("remove")
        self._until("done")

    def counts(self) -> dict[str, Any]:
        """What the chip did since the last call."""
        self._say("counts")
        found = self._until("counts")
        self._until("done")
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._say("quit")
        self._process.wait(timeout=10)

    def _say(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def _until(self, event: str) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            facts: dict[str, Any] = json.loads(line)
            if facts["event"] == event:
                return facts
        raise AssertionError(f"the reader ended without {event}")
