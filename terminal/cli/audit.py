"""``kumquat export`` and ``kumquat verify``: the journal as one file, and its check by anybody."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from terminal.cli.app import Json, Place
from terminal.cli.output import Output
from terminal.crypto.keys import PublicKey, parse_public_key
from terminal.errors import DecodeError, JournalCorrupt


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    cose: Annotated[
        bool, typer.Option("--cose", help="Add tagged COSE objects that any library verifies.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Write the whole journal, with its proofs, to one file. Works beside a running terminal."""
    from terminal.compose.state import StatePaths, load_enrolment
    from terminal.journal import export as exports
    from terminal.journal.reader import JournalReader

    place: Place = context.obj
    output = Output(as_json)
    paths = StatePaths(place.state)
    record = load_enrolment(paths)
    with output.progress() as progress, JournalReader.open(paths.journal) as journal:
        progress.add_task(f"exporting {journal.size} entries", total=None)
        entries = exports.export(
            journal,
            file,
            certificates=(*record.certs, record.journal_cert),
            host_root=record.root_key,
            cose=cose,
        )
    value = {"event": "exported", "file": str(file), "entries": entries}
    output.result(value, f"{entries} entries written to {file}")
    return 0


def verify(
    file: Annotated[Path, typer.Argument(help="An export of a journal.")],
    root: Annotated[
        str | None, typer.Option("--root", help="The host root's public key, hexadecimal.")
    ] = None,
    journal_key: Annotated[
        str | None, typer.Option("--journal-key", help="Or the journal's, for the log alone.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Check an export with public keys only: log, signatures, sums, verdicts, cosignature.

    Exit code 1: it is wrong; the first wrong entry is named.
    """
    from terminal.journal.verify import TrustedKeys, verify_export

    output = Output(as_json)
    keys = TrustedKeys(_key(journal_key, "journal_key"), _key(root, "root"))
    try:
        with output.progress() as progress:
            task = progress.add_task("checking", total=None)
            report = verify_export(
                file, keys, lambda done, total: progress.update(task, completed=done, total=total)
            )
    except JournalCorrupt as error:
        value = {"event": "wrong", "entry": error.index, "problem": error.problem}
        output.result(value, f"WRONG: {error}")
        return 1
    value = {
        "event": "verified",
        "origin": report.origin,
        "entries": report.entries,
        "root": report.root.hex(),
        "journal_key": report.journal_key.hex(),
        "accepted": report.accepted_count,
        "accepted_minor": report.accepted_minor,
        "returned_minor": report.returned_minor,
        "verdicts": report.verdicts,
        "verdicts_unchecked": report.verdicts_unchecked,
        "clonable": report.clonable_count,
        "coupons_unchecked": report.coupons_unchecked,
        "cosigned_size": report.cosigned_size,
    }
    words = (
        f"{report.origin}: {report.entries} entries are whole and signed, "
        f"{report.accepted_count} accepted sales; {report.verdicts} verdicts and a cosignature "
        f"over {report.cosigned_size} entries verify"
    )
    if report.clonable_count:
        words += f"; {report.clonable_count} sales by what anybody can copy"
    unchecked = report.verdicts_unchecked + report.coupons_unchecked
    output.result(value, words + (f"; {unchecked} not checked: give --root" if unchecked else ""))
    return 0


def _key(text: str | None, name: str) -> PublicKey | None:
    if text is None:
        return None
    try:
        data = bytes.fromhex(text)
    except ValueError as error:
        raise DecodeError(name, "not hexadecimal digits in pairs") from error
    return parse_public_key(data, name)
