"""Taps: ours beside plain nfcpy ``connect()`` in the same run, on a simulated reader and card.

    python -m benchmarks.nfc [--taps 100] [--pairs 5000] [--soak-taps 10000] [--soak-limit-s 600]

The reader and its card are another process (zero latency, the card's file in memory), so that only
the terminal's side is measured. Placement is stamped there with the system's monotonic clock.
*Callback* is the moment the application has the card's presentation in hand: for ours the desk's
``presented``, for nfcpy an ``on-connect`` that carries the same two APDUs with nfcpy's own tag. The
callbacks before any APDU are given besides (``placed_to_seen_ms``, ``nfcpy_placed_to_connect_ms``).

The modelled taps are bytes counted, not time taken: ``tap_model``. What a tap costs up to the
durable decision is ``tap_durable``, what many of them leave behind ``tap_soak``, what hours of
looking ``poll_soak``, when the panel first lights up ``first_light``, and what asking a deny list
of ten million costs ``deny_list``. Prints each figure with its target, writes
``build/bench/nfc.json`` (figures of others in it are kept), and ends with 1 where a target was
missed.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import nfc
import nfc.clf.pn532
import nfc.clf.transport

from benchmarks import deny_list
from benchmarks.first_light import TAPS as LIGHTS
from benchmarks.first_light import first_light_figures
from benchmarks.floor import PAIRS
from benchmarks.poll_soak import HOURS, poll_soak
from benchmarks.tap_durable import tap_by_nfcpy_ms, tap_over_floor
from benchmarks.tap_model import modelled_tap_ms
from benchmarks.tap_soak import LIMIT_S, TAPS, SoakReport, soak
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
AT_MOST: Final = {
    "placed_to_callback_ms": 10.0,
    "chip_commands_per_tap": 8.0,
    "modelled_tap_full_ms": 45.0,
    "modelled_tap_spend_ms": 36.0,
    "tap_to_durable_p99_over_floor": 3.0,
    "soak_lost": 0.0,
    "soak_doubled": 0.0,
    "soak_leaked_fds": 0.0,
    "soak_rss_growth_mb": 5.0,
    "poll_soak_longest_recovery_s": 2.0,
    "poll_soak_leaked_fds": 0.0,
    "poll_soak_rss_growth_mb": 5.0,
    "first_light_ms": 100.0,
    "deny_list_lookup_us": 20.0,
    "deny_list_mapped_mb": 90.0,
    "deny_list_delta_s": 1.0,
}
AT_LEAST: Final = {"soak_taps": 10_000.0, "poll_soak_hours": 8.0}
"""Not met by a short form, and not meant to be."""


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

    def named(self, _card: CardFound) -> bool:
        """No permits by number here."""
        return False

    def number_read(self) -> None:
        """Never asked for."""

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


def durable_figures(directory: Path, pairs: int, taps: int, seed: int) -> dict[str, float]:
    """From a card placed to the durable decision: over the floor, and through nfcpy."""
    found = tap_over_floor(directory, pairs, seed)
    median, worst = spread(tap_by_nfcpy_ms(directory, taps, seed))
    return {
        "tap_to_durable_p50_over_floor": round(found.p50_ratio, 3),
        "tap_to_durable_p99_over_floor": round(found.p99_ratio, 3),
        "tap_to_durable_p99_over_floor_low": round(found.p99_low, 3),
        "tap_to_durable_p99_over_floor_high": round(found.p99_high, 3),
        "tap_to_durable_ms": round(found.ours_p50_us / 1000, 3),
        "tap_to_durable_p99_ms": round(found.ours_p99_us / 1000, 3),
        "tap_to_durable_pairs": found.pairs,
        "tap_to_durable_nfcpy_ms": round(median, 2),
        "tap_to_durable_nfcpy_p99_ms": round(worst, 2),
    }


def soak_figures(report: SoakReport) -> dict[str, float]:
    """What the soak left behind."""
    return {
        "soak_taps": report.taps,
        "soak_lost": report.lost,
        "soak_doubled": report.doubled,
        "soak_leaked_fds": report.leaked_fds,
        "soak_rss_growth_mb": report.rss_growth_mb,
        "soak_seconds": report.seconds,
        "soak_longest_sale_s": report.longest_sale_s,
    }


def missed_targets(measured: dict[str, float]) -> list[str]:
    """Figures beyond their target."""
    above = [name for name, most in AT_MOST.items() if measured[name] > most]
    return above + [name for name, least in AT_LEAST.items() if measured[name] < least]


def main(words: list[str] | None = None, show: Callable[[str], object] = print) -> int:
    """Measure, print, and write the figures; 1 where a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nfc")
    parser.add_argument("--taps", type=int, default=100)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--soak-taps", type=int, default=TAPS)
    parser.add_argument("--soak-limit-s", type=float, default=LIMIT_S)
    parser.add_argument("--poll-hours", type=float, default=HOURS)
    parser.add_argument("--lights", type=int, default=LIGHTS)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(words)
    logging.getLogger("nfc").setLevel(logging.CRITICAL)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="kumquat-nfc-", dir=OUT.parent.resolve()))
    try:
        measured = figures(given.taps, given.seed)
        measured |= durable_figures(directory, given.pairs, given.taps, given.seed)
        report = soak(directory, given.soak_taps, given.seed, given.soak_limit_s)
        measured |= soak_figures(report)
        measured |= deny_list.measure()
        polled = poll_soak(directory, given.poll_hours)
        measured |= polled.figures()
        measured |= first_light_figures(given.lights)
    finally:
        shutil.rmtree(directory)
    missed = missed_targets(measured)
    for name, value in measured.items():
        show(f"{name:36} {value:10g}{_target(name)}{'   MISSED' if name in missed else ''}")
    write(measured, {"soak": asdict(report), "poll_soak": asdict(polled)})
    return 1 if missed else 0


def _target(name: str) -> str:
    if name in AT_MOST:
        return f"   target at most {AT_MOST[name]:g}"
    return f"   target at least {AT_LEAST[name]:g}" if name in AT_LEAST else ""


def write(measured: dict[str, float], behind: dict[str, object]) -> None:
    """Into the file; figures that another program put there stay."""
    kept = json.loads(OUT.read_text(encoding="utf-8")) if OUT.exists() else {}
    kept["figures"] = kept.get("figures", {}) | measured
    kept["targets"] = kept.get("targets", {}) | AT_MOST | AT_LEAST
    OUT.write_text(json.dumps(kept | behind, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
