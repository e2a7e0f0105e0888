"""Lays out the panel's files as they go onto a Pico: ``python -m boards.pico_panel.stage FOLDER``.

Reads firmware/manifest.py, which MicroPython's own build reads too, without running it, and copies
what it names. The folder's contents then go onto the board (docs/how-to/toll.md); the simulated
panel and the tests run the very same layout.
"""

from __future__ import annotations

import ast
import shutil
import sys
from pathlib import Path
from typing import Final

from terminal.errors import ConfigError

MANIFEST: Final = Path(__file__).parent / "firmware" / "manifest.py"


def staged_files(manifest: Path = MANIFEST) -> dict[str, Path]:
    """Path on the panel of each file that the manifest names, and where it is here.

    Raises:
        ConfigError: the manifest calls something else, or a file is missing.
    """
    files: dict[str, Path] = {}
    for statement in ast.parse(manifest.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            files.update(_named_by(statement.value, manifest))
    for path in files.values():
        if not path.is_file():
            raise ConfigError(manifest.name, f"{path} is missing")
    return files


def stage(folder: Path) -> tuple[Path, ...]:
    """Copy the panel's files into ``folder``; gives their paths there."""
    staged = []
    for name, source in staged_files().items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        staged.append(target)
    return tuple(staged)


def _named_by(call: ast.Call, manifest: Path) -> dict[str, Path]:
    kind = call.func.id if isinstance(call.func, ast.Name) else ""
    named = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    base = (manifest.parent / str(named.get("base_path", "."))).resolve()
    first = str(ast.literal_eval(call.args[0]))
    if kind == "module":
        return {first: base / first}
    if kind == "package":
        return {f"{first}/{name}": base / first / name for name in named["files"]}
    raise ConfigError(manifest.name, f"line {call.lineno}: only module and package are understood")


def main(arguments: list[str]) -> int:
    """Stage into the one folder named; gives the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m boards.pico_panel.stage FOLDER\n")
        return 64
    for path in stage(Path(arguments[0])):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
