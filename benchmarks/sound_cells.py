"""What is measured: every cell of the sound benchmark, with its target.

A cell is one modem, one payload size and one channel. ``frames`` is what a full run brings it to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.sound_abuse import ABUSES
from benchmarks.sound_modems import DESIGNS
from terminal.acoustic import MODES

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Cell:
    """One modem through one channel, and the share of frames that must pass (None: no target).

    White noise where ``eb_n0_db`` is given, an abuse where it is named, else a room.
    """

    group: str
    modem: str
    payload_bytes: int
    channel: str
    frames: int
    target: float | None = None
    eb_n0_db: float | None = None
    abuse: str = ""
    distance_m: float = 0.0
    snr_db: float = 0.0
    noise: str = "white"
    loss_18khz_db: float = 12.0
    deep_dips: bool = False
    ppm: float = 0.0
    wobble_m_per_s: float = 0.0
    short: bool = False
    """Whether the short run takes it."""

    @property
    def name(self) -> str:
        return f"{self.modem} {self.payload_bytes} B {self.channel}"


E90_STEP_DB: Final = 0.25
SENSITIVITY: Final = (
    ("counter", 16, 4.5, 3.9),
    ("counter", 32, 3.8, 3.0),
    ("counter", 85, 3.3, 2.1),
    ("counter", 140, 3.0, 1.9),
    ("counter", 210, 2.9, 2.3),
    ("fast", 85, 3.4, 2.3),
    ("robust", 32, None, 5.5),
    ("robust", 85, None, 5.5),
    ("inaudible", 85, None, 2.3),
)
"""Mode, bytes, wanted e90, and about where it lies, in dB."""
PEER_SENSITIVITY: Final = (
    ("ggwave normal", 16, 18.0), ("ggwave normal", 32, 17.3), ("ggwave normal", 140, 16.8),
    ("ggwave fast", 16, 16.8), ("ggwave fast", 32, 16.1), ("ggwave fast", 140, 15.4),
    ("ggwave fastest", 16, 13.8), ("ggwave fastest", 32, 13.1), ("ggwave fastest", 140, 12.4),
    ("ggwave fixed fastest", 16, 9.5), ("ggwave fixed fastest", 32, 9.3),
    ("minimodem 300", 32, 17.6), ("minimodem 1200", 32, 14.5),
)  # fmt: skip
"""Peer, bytes, and about where its e90 lies."""
PEER_E90_DB: Final = {(name, size): db for name, size, db in PEER_SENSITIVITY}
E90_STEPS: Final = (-2, -1, 0, 1, 2)
ROOM_COLUMNS: Final = (
    (0.3, 10.0, "white"),
    (0.3, 5.0, "market"),
    (0.5, 10.0, "white"),
    (0.5, 0.0, "white"),
    (0.5, 0.0, "market"),
    (1.0, 10.0, "white"),
    (1.0, 0.0, "white"),
    (1.0, 0.0, "market"),
    (3.0, 10.0, "white"),
    (3.0, 0.0, "white"),
)
ROOM_ROWS: Final = (
    "counter", "fast", "robust", "ggwave fastest", "ggwave fast", "ggwave normal",
    "ggwave fixed fastest", "minimodem 300",
)  # fmt: skip
"""The heat map: 32 bytes, RT60 0.5 s, distance and SNR across."""


def sensitivity() -> Iterator[Cell]:
    """A few points around each expected e90."""
    for mode, size, _, middle in SENSITIVITY:
        for step in E90_STEPS:
            eb = middle + step * E90_STEP_DB
            short = step == 2 and size in (16, 85)
            yield Cell("sensitivity", mode, size, f"{eb:.2f} dB", 200, eb_n0_db=eb, short=short)


def peers() -> Iterator[Cell]:
    """The peers' sensitivity, then everyone in the same rooms."""
    for name, size, middle in PEER_SENSITIVITY:
        for step in E90_STEPS:
            eb = middle + step
            yield Cell("peers", name, size, f"{eb:.2f} dB", 100, eb_n0_db=eb)
    for name in ROOM_ROWS:
        for distance, snr, kind in ROOM_COLUMNS:
            channel = f"{distance} m {kind} {snr:.0f} dB"
            yield Cell(
                "peers", name, 32, channel, 90,
                distance_m=distance, snr_db=snr, noise=kind, short=name == "ggwave fastest",
            )  # fmt: skip


