"""The machine's clock, with an honest word on what its wall time rests on.

Quality comes from the kernel: ``adjtimex(2)`` says whether a time service disciplines the clock
(STA_UNSYNC clear), ``/sys/class/rtc`` whether a battery clock set it at boot. A Raspberry Pi before
model 5 has no RTC: until NTP or the host speaks its wall time is unknown.
"""

from __future__ import annotations

import ctypes
import time
from pathlib import Path

from terminal.ports import ClockQuality

_STA_UNSYNC = 0x0040
_TIMEX_BYTES = 208
_STATUS = slice(40, 44)  # struct timex on 64-bit Linux: status follows modes and four longs


class SystemClock:
    """``ports.Clock`` over the kernel."""

    def __init__(self, rtc_directory: Path = Path("/sys/class/rtc")) -> None:
        self._rtc_directory = rtc_directory
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        self._boot_id = bytes.fromhex(boot.replace("-", ""))[:8]
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._judged: tuple[int, ClockQuality] | None = None

    def unix_s(self) -> int:
        """Whole seconds since 1970."""
        return int(time.time())

    def monotonic_ms(self) -> int:
        """Milliseconds since boot, suspend included, so that an idle night counts."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def boot_id(self) -> bytes:
        """The first eight bytes of the kernel's random boot id."""
        return self._boot_id

    def quality(self) -> ClockQuality:
        """NTP when disciplined, else RTC when there is one, else unknown; looked at once a second.

        A time service needs minutes to lose a clock, and a sale asks several times.
        """
        second = self.monotonic_ms() // 1000
        if self._judged is None or self._judged[0] != second:
            self._judged = (second, self._look())
        return self._judged[1]

    def _look(self) -> ClockQuality:
        if self._disciplined():
            return ClockQuality.NTP
        if any(self._rtc_directory.glob("rtc*")):
            return ClockQuality.RTC
        return ClockQuality.UNKNOWN

    def _disciplined(self) -> bool:
        timex = ctypes.create_string_buffer(_TIMEX_BYTES)  # modes = 0: read only
        if self._libc.adjtimex(timex) < 0:
            return False
        return not int.from_bytes(timex.raw[_STATUS], "little") & _STA_UNSYNC
