"""``kumquat doctor``: what works here, what does not, and what to do about each fault."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from terminal.cli.app import Json, Place
from terminal.cli.output import Output
from terminal.config import load_config

_MARKS: Final = {"good": "ok     ", "warning": "warning", "bad": "BAD    ", "absent": "-      "}


def doctor(
    context: typer.Context,
    deep: Annotated[
        bool, typer.Option("--deep", help="Recompute the whole journal: tree, signatures, sums.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Examine microphone, speaker, voice, reader, panel, clock, storage, key, journal and host.

    Exit code 1: something is bad; each line says what to do.
    """
    from terminal.compose.doctor import Health, examine
    from terminal.compose.state import StatePaths

    place: Place = context.obj
    output = Output(as_json)
    paths = StatePaths(place.state)
    config = load_config(paths.config)
    with output.progress() as progress:
        progress.add_task("examining", total=None)
        findings = examine(paths, config, deep=deep)
    listed = [
        {
            "part": finding.part,
            "health": finding.health.value,
            "seen": finding.seen,
            "remedy": finding.remedy,
        }
        for finding in findings
    ]
    words = []
    for finding in findings:
        words.append(f"{_MARKS[finding.health.value]}  {finding.part:10}  {finding.seen}")
        if finding.remedy:
            words.append(f"{'':21}{finding.remedy}")
    output.result({"event": "examined", "findings": listed}, "\n".join(words))
    return 1 if any(finding.health is Health.BAD for finding in findings) else 0