def rooms() -> Iterator[Cell]:
    """The rooms of the specification, RT60 0.5 s; then a speaker with deeper dips."""
    cells: list[tuple[str, int, float, str, float, float | None]] = []
    for size in (32, 85):
        for distance in (0.5, 1.0):
            cells += [("counter", size, distance, kind, 0.0, 0.98) for kind in ("white", "market")]
    for size in (85, 210):
        cells += [("fast", size, distance, "white", 10.0, 0.99) for distance in (0.3, 0.5)]
        cells.append(("fast", size, 0.3, "market", 5.0, 0.97))
    cells += [("robust", 32, 3.0, "white", snr, t) for snr, t in ((10.0, 0.95), (0.0, 0.85))]
    for distance in (0.5, 1.0):  # a whole payment, as long as one may be
        cells += [("counter", 210, distance, kind, 0.0, None) for kind in ("white", "market")]
    for mode, size, distance, kind, snr, target in cells:
        channel = f"{distance} m {kind} {snr:.0f} dB"
        yield Cell(
            "rooms", mode, size, channel, 600, target,
            distance_m=distance, snr_db=snr, noise=kind,
            short=target is not None and size in (32, 210),
        )  # fmt: skip
    channel = "0.3 m white 10 dB, -25 dB at 18 kHz"
    yield Cell(
        "rooms", "inaudible", 85, channel, 600, 0.97,
        distance_m=0.3, snr_db=10.0, loss_18khz_db=25.0, short=True,
    )  # fmt: skip
    for distance in (0.5, 1.0):
        channel = f"{distance} m market 0 dB, deep dips"
        yield Cell(
            "rooms", "counter", 85, channel, 600,
            distance_m=distance, snr_db=0.0, noise="market", deep_dips=True,
        )  # fmt: skip
    for channel, ppm, wobble in (("+80 ppm", 80.0, 0.0), ("wobble 0.2 m/s", 0.0, 0.2)):
        yield Cell(
            "rooms", "counter", 85, f"1.0 m market 0 dB, {channel}", 600,
            distance_m=1.0, snr_db=0.0, noise="market", ppm=ppm, wobble_m_per_s=wobble,
        )  # fmt: skip
    yield Cell("rooms", "counter", 85, "2.0 m white 0 dB", 600, distance_m=2.0, snr_db=0.0)


ABOVE_E90_DB: Final = 3.0
MOTIONS: Final = (
    ("+300 ppm", 300.0, 0.0),
    ("-300 ppm", -300.0, 0.0),
    ("+1 m/s", 2915.0, 0.0),
    ("-1 m/s", -2915.0, 0.0),
    ("wobble 0.5 m/s", 0.0, 0.5),
)
"""Name, time scale in parts per million, greatest speed of the hand in m/s."""
MOVED_PEERS: Final = ("ggwave normal", "ggwave fast", "ggwave fastest", "minimodem 300")


def motion() -> Iterator[Cell]:
    """Clocks, steady motion and a wobble, 3 dB above about where the sensitivity lies."""
    middles = {mode: middle for mode, size, _, middle in SENSITIVITY if size == 85}
    rows: list[tuple[str, int, float, int, float | None]]
    rows = [(mode, 85, middle, 200, 0.99) for mode, middle in middles.items()]
    rows += [(peer, 32, PEER_E90_DB[peer, 32], 60, None) for peer in MOVED_PEERS]
    for name, size, middle, frames, target in rows:
        for label, ppm, wobble in MOTIONS:
            yield Cell(
                "motion", name, size, label, frames, target, eb_n0_db=middle + ABOVE_E90_DB,
                ppm=ppm, wobble_m_per_s=wobble, short=label == "+1 m/s" and frames == 200,
            )  # fmt: skip


ABUSED: Final = (("counter", 85), ("fast", 85), ("robust", 32), ("inaudible", 85))
ABUSED_PEERS: Final = ("ggwave fast", "ggwave fastest", "minimodem 300")


def abuse() -> Iterator[Cell]:
    """Every mode, and peers, through everything that devices and people do to sound."""
    for mode, size in ABUSED:
        for name, (_, target, highest_hz) in ABUSES.items():
            if MODES[mode].highest_hz <= highest_hz:
                short = mode == "counter"
                yield Cell(
                    "abuse", mode, size, name, 100, target, abuse=name, snr_db=10.0, short=short
                )
    for peer in ABUSED_PEERS:
        for name in ABUSES:
            yield Cell("abuse", peer, 32, name, 30, abuse=name, snr_db=10.0)


def designs() -> Iterator[Cell]:
    """What was not chosen for counter, in white noise and in a room."""
    for name in ("counter", *DESIGNS):
        for eb in (1.75, 2.25, 2.75, 3.25):
            yield Cell("designs", name, 85, f"{eb:.2f} dB", 100, eb_n0_db=eb)
        channel = "1.0 m market 0 dB"
        yield Cell("designs", name, 85, channel, 90, distance_m=1.0, snr_db=0.0, noise="market")


GROUPS: Final = {
    "sensitivity": sensitivity,
    "peers": peers,
    "rooms": rooms,
    "motion": motion,
    "abuse": abuse,
    "designs": designs,
}
