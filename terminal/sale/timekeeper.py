"""What time it is, and how well that is known: the rules of PROTOCOL's clock over a real clock.

A clock without quality of its own borrows the host's: the last host-signed time plus the monotonic
time since, within one boot; so does a clock that the host has contradicted. Two good clocks still
differ by seconds: within ``CLOCK_TOLERANCE_S`` they agree, and a reading that far below the floor
is the floor. The floor never falls but by a host-signed time, which is an entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from terminal.crypto import cbor
from terminal.payment.clock_floor import Moment, floor_of, judge
from terminal.ports import ClockQuality

if TYPE_CHECKING:
    from terminal.payment.policy import Policy
    from terminal.ports import Clock

BUILT_UNIX_S: Final = 1_795_305_600
"""No terminal with this software runs before 2026-11-22."""

CLOCK_TOLERANCE_S: Final = 60
"""How far clocks that are both right may be apart: a month of a crystal at 20 ppm, one slot."""


@dataclass(frozen=True, slots=True)
class HostAnchor:
    """A verified host-signed time and the monotonic moment it arrived, within one boot."""

    unix_s: int
    boot: bytes
    monotonic_ms: int

    def encode(self) -> bytes:
        """As kept in the journal."""
        return cbor.encode((self.unix_s, self.boot, self.monotonic_ms))


def decode_anchor(data: bytes) -> HostAnchor:
    """The kept anchor.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    unix_s, boot, monotonic_ms = cbor.expect_array(cbor.decode(data, "anchor", 64), "anchor", 3)
    return HostAnchor(
        cbor.expect_uint(unix_s, "anchor.time"),
        cbor.expect_bytes(boot, "anchor.boot", 8),
        cbor.expect_uint(monotonic_ms, "anchor.monotonic"),
    )


class Timekeeper:
    """Judges the clock's readings. ``anchor`` is the last host-signed time, None before one."""

    def __init__(
        self, clock: Clock, anchor: HostAnchor | None = None, built_unix_s: int = BUILT_UNIX_S
    ) -> None:
        self._clock = clock
        self._built_unix_s = built_unix_s
        self.anchor = anchor

    def hear_host(self, unix_s: int, heard_ms: int | None = None) -> HostAnchor:
        """A verified host-signed time arrived, at this monotonic time; None: just now."""
        if heard_ms is None:
            heard_ms = self._clock.monotonic_ms()
        self.anchor = HostAnchor(unix_s, self._clock.boot_id(), heard_ms)
        return self.anchor

    def lent_unix_s(self) -> int | None:
        """The host's time by now; None where it has said none since this boot."""
        anchor = self.anchor
        if anchor is None or anchor.boot != self._clock.boot_id():
            return None
        return anchor.unix_s + max(self._clock.monotonic_ms() - anchor.monotonic_ms, 0) // 1000

    def moment(self, policy: Policy, last_good_entry_unix_s: int) -> Moment:
        """Now, with the quality it deserves."""
        floor_s = floor_of(
            host_signed_s=self.anchor.unix_s if self.anchor else None,
            policy_issued_s=policy.issued_at_unix_s,
            built_s=self._built_unix_s,
            last_good_entry_s=last_good_entry_unix_s or None,
        )
        unix_s, quality = self._reading()
        if floor_s - CLOCK_TOLERANCE_S <= unix_s < floor_s:
            unix_s = floor_s
        return judge(unix_s, quality, floor_s, policy.limits.offline_horizon_s)

    def _reading(self) -> tuple[int, ClockQuality]:
        unix_s, quality, lent_s = self._clock.unix_s(), self._clock.quality(), self.lent_unix_s()
        if lent_s is None:
            return unix_s, quality
        if quality > ClockQuality.HOST and abs(unix_s - lent_s) <= CLOCK_TOLERANCE_S:
            return unix_s, quality
        return lent_s, ClockQuality.HOST
