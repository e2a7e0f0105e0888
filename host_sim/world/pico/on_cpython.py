"""Runs the staged firmware where no MicroPython exists for the machine: ``python on_cpython.py``.

CPython's ``time`` lacks three functions of MicroPython's; this process, which runs nothing else,
gives them to it and then starts main.py as a reset would.
"""

from __future__ import annotations

import runpy
import sys
import time

vars(time)["ticks_ms"] = lambda: time.monotonic_ns() // 1_000_000
vars(time)["ticks_diff"] = lambda later, earlier: later - earlier
vars(time)["sleep_ms"] = lambda length_ms: time.sleep(length_ms / 1000)

if __name__ == "__main__":
    runpy.run_path(sys.argv[1], run_name="__main__")
