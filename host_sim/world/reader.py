"""A simulated reader with cards, as a process: ``python -m host_sim.world.reader --state DIR``.

Prints JSON lines: first ``{"event": "ready", "path": ...}`` with the serial line to open, then what
happens. Takes lines on its standard input:

* ``place FILE [sak=60] [ats=HEX] [extensions=N]``, ``place classic [UID]``, ``place type2 [UID]``
  or ``place type4 [UID]``, each with ``bearer=HEX`` for a tag with that coupon on it
* ``remove`` (everything), ``unplug``, ``replug``, ``mend``, ``counts``, ``quit``
* ``fault NAME [N]``: a fault of ``reader_faults`` for the next N answers, or a mishap of
  ``rf_field`` (``torn_before``, ``torn_after``, ``lost``, ``unheard``, ``garbled``) at the N-th
  frame
* ``random SEED RATE``: faults of the line at random

The line's path is ``DIR/reader`` and stays the same over unplugging.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from host_sim.world.card import open_card
from host_sim.world.isodep_card import DEFAULT_ATS, IsoDepCard
from host_sim.world.pn532 import Pn532
from host_sim.world.pn532_pty import Pn532Line
from host_sim.world.reader_faults import fault_named
from host_sim.world.rf_field import Mishap, PlannedMishap, RfCard, RfField
from host_sim.world.tags import ClassicCard, NdefApplication, Type2Tag
from terminal.errors import ConfigError, KumquatError
from terminal.nfc.ndef_coupon import coupon_message
from terminal.payment.presentation import bearer_presentation

TYPE_2_UID: Final = bytes.fromhex("04A1B2C3D4E580")
TYPE_4_UID: Final = bytes.fromhex("08C0FFEE")
CLASSIC_UID: Final = bytes.fromhex("DEADBEEF")
Tell = Callable[[str, dict[str, object]], None]


class SimulatedReader:
    """A chip on a line and the commands that move its world."""

    def __init__(self, line: Pn532Line, tell: Tell) -> None:
        self._line = line
        self._tell = tell
        self._verbs: dict[str, Callable[[list[str]], None]] = {
            "place": self._place,
            "remove": self._remove,
            "fault": self._fault,
            "random": self._random,
            "mend": lambda _: line.chip.faults.mend(),
            "unplug": lambda _: line.unplug(),
            "replug": lambda _: line.plug_in(),
            "counts": self._counts,
        }

    def obey(self, text: str) -> None:
        """Carry out one line.

        Raises:
            KumquatError, OSError, ValueError, IndexError: it makes no sense here.
        """
        verb, *words = text.split()
        action = self._verbs.get(verb)
        if action is None:
            raise ConfigError("command", f"{verb!r} is none of {', '.join(self._verbs)}")
        action(words)
        self._tell("done", {"command": text.strip()})

    def _place(self, words: list[str]) -> None:
        card = self._card(words)
        at_ns = time.monotonic_ns()
        self._line.place(card)
        facts = {"uid": card.uid.hex(), "sak": f"{card.sak:02x}", "at_ns": at_ns}
        self._tell("placed", facts)

    def _card(self, words: list[str]) -> RfCard:
        name, *rest = words
        options = dict(word.split("=", 1) for word in rest if "=" in word)
        uid = bytes.fromhex("".join(word for word in rest if "=" not in word))
        if name == "classic":
            return ClassicCard(uid or CLASSIC_UID)
        if name in ("type2", "type4"):
            coupon = bytes.fromhex(options.get("bearer", ""))
            message = coupon_message(bearer_presentation(coupon)) if coupon else b""
            if name == "type2":
                return Type2Tag(uid or TYPE_2_UID, message)
            return IsoDepCard(NdefApplication(message), uid or TYPE_4_UID)
        return open_card(
            Path(name),
            told=self._tell,
            sak=int(options.get("sak", "20"), 16),
            ats=bytes.fromhex(options.get("ats", DEFAULT_ATS.hex())),
            extensions=int(options.get("extensions", "0")),
        )

    def _remove(self, _words: list[str]) -> None:
        for card in self._line.chip.field.cards:
            self._line.remove(card)

    def _fault(self, words: list[str]) -> None:
        number = int(words[1]) if len(words) > 1 else 1
        mishap = Mishap.__members__.get(words[0].upper())
        if mishap is not None:
            self._line.chip.field.planned.append(PlannedMishap(mishap, number))
        else:
            self._line.chip.faults.plan(fault_named(words[0]), number)

    def _random(self, words: list[str]) -> None:
        self._line.chip.faults.randomise(int(words[0]), float(words[1]))

    def _counts(self, _words: list[str]) -> None:
        chip = self._line.chip
        self._tell(
            "counts",
            {
                "commands": list(chip.commands),
                "line_bytes": list(chip.line_bytes),
                "air_bytes": list(chip.field.exchanges),
            },
        )
        chip.commands.clear()
        chip.line_bytes[:] = [0, 0]
        chip.field.exchanges.clear()


def run(state: Path, first_card: Path | None, lines: Iterable[str], tell: Tell) -> None:
    """Serve until the lines end or one of them is ``quit``."""
    state.mkdir(parents=True, exist_ok=True)
    with Pn532Line(Pn532(RfField()), state / "reader") as line:
        reader = SimulatedReader(line, tell)
        tell("ready", {"path": line.path})
        if first_card is not None:
            reader.obey(f"place {first_card}")
        for text in lines:
            if text.strip() == "quit":
                return
            try:
                if text.strip():
                    reader.obey(text)
            except (KumquatError, OSError, ValueError, IndexError) as error:
                tell("error", {"command": text.strip(), "problem": str(error)})


def main(words: list[str] | None = None) -> int:
    """Run the process; see the module's text."""
    parser = argparse.ArgumentParser(
        prog="python -m host_sim.world.reader",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--state", type=Path, required=True, help="folder for the line's link")
    parser.add_argument("--card", type=Path, help="a card to place at the start")
    arguments = parser.parse_args(words)
    printing = threading.Lock()

    def tell(event: str, facts: dict[str, object]) -> None:
        with printing:
            print(json.dumps({"event": event, **facts}), flush=True)

    run(arguments.state, arguments.card, sys.stdin, tell)
    return 0


if __name__ == "__main__":
    sys.exit(main())
