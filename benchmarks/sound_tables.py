"""The figures as tables: for reading, for the documentation (Markdown) and for sound.json."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from benchmarks.sound_channel import ROOMS
from benchmarks.sound_modems import is_peer
from benchmarks.sound_report import air_s
from benchmarks.sound_statistics import verdict_below, wilson

NOISE: Final = "noise"


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as text, a row each; ``note`` is a sentence or two above them."""

    title: str
    note: str
    columns: list[str]
    rows: list[list[str]]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)

    def markdown(self) -> str:
        """A heading, the note, a table."""
        rule = ["---"] * len(self.columns)
        lines = ["| " + " | ".join(row) + " |" for row in (self.columns, rule, *self.rows)]
        return "\n".join([f"### {self.title}", "", self.note, "", *lines, ""])

    def text(self) -> str:
        """Columns of a width."""
        rows = [self.columns, *self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.columns))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join([f"{self.title}: {self.note}", *(f"  {line}" for line in lines), ""])


def text(report: dict[str, Any]) -> str:
    """Every table for reading."""
    return "\n".join(table.text() for table in tables(report))


def markdown(kept: list[dict[str, Any]]) -> str:
    """The tables that a run wrote, for the documentation."""
    return "\n".join(Table(**table).markdown() for table in kept)


def tables(report: dict[str, Any]) -> list[Table]:
    """Those that there are figures for."""
    found = [
        _seconds(report), _signal(report), _sensitivity(report),
        _rooms(report), _peer_rooms(report),
        _channels(report, "motion", "Motion and clocks",
                  "Share of frames that arrive about 3 dB above e90."),
        _channels(report, "abuse", "Abuse", "SNR 10 dB over 24 kHz. Peers carry 32 bytes."),
        _made_frames(report), _noises(report), *_cost(report), _designs(report),
    ]  # fmt: skip
    return [table for table in found if table.rows]


def _number(value: float | None, form: str = ".2f") -> str:
    return "–" if value is None else format(value, form)


def _span(ends: tuple[float, float] | list[float] | None, form: str = ".3f") -> str:
    return "–" if ends is None else f"{ends[0]:{form}}–{ends[1]:{form}}"


def _seconds(report: dict[str, Any]) -> Table:
    rows = [
        [row["modem"], str(row["bytes"]), _number(row["seconds"], ".3f"),
         _number(row["target"]), row["verdict"]]
        for row in report["seconds"]
    ]  # fmt: skip
    columns = ["mode", "bytes", "seconds", "at most", ""]
    return Table("Seconds on the air", "Sync and length paid.", columns, rows)


def _signal(report: dict[str, Any]) -> Table:
    rows = []
    for row in report["signal"]:
        crest = verdict_below(row["crest_db"], row["crest_target_db"])
        low, high = row["band_hz"]
        audible = row["audible_db"]
        rows.append([
            row["modem"], f"{row['seconds']:.3f}", f"{row['crest_db']:.2f}",
            _number(row["crest_target_db"], ".1f"), crest, f"{low}–{high}",
            "–" if audible is None
            else f"{audible[0]:.1f} / {audible[1]:.1f} ({verdict_below(*audible)})",
        ])  # fmt: skip
    columns = [
        "modem", "seconds", "crest, dB", "at most", "", "band, Hz", "audible at ends / within, dB",
    ]  # fmt: skip
    note = (
        "A burst of 32 bytes. Band: 99.9 % of the energy. Audible: the loudest 5 ms under 12 kHz "
        "over the burst's level; a click would be an end louder than what lies between."
    )
    return Table("The signal", note, columns, rows)


def _sensitivity(report: dict[str, Any]) -> Table:
    rows = []
    for row in report["e90"]:
        value, counts = row["e90_db"], [point[1] for point in row["points"]]
        rows.append([
            str(row["bytes"]), row["modem"], _number(row["seconds"], ".3f"),
            ("≤ " if row["at_most"] else "") + _number(value),
            _span(row["interval_db"], ".2f"), _number(row["target_db"]), row["verdict"],
            _number(row["bound_db"]), _number(row["crest_db"], ".1f"), _number(row["fair_e90_db"]),
            f"{len(counts)} x {min(counts)}",
        ])  # fmt: skip
    columns = [
        "bytes", "modem", "seconds", "e90, dB", "95 %", "at most", "", "bound", "crest, dB",
        "e90 + crest - 3 dB", "points x frames",
    ]  # fmt: skip
    note = (
        "Eb/N0 in dB at which nine of ten frames arrive in white noise, all energy counted: a "
        "logistic curve through the points. Bound: the best code for 32-FSK, CRC paid."
    )
    return Table("Sensitivity", note, columns, rows)


