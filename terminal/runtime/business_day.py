"""Where a business day begins: a wall-clock hour in the merchant's time zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


def day_start_unix_s(unix_s: int, time_zone: str, begins_h: int = 0) -> int:
    """The start of the business day that ``unix_s`` lies in.

    A day that begins at 4 still holds the sales after midnight; on the two days a year when clocks
    change it is an hour shorter or longer.
    """
    zone = ZoneInfo(time_zone)
    local = datetime.fromtimestamp(unix_s, zone)
    start = local.replace(hour=begins_h, minute=0, second=0, microsecond=0)
    if start > local:
        start -= timedelta(days=1)
    return int(start.timestamp())
