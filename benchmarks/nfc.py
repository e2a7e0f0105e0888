"""Taps: ours beside plain nfcpy ``connect()`` in the same run, on a simulated reader and card.

    python -m benchmarks.nfc [--taps 100]

The reader and its card are another process (zero latency, the card's file in memory), so that only
the terminal's side is measured. Placement is stamped there with the system's monotonic clock.
*Callback* is the moment the application has the card's presentation in hand: for ours the desk's
``presented``, for nfcpy an ``on-connect`` that carries the same two APDUs with nfcpy's own tag. The
callbacks before any APDU are given besides (``placed_to_seen_ms``, ``nfcpy_placed_to_connect_ms``).

Writes ``build/bench/nfc.json``. The modelled taps are bytes counted, not time taken: ``tap_model``.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import nfc
import nfc.clf.pn532
import nfc.clf.transport

from benchmarks.tap_model import modelled_tap_ms
from benchmarks.tap_world import TapWorld, issued_card, request_for
from terminal.devices.nfcpy_reader import NfcpyReader
from terminal.nfc.apdu import MAX_RESPONSE_DATA, Command
from terminal.nfc.application import CLA_KUMQUAT, TAG_REQUEST, Instruction
from terminal.nfc.card_session import SELECT
from terminal.nfc.polling import PollingLoop, serve
from terminal.nfc.reader import CardFound
from terminal.nfc.tap import CardSeen, FieldClear, ReaderEvent, TapAnswer, TapAsk
from terminal.nfc.tlv import encode_tlv

OUT: Final = Path("build/bench/nfc.json")
WAIT_S: Final = 10.0
LIST_TARGETS: Final = 0x4A


class StopwatchDesk:
    """Asks a fresh request at every tap and stamps what happens, in nanoseconds."""

    def __init__(self) -> None:
        self.number = 0
        self.seen_ns = 0
        self.presented_ns = 0
        self.presented_event = threading.Event()
        self.clear_event = threading.Event()

    def armed(self) -> bool:
        return True

    def ask(self, card: CardFound) -> TapAsk:
        assert card.uid
        self.number += 1
        return TapAsk(request_for(self.number))

    def presented(self, presentation: bytes) -> TapAnswer:
        self.presented_ns = time.monotonic_ns()
        assert presentation
        return TapAnswer(bytes(112))

    def notice(self, event: ReaderEvent) -> None:
        if isinstance(event, CardSeen):
            self.seen_ns = time.monotonic_ns()
        elif isinstance(event, FieldClear):
            self.clear_event.set()
        elif self.presented_ns:
            self.presented_event.set()


def ours(world: TapWorld, taps: int, rng: random.Random) -> dict[str, list[float]]:
    """Milliseconds from placement, tap by tap, and chip commands."""
    desk, stopping = StopwatchDesk(), threading.Event()
    reader = NfcpyReader(f"tty:{world.path}:pn532")
    loop = PollingLoop(reader, desk, lambda: time.monotonic_ns() // 1_000_000)
    thread = threading.Thread(target=serve, args=(loop, stopping.wait), daemon=True)
    thread.start()
    result: dict[str, list[float]] = {"seen": [], "presented": [], "commands": []}
    time.sleep(1.0)  # the reader is being opened
    for _ in range(taps):
        time.sleep(rng.uniform(0.01, 0.05))
        world.counts()
        desk.presented_ns = 0
        desk.presented_event.clear()
        desk.clear_event.clear()
        placed_ns = world.place()
        assert desk.presented_event.wait(WAIT_S), "no tap"
        result["seen"].append((desk.seen_ns - placed_ns) / 1e6)
        result["presented"].append((desk.presented_ns - placed_ns) / 1e6)
        world.remove()
        assert desk.clear_event.wait(WAIT_S), "the field is not clear"
        result["commands"].append(_tap_commands(world.counts()["commands"]))
    stopping.set()
    thread.join()
    return result


def _tap_commands(codes: list[int]) -> int:
    """Commands of the tap: from the look that found the card to the field going off."""
    select = codes.index(0x54)
    return codes.index(0x32, select) - select + 2


def plain_nfcpy(world: TapWorld, taps: int, rng: random.Random) -> dict[str, list[float]]:
    """The same session through ``connect()`` as its documentation shows it."""
    frontend = nfc.ContactlessFrontend()
    frontend.device = nfc.clf.pn532.init(nfc.clf.transport.TTY(world.path))
    frontend.device._path = world.path  # noqa: SLF001 - connect() logs it
    result: dict[str, list[float]] = {"connected": [], "presented": [], "commands": []}
    for number in range(taps):
        stamps: list[int] = []

        def on_connect(tag: Any, number: int = number, stamps: list[int] = stamps) -> bool:
            stamps.append(time.monotonic_ns())
            tag.transceive(bytearray(SELECT))
            tag.transceive(bytearray(_present(10_000 + number)))
            stamps.append(time.monotonic_ns())
            return False

        placed: list[int] = []
        timer = threading.Timer(
            rng.uniform(0.05, 0.4), lambda placed=placed: placed.append(world.place())
        )
        world.counts()
        timer.start()
        while len(stamps) < 2:  # on a busy machine an activation may fail, and connect() returns
            frontend.connect(rdwr={"on-connect": on_connect})
        timer.join()
        codes = world.counts()["commands"]
        result["connected"].append((stamps[0] - placed[0]) / 1e6)
        result["presented"].append((stamps[1] - placed[0]) / 1e6)
        found = codes.index(0x42)
        first = max(i for i in range(found) if codes[i] == LIST_TARGETS)
        result["commands"].append(len(codes) - first)
        world.remove()
    frontend.close()
    return result


def _present(number: int) -> bytes:
    data = encode_tlv(TAG_REQUEST, request_for(number))
    return Command(CLA_KUMQUAT, Instruction.PRESENT, 0, 0, data, MAX_RESPONSE_DATA).encode()


def spread(values: list[float]) -> tuple[float, float]:
    """Median and 99th percentile."""
    ordered = sorted(values)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]


def figures(taps: int, seed: int = 1) -> dict[str, float]:
    """Everything this benchmark measures."""
    rng = random.Random(seed)
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))  # noqa: S108, PTH112 - memory, so that the card costs nothing
    with TapWorld(folder, issued_card(folder)) as world:
        own = ours(world, taps, rng)
        other = plain_nfcpy(world, taps, rng)
    found: dict[str, float] = {"taps": taps}
    named: list[tuple[str, list[float]]] = [
        ("placed_to_callback", own["presented"]),
        ("placed_to_seen", own["seen"]),
        ("nfcpy_connect", other["presented"]),
        ("nfcpy_placed_to_connect", other["connected"]),
    ]
    for name, values in named:
        median, worst = spread(values)
        found[f"{name}_ms"] = round(median, 2)
        found[f"{name}_p99_ms"] = round(worst, 2)
    found["chip_commands_per_tap"] = statistics.median(own["commands"])
    found["chip_commands_per_tap_max"] = max(own["commands"])
    found["nfcpy_chip_commands_per_tap"] = statistics.median(other["commands"])
    for name, alone in (("full", False), ("spend", True)):
        until_presented, until_acknowledged = modelled_tap_ms(alone=alone)
        found[f"modelled_tap_{name}_ms"] = round(until_presented, 1)
        found[f"modelled_tap_{name}_with_ack_ms"] = round(until_acknowledged, 1)
    return found


def main(words: list[str] | None = None, show: Callable[[str], object] = print) -> int:
    """Measure, print, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--taps", type=int, default=100)
    taps = parser.parse_args(words).taps
    logging.getLogger("nfc").setLevel(logging.CRITICAL)
    measured = figures(taps)
    for name, value in measured.items():
        show(f"{name:32} {value}")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"figures": measured}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