def _share_cells(row: dict[str, Any]) -> list[str]:
    return [f"{row['share']:.3f}", _span(row["interval"]), str(row["frames"]),
            _number(row["target"]), row["verdict"]]  # fmt: skip


def _rooms(report: dict[str, Any]) -> Table:
    """Each cell with the best peer in the same room beside it."""
    rows = [
        [row["modem"], str(row["bytes"]), row["channel"], *_share_cells(row),
         str(row["wrong"]), _best_peer(report, row["channel"])]
        for row in report["groups"]["rooms"].values()
    ]  # fmt: skip
    columns = ["mode", "bytes", "room", "share", "95 %", "frames", "at least", "", "wrong",
               "best peer there, 32 B"]  # fmt: skip
    note = (
        f"RT60 0.5 s, {ROOMS} rooms, {ROOMS + 7} speakers; SNR over 24 kHz while the burst is on."
    )
    return Table("Rooms", note, columns, rows)


def _best_peer(report: dict[str, Any], channel: str) -> str:
    there = [
        row for row in report["groups"]["peers"].values()
        if row["channel"] == channel and is_peer(row["modem"])
    ]  # fmt: skip
    if not there:
        return "–"
    best = max(there, key=lambda row: (row["share"], -(air_s(row["modem"], 32) or 99.0)))
    return f"{best['share']:.2f} {best['modem']}, {_number(air_s(best['modem'], 32))} s"


def _peer_rooms(report: dict[str, Any]) -> Table:
    """Modems down, rooms across."""
    there = [row for row in report["groups"]["peers"].values() if row["eb_n0_db"] is None]
    channels = list(dict.fromkeys(row["channel"] for row in there))
    rows = []
    for name in dict.fromkeys(row["modem"] for row in there):
        by_channel = {row["channel"]: row for row in there if row["modem"] == name}
        shares = [f"{by_channel[c]['share']:.2f}" if c in by_channel else "–" for c in channels]
        rows.append([name, _number(air_s(name, 32)), *shares])
    frames = sorted({row["frames"] for row in there})
    note = f"32 bytes, the same rooms, speakers and noise for all; frames a cell: {frames}."
    return Table("Side by side in rooms", note, ["modem", "seconds", *channels], rows)


def _channels(report: dict[str, Any], group: str, title: str, note: str) -> Table:
    """Channels down; ours with their interval, the peers' shares in a column each."""
    ours, peers = [], {}
    for row in report["groups"][group].values():
        if is_peer(row["modem"]):
            peers[row["modem"], row["channel"]] = row
        else:
            ours.append(row)
    names = list(dict.fromkeys(name for name, _ in peers))
    rows = []
    for row in ours:
        beside = [peers.get((name, row["channel"])) for name in names]
        rows.append([
            row["modem"], str(row["bytes"]), row["channel"], *_share_cells(row),
            f"{row['wrong']} / {row['crashed']}",
            *("–" if peer is None else f"{peer['share']:.2f}" for peer in beside),
        ])  # fmt: skip
    columns = ["mode", "bytes", "what", "share", "95 %", "frames", "at least", "",
               "wrong / crashed", *names]  # fmt: skip
    return Table(title, note, columns, rows)


