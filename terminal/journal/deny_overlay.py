"""What the log of changes makes of a base: every good record that follows, none after a bad one.

Invariant: the view that comes out was in force at the host, whole (docs/protocol/deny-list.md, 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from terminal.crypto.keys import PublicKey
from terminal.errors import DecodeError, SignatureInvalid
from terminal.journal import deny_log
from terminal.journal.deny_base import DenyBase
from terminal.journal.deny_view import DenyListRefused, DenyView
from terminal.payment.deny_head import decode_delta


@dataclass(frozen=True, slots=True)
class Overlay:
    """A base with its log read: what is in force, and what the log holds beyond that."""

    view: DenyView
    log_bytes: int
    """Where the next record belongs; what stands there now is cut off by it."""
    dropped_bytes: int
    problem: str | None


def lay_over(base: DenyBase, log_path: Path, root_key: PublicKey) -> Overlay:
    """Read the log over ``base``. Never raises: what is wrong with the log is in ``problem``."""
    view = DenyView.of(base)
    good_size, dropped, problem = 0, 0, None
    try:
        content = deny_log.read_log(log_path)
        good_size = min(content.good_size, len(deny_log.MAGIC))
        dropped = content.good_size + content.dropped_bytes - good_size
        for data in content.deltas:
            delta = decode_delta(data, root_key)
            if delta.head.version > view.base.head.version:
                view = view.after(delta)
            good_size += deny_log.record_size(data)
            dropped -= deny_log.record_size(data)
    except (DecodeError, SignatureInvalid, DenyListRefused, OSError) as error:
        problem = f"later changes of the deny list are not used: {error}"
    return Overlay(view, good_size, dropped, problem)
