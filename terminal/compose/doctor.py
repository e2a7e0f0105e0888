"""Examines a terminal part by part: what works, what does not, and what to do about it.

Every part is tried for itself; one that fails never hides the others.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from terminal.compose.state import StatePaths, load_enrolment, open_keys
from terminal.config import OFF, Config, load_board
from terminal.devices.system_clock import SystemClock
from terminal.errors import ConfigError, DeviceError, HostUnreachable, KumquatError
from terminal.ports import ClockQuality
from terminal.sync.enrolment import journal_label
from terminal.sync.exchange import HostRequest

if TYPE_CHECKING:
    from terminal.config import Board

FREE_BYTES_WANTED: Final = 200 * 1024 * 1024
"""Ten years of a busy stall's entries, with room to move."""


class Health(Enum):
    """How a part does."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: its health, what was seen, and what to do where it is not good."""

    part: str
    health: Health
    seen: str
    remedy: str | None = None


def examine(paths: StatePaths, config: Config, *, deep: bool = False) -> tuple[Finding, ...]:
    """Every part of this terminal, tried now; takes a few seconds.

    ``deep`` recomputes the whole journal too: tree, signatures, sums and counters.
    """
    board = load_board(config.board)
    parts: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("microphone", lambda: _microphone(config, board)),
        ("speaker", lambda: _speaker(config, board)),
        ("voice", lambda: _voice(config)),
        ("reader", lambda: _reader(config, board)),
        ("panel", lambda: _panel(config, board)),
        ("clock", _clock),
        ("storage", lambda: _storage(paths)),
        ("key", lambda: _key(paths)),
        ("journal", lambda: _journal(paths, deep)),
        ("host", lambda: _host(paths, config)),
    )
    return tuple(_tried(name, look) for name, look in parts)


def _tried(part: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except DeviceError as error:
        return Finding(part, Health.BAD, error.problem, error.remedy)
    except ConfigError as error:
        return Finding(part, Health.BAD, error.problem)
    except KumquatError as error:
        return Finding(part, Health.BAD, str(error))


def _microphone(config: Config, board: Board) -> Finding:
    from terminal.devices.audio import probe_microphone

    name = config.audio.input or board.audio_input
    if name == OFF:
        return Finding("microphone", Health.ABSENT, "none configured")
    probe = probe_microphone(name)
    seen = f"{name}: level {probe.level_dbfs:.0f} dBFS, peak {probe.peak_dbfs:.0f} dBFS"
    if probe.fault:
        return Finding("microphone", Health.BAD, f"{name}: {probe.fault}", probe.remedy)
    return Finding("microphone", Health.GOOD, seen)


def _speaker(config: Config, board: Board) -> Finding:
    from terminal.devices.audio import probe_speaker

    name = config.audio.output or board.audio_output
    if name == OFF:
        return Finding("speaker", Health.ABSENT, "none configured")
    probe = probe_speaker(name)
    if probe.fault:
        return Finding("speaker", Health.BAD, f"{name}: {probe.fault}", probe.remedy)
    return Finding("speaker", Health.GOOD, f"{name}: took a short tone; did you hear it?")


def _voice(config: Config) -> Finding:
    from terminal.devices.speech import EspeakSpeech

    if not config.voice.enabled:
        return Finding("voice", Health.ABSENT, "turned off in config.toml")
    speech = EspeakSpeech()
    languages = tuple(dict.fromkeys((config.voice.seller, config.voice.payer)))
    for language in languages:
        speech.render("1", language)
    return Finding("voice", Health.GOOD, f"speaks {' and '.join(languages)}")


def _reader(config: Config, board: Board) -> Finding:
    path = config.reader.path or board.reader_path
    if path == OFF:
        return Finding("reader", Health.ABSENT, "none configured")
    from terminal.devices.reader_choice import reader_for_path
    from terminal.devices.reset_line import reset_of_board

    told: list[DeviceError | None] = []
    reset = reset_of_board(board.pins["reader_reset"], told.append)
    with closing(reader_for_path(path, reset=reset)) as reader:
        seen = reader.open()
    if told and (fault := told[0]) is not None:
        seen = f"{seen}; {fault.device}: {fault.problem}"
        return Finding("reader", Health.WARNING, seen, fault.remedy)
    return Finding("reader", Health.GOOD, seen)


def _panel(config: Config, board: Board) -> Finding:
    path = config.panel.path or board.panel_path
    if path == OFF:
        return Finding("panel", Health.ABSENT, "none configured")
    from terminal.devices.serial import PySerialLink

    with closing(PySerialLink(path, board.panel_baud)) as link:
        heard = b"".join(link.read(0.3) for _ in range(5))
    if heard:
        return Finding("panel", Health.GOOD, f"{path}: the panel speaks")
    return Finding("panel", Health.BAD, f"{path}: silent", "check cable and the panel's firmware")


def _clock() -> Finding:
    quality = SystemClock().quality()
    if quality >= ClockQuality.RTC:
        return Finding("clock", Health.GOOD, f"rests on {quality.name}")
    return Finding(
        "clock",
        Health.WARNING,
        "neither a battery nor a time service; the host's time is used after each sync",
        "fit an RTC, or let a time service run; until the first sync lower limits hold",
    )


def _storage(paths: StatePaths) -> Finding:
    place = paths.root if paths.root.exists() else paths.root.parent
    while not place.exists():
        place = place.parent
    free_bytes = shutil.disk_usage(place).free
    if not os.access(place, os.W_OK):
        remedy = "give the terminal's user the directory"
        return Finding("storage", Health.BAD, f"{place} is not writable", remedy)
    seen = f"{place}: {free_bytes // 1_000_000} MB free"
    if free_bytes < FREE_BYTES_WANTED:
        return Finding("storage", Health.WARNING, seen, "make room: a full disk stops selling")
    return Finding("storage", Health.GOOD, seen)


def _key(paths: StatePaths) -> Finding:
    record = load_enrolment(paths)
    signer = open_keys(paths).signer(journal_label(record.origin.epoch))
    signer.sign(b"kumquat doctor")
    outside = paths.unlock.parent != paths.root
    where = "outside the state directory" if outside else "beside the key file"
    return Finding("key", Health.GOOD, f"journal key signs; its secret is {where}")


def _journal(paths: StatePaths, deep: bool) -> Finding:
    from terminal.journal.deep_check import deep_check
    from terminal.journal.reader import JournalReader

    load_enrolment(paths)
    with JournalReader.open(paths.journal) as journal:
        waiting = journal.unsettled().unsynced_count
        seen = f"{journal.size} entries, {waiting} not yet synced"
        if deep:
            seen += f"; all {deep_check(journal)} recomputed and right"
        return Finding("journal", Health.GOOD, seen)


def _host(paths: StatePaths, config: Config) -> Finding:
    from terminal.devices.https import HttpsDoor

    url = config.host or load_enrolment(paths).host_url
    try:
        with closing(HttpsDoor(url, ca_file=paths.kept_authority(), timeout_s=3.0)) as door:
            door.send(HostRequest("POST", "/v1/sync/open", b""))
    except HostUnreachable as error:
        remedy = "sales go on and are kept; check the network"
        return Finding("host", Health.WARNING, str(error), remedy)
    return Finding("host", Health.GOOD, f"{url} answers")