def _made_frames(report: dict[str, Any]) -> Table:
    rows = []
    for name, counts in report["false_accepts"].items():
        if name.endswith("frames"):
            frames, words = int(counts["frames"]), int(counts["codewords"])
            sent, wrong = int(counts["one of those sent"]), int(counts["wrong"])
            rows.append([
                name.split()[0], str(frames), str(words - sent), f"{(words - sent) / frames:.1e}",
                _span(wilson(words - sent, frames), ".1e"), str(sent), str(int(counts["whole"])),
                str(wrong), "met" if wrong == 0 else "missed",
            ])  # fmt: skip
    peer = report["false_accepts"].get("ggwave spliced", {})
    for size in (4, 16):
        if f"frames of {size} B" in peer:
            frames, wrong = int(peer[f"frames of {size} B"]), int(peer[f"peer wrong {size} B"])
            rows.append([f"spliced, ggwave fixed fastest {size} B", str(frames), "–", "–", "–",
                         "–", "–", str(wrong), ""])  # fmt: skip
    columns = [
        "made frames", "frames", "other codewords before the CRC", "rate", "95 %",
        "one of those sent", "through a whole receiver too", "wrong payloads", "",
    ]  # fmt: skip
    note = (
        "20 dB SNR, place and length told to the decoder. Wanted: no wrong payload in 10^5 "
        "frames. Other codewords: the code's checks held for what was not sent."
    )
    return Table("False accepts: frames", note, columns, rows)


def _noises(report: dict[str, Any]) -> Table:
    rows = []
    for name, counts in report["false_accepts"].items():
        if name.endswith(NOISE):
            peers = [counts.get(peer) for peer in
                     ("ggwave fastest", "ggwave fixed fastest", "minimodem bytes")]  # fmt: skip
            wrong = int(counts["wrong"])
            rows.append([
                name.removesuffix(" " + NOISE), str(int(counts["minutes"])),
                str(int(counts["carriers"])), str(int(counts["rejected"])), str(wrong),
                "met" if wrong == 0 else "missed", *(_number(value, ".0f") for value in peers),
            ])  # fmt: skip
    columns = ["noise", "minutes", "carriers", "rejected", "frames accepted", "", "ggwave fastest",
               "ggwave fixed fastest, 16 B", "minimodem 300, bytes"]  # fmt: skip
    note = "Every mode listening. Wanted: nothing accepted in 60 minutes of each."
    return Table("False accepts: noise", note, columns, rows)


def _cost(report: dict[str, Any]) -> list[Table]:
    cost = report["cost"]
    if not cost:
        return []
    targets = cost["targets"]
    rows = [
        [name, f"{value:g}", "–" if name not in targets else f"{targets[name]:g}",
         verdict_below(value, targets.get(name))]
        for name, value in cost["figures"].items()
    ]  # fmt: skip
    note = "Every mode listening, blocks of 10 ms, processor time of one shared core."
    found = [Table("Cost", note, ["figure", "value", "at most", ""], rows)]
    for name, functions in cost["profile"].items():
        rows = [
            [f"{100 * one['share']:.1f} %", f"{one['calls_a_second']:.0f}", one["function"],
             one["file"]]
            for one in functions
        ]  # fmt: skip
        columns = ["share of time", "calls a second", "function", "file"]
        found.append(Table(f"Profile: {name}", "Time in the function itself.", columns, rows))
    return [*found, _pi_4(cost["pi_4"])]


def _pi_4(expected: dict[str, Any]) -> Table:
    factors = expected["factors"]
    share = max(expected["arithmetic_share"].values())
    note = (
        f"Estimated, no Pi was measured. Python and numpy's small calls: {factors['factor_python']}"
        f" times this machine's (five million n-body steps take {factors['nbody_here_s']} s here, "
        f"158.3 s as published). Products and transforms, at most {100 * share:.0f} % of the time: "
        f"{factors['factor_arithmetic']} times ({factors['product_here_gflops']} Gflop/s in double "
        "here, 2 a core as published). Sources in benchmarks/sound_pi4.py."
    )
    rows = [[name, f"{value:g}"] for name, value in expected["estimate"].items()]
    return Table("A Raspberry Pi 4, one core", note, ["figure", "expected"], rows)


def _designs(report: dict[str, Any]) -> Table:
    rows = [
        [one["design"], _number(one["seconds"], ".3f"), _number(one["e90_db"]),
         _span(one["interval_db"], ".2f"), _number(one["room"], ".3f"),
         _span(one["room_interval"]), "*" if one["pareto"] else ""]
        for one in report["designs"]
    ]  # fmt: skip
    columns = ["design, 85 B", "seconds", "e90, dB", "95 %", "1 m, market 0 dB", "95 %", "Pareto"]
    note = "Those marked * are not beaten in all three by another."
    return Table("Designs tried", note, columns, rows)
