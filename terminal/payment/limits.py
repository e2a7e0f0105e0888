"""The limits that a policy holds: every number that bounds what is accepted without the host.

All amounts are minor units, and a limit is the largest value still accepted: an amount *over* it is
refused. A cap of 0 refuses every amount.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields

from terminal.crypto import cbor
from terminal.errors import DecodeError
from terminal.payment.coupon import U32


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one terminal. Amounts in minor units, times in seconds.

    Raises:
        DecodeError: from the constructor: a number out of range, or two that contradict.
    """

    floor_limit_minor: int
    """Largest sale."""
    second_limit_minor: int
    """Above this the payer must be verified, or confirmed by the seller."""
    coupon_cap_minor: int
    """Largest sum of one coupon here, split sales included."""
    cumulative_limit_minor: int
    """Largest sum accepted and not yet host confirmed."""
    count_limit: int
    """Most sales accepted and not yet host confirmed."""
    consecutive_limit: int
    """Most spends of one coupon in a row without the host."""
    offline_horizon_s: int
    """Longest time without the host, and the largest jump a clock is believed."""
    staleness_s: int
    """Oldest a policy may be when it is installed."""
    unknown_clock_cap_minor: int
    """Largest sale while the clock's quality is unknown."""
    online_per_mille: int = 0
    """How many sales of a thousand are sent to the host first, chosen by the nonce."""
    slot_cap_minor: int = 0
    """Largest sale by a printed code."""
    class_cap_minor: int = 0
    """Largest sale by a bearer coupon or a permit."""

    def __post_init__(self) -> None:
        for field in fields(self):
            cbor.expect_uint(getattr(self, field.name), f"policy.limits.{field.name}")
        cbor.expect_uint(self.offline_horizon_s, "policy.limits.offline_horizon_s", U32)
        cbor.expect_uint(self.staleness_s, "policy.limits.staleness_s", U32)
        cbor.expect_uint(self.online_per_mille, "policy.limits.online_per_mille", 1000)
        if self.unknown_clock_cap_minor > self.floor_limit_minor:
            raise DecodeError("policy.limits.unknown_clock_cap_minor", "above the floor limit")

    def values(self) -> tuple[int, ...]:
        """The numbers in the order of the wire, which is the order of the fields."""
        return astuple(self)


def decode_limits(value: object) -> Limits:
    """The limits in a decoded policy.

    Raises:
        DecodeError: naming the field that is wrong.
    """
    items = cbor.expect_array(value, "policy.limits", len(fields(Limits)))
    return Limits(*[cbor.expect_uint(item, "policy.limits") for item in items])
