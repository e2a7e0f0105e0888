"""``python -m host_sim.demo``: play the day, print the table, exit non-zero if anything is off."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from host_sim.demo.day import Day
from host_sim.demo.narration import Narration
from host_sim.demo.stage import Stage
from terminal.errors import KumquatError


def play(root: Path, audio: str, tell: Narration) -> None:
    """The whole day.

    Raises:
        KumquatError: a part is missing, or something did not happen.
    """
    with Stage.build(root, audio) as stage:
        day = Day.begin(stage, tell)
        day.go_offline()
        day.pay_by_sound()
        day.pay_by_tap()
        day.replays()
        day.damaged()
        day.expired_and_too_large()
        day.cut()
        day.settle()
        day.audit()


def main(words: list[str] | None = None) -> int:
    """Run the demo; exit code 1 where anything was not as it should be."""
    parser = argparse.ArgumentParser(prog="kumquat demo", description=__doc__)
    parser.add_argument("--audio", choices=("virtual", "real"), default="virtual")
    parser.add_argument("--keep", type=Path, help="keep everything in this directory")
    parser.add_argument("--json", action="store_true", help="one JSON value a line")
    options = parser.parse_args(words)
    tell = Narration(options.json)
    with ExitStack() as closing:
        if options.keep is None:
            root = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="kumquat-")))
        else:
            root = options.keep.resolve()
            root.mkdir(mode=0o700, parents=True, exist_ok=False)
        try:
            play(root, options.audio, tell)
        except KumquatError as error:
            tell.check("the day goes on to its end", str(error), False)
        tell.close()
    return 0 if tell.good else 1


if __name__ == "__main__":
    sys.exit(main())
