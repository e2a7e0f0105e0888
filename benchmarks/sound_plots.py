"""Plots of what the sound benchmark found: build/bench/sound-*.png."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt

from benchmarks import sound_bound
from benchmarks.sound_cells import ROOM_COLUMNS, ROOM_ROWS
from terminal.acoustic import MODES, modulate

if TYPE_CHECKING:
    from pathlib import Path

WINDOW: Final = 512


def draw(report: dict[str, Any], folder: Path) -> None:
    """Draw what there are figures for."""
    mpl.use("Agg")
    draw_sensitivity(report, folder / "sound-sensitivity.png")
    draw_rooms(report, folder / "sound-rooms.png")
    draw_bursts(folder / "sound-bursts.png")


def draw_sensitivity(report: dict[str, Any], path: Path) -> None:
    """Share of frames over Eb/N0, a panel for each size, the bound drawn in."""
    sizes = sorted({row["bytes"] for row in report["e90"]})
    if not sizes:
        return
    figure, panels = plt.subplots(1, len(sizes), figsize=(4 * len(sizes), 3.6), squeeze=False)
    for panel, size in zip(panels[0], sizes, strict=True):
        scale = np.arange(0, 5, 0.1)
        bound = [sound_bound.success(size, float(db)) for db in scale]
        panel.plot(scale, bound, "k--", linewidth=1, label="bound")
        for row in report["e90"]:
            if row["bytes"] == size:
                db, counts, passed = np.array(row["points"]).T
                style = "o-" if row["modem"] in MODES else ".:"
                panel.plot(db, passed / counts, style, label=row["modem"], markersize=4)
        panel.axhline(0.9, color="0.8", linewidth=0.8)
        panel.set(title=f"{size} bytes", xlabel="Eb/N0 in dB", xlim=(0, 20), ylim=(-0.02, 1.02))
        panel.legend(fontsize=6)
    panels[0][0].set_ylabel("share of frames that arrive")
    figure.tight_layout()
    figure.savefig(str(path), dpi=110)
    plt.close(figure)


def draw_rooms(report: dict[str, Any], path: Path) -> None:
    """Modems by rooms, 32 bytes."""
    rows = report["groups"]["peers"]
    table = np.full((len(ROOM_ROWS), len(ROOM_COLUMNS)), np.nan)
    labels = [f"{d} m\n{kind}\n{snr:.0f} dB" for d, snr, kind in ROOM_COLUMNS]
    for j, (distance, snr, kind) in enumerate(ROOM_COLUMNS):
        for i, name in enumerate(ROOM_ROWS):
            row = rows.get(f"{name} 32 B {distance} m {kind} {snr:.0f} dB")
            if row:
                table[i, j] = row["share"]
    if np.isnan(table).all():
        return
    figure, panel = plt.subplots(figsize=(1 + 1.1 * len(ROOM_COLUMNS), 4.5))
    panel.imshow(table, cmap="viridis", vmin=0, vmax=1, aspect="auto")
    panel.set_xticks(range(len(labels)), labels, fontsize=8)
    panel.set_yticks(range(len(ROOM_ROWS)), ROOM_ROWS, fontsize=8)
    for (i, j), share in np.ndenumerate(table):
        if not np.isnan(share):
            color = "black" if share > 0.6 else "white"
            panel.text(j, i, f"{share:.2f}", ha="center", va="center", color=color, fontsize=8)
    panel.set_title("32 bytes, RT60 0.5 s, simulated: share that arrives", fontsize=9)
    figure.tight_layout()
    figure.savefig(str(path), dpi=110)
    plt.close(figure)


def draw_bursts(path: Path) -> None:
    """A burst of each mode, 16 bytes, as a spectrogram."""
    figure, panels = plt.subplots(1, len(MODES), figsize=(4 * len(MODES), 3.6), squeeze=False)
    for panel, name in zip(panels[0], MODES, strict=True):
        burst = modulate(b"sixteen bytes ok", name)
        panel.specgram(burst + 1e-6, NFFT=WINDOW, Fs=48_000, noverlap=WINDOW * 3 // 4, vmin=-120)
        panel.set(title=f"{name}, 16 bytes", xlabel="s", ylim=(0, 21_000))
    panels[0][0].set_ylabel("Hz")
    figure.tight_layout()
    figure.savefig(str(path), dpi=110)
    plt.close(figure)
