"""A simulated desk: the pages' port without a journal, for making the pages and testing them.

``python -m host_sim.world.desk --scene waiting`` serves one scene; ``--help`` lists them all.
It keeps the port's promises (every call returns at once, a new screen follows, refusals are
``DeskRefused``), and nothing else: no money, no keys, no disk.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from host_sim.world.scenes import FAVOURITES, SCENES, Scene, presentation_text, scene
from terminal.errors import KumquatError
from terminal.kiosk.app import create_app
from terminal.kiosk.server import KioskServer
from terminal.kiosk.settings import KioskSettings
from terminal.kiosk.words import LANGUAGES
from terminal.sale.view import (
    Carrier,
    DeskRefused,
    LineKind,
    LineState,
    Phase,
    SaleLine,
    Screen,
)

Changed = Callable[[Screen], None]


class SimulatedDesk:
    """``terminal.sale.view.Desk`` over values in memory; ``scene`` is where it starts."""

    def __init__(self, start: Scene) -> None:
        self._screen = start.screen
        self._lines = start.lines
        self._ask_text = start.ask_text
        self._lock = threading.RLock()
        self._listeners: list[Changed] = []
        self.calls: list[tuple[object, ...]] = []
        """Every intention in order, for tests."""

    def screen(self) -> Screen:
        return self._screen

    def today(self) -> tuple[SaleLine, ...]:
        return self._lines

    def show(self, start: Scene) -> None:
        """Put another scene on the screen, as the terminal would."""
        with self._lock:
            self._lines = start.lines
            self._ask_text = start.ask_text
            self._change(replace(start.screen, version=self._screen.version))

    def charge(self, amount_minor: int) -> None:
        self._called("charge", amount_minor)
        if self._screen.phase is Phase.STOPPED:
            raise DeskRefused("selling has stopped; restart the terminal")
        if self._screen.phase is Phase.WAITING:
            raise DeskRefused("a sale is open already; cancel it first")
        self._change(
            replace(
                self._screen,
                phase=Phase.WAITING,
                amount_minor=amount_minor,
                ask_text=self._ask_text,
                check_code=None,
                entry_index=None,
                carrier=None,
                reasons=(),
                prior_entry=None,
            )
        )

    def accept(self, carrier: Carrier = Carrier.SCAN) -> None:
        """The payer pays the open sale."""
        amount_minor = self._screen.amount_minor
        assert amount_minor is not None, "a sale is open"
        index = max((line.index for line in self._lines), default=-1) + 1
        line = SaleLine(
            index=index,
            kind=LineKind.SALE,
            time_unix_s=1_795_000_000,
            amount_minor=amount_minor,
            state=LineState.ACCEPTED_OFFLINE,
            announced=True,
            refundable_minor=amount_minor,
        )
        self._lines = (line, *self._lines)
        accepted = replace(
            self._screen,
            phase=Phase.ACCEPTED,
            ask_text=None,
            check_code="407",
            entry_index=index,
            carrier=carrier,
            totals=replace(
                self._screen.totals,
                sales_count=self._screen.totals.sales_count + 1,
                sales_minor=self._screen.totals.sales_minor + amount_minor,
                unsynced_count=self._screen.totals.unsynced_count + 1,
                at_risk_minor=self._screen.totals.at_risk_minor + amount_minor,
            ),
        )
        self._change(accepted)

    def cancel(self) -> None:
        self._called("cancel")
        self._idle()

    def done(self) -> None:
        self._called("done")
        self._idle()

    def confirm_payer(self) -> None:
        self._called("confirm_payer")
        self._change(replace(self._screen, confirm_payer=False))

    def refund(self, index: int, amount_minor: int) -> None:
        self._called("refund", index, amount_minor)
        self._give_back(LineKind.REFUND, index, amount_minor)

    def void(self, index: int) -> None:
        self._called("void", index)
        self._give_back(LineKind.VOID, index, self._sale(index).refundable_minor)

    def undo(self) -> None:
        self._called("undo")
        sales = [line for line in self._lines if line.kind is LineKind.SALE]
        if not sales:
            raise DeskRefused("there is no sale to undo")
        self._give_back(LineKind.VOID, sales[0].index, sales[0].refundable_minor)
        self._idle()

    def repeat_last(self) -> None:
        self._called("repeat_last")
        sales = [line for line in self._lines if line.kind is LineKind.SALE]
        if not sales:
            raise DeskRefused("there is no sale to repeat")
        self.charge(sales[0].amount_minor)

    def replay(self) -> None:
        self._called("replay")

    def acknowledge(self, index: int) -> None:
        self._called("acknowledge", index)
        left = tuple(line for line in self._screen.unannounced if line.index != index)
        self._change(replace(self._screen, unannounced=left))

    def scan(self, line: str) -> None:
        self._called("scan", line)
        if self._screen.phase is not Phase.WAITING:
            raise DeskRefused("no sale is open; type the amount first")
        if line == presentation_text():
            self.accept()

    def subscribe(self, changed: Changed) -> Callable[[], None]:
        with self._lock:
            self._listeners.append(changed)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners.remove(changed)

        return unsubscribe

    def _called(self, *call: object) -> None:
        self.calls.append(call)

    def _idle(self) -> None:
        self._change(
            replace(self._screen, phase=Phase.IDLE, amount_minor=None, ask_text=None, reasons=())
        )

    def _sale(self, index: int) -> SaleLine:
        for line in self._lines:
            if line.index == index and line.kind is LineKind.SALE:
                return line
        raise DeskRefused(f"there is no sale with entry {index}")

    def _give_back(self, kind: LineKind, index: int, amount_minor: int) -> None:
        sale = self._sale(index)
        if amount_minor > sale.refundable_minor or not amount_minor:
            raise DeskRefused("more than can still be given back")
        given = replace(
            self._lines[0],
            index=self._lines[0].index + 1,
            kind=kind,
            amount_minor=amount_minor,
            state=LineState.ACCEPTED_OFFLINE,
            original_index=index,
            refundable_minor=0,
            host_reason=None,
        )
        left = replace(sale, refundable_minor=sale.refundable_minor - amount_minor)
        kept = tuple(left if line.index == index else line for line in self._lines)
        self._lines = (given, *kept)
        returned = self._screen.totals.returned_minor + amount_minor
        totals = replace(self._screen.totals, returned_minor=returned)
        self._change(replace(self._screen, totals=totals))

    def _change(self, screen: Screen) -> None:
        with self._lock:
            self._screen = replace(screen, version=self._screen.version + 1)
            for listener in tuple(self._listeners):
                listener(self._screen)


def settings_of(language: str) -> KioskSettings:
    """The pages' settings for a demonstration in one language."""
    return KioskSettings(
        language=language,
        payer_language="zh" if language == "en" else "en",
        favourites=FAVOURITES[language],
        time_zone="Asia/Shanghai",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve one scene until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m host_sim.world.desk", description=__doc__)
    parser.add_argument("--scene", choices=sorted(SCENES), default="sell")
    parser.add_argument("--language", choices=LANGUAGES, default="en")
    parser.add_argument("--port", type=int, default=8190)
    chosen = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    desk = SimulatedDesk(scene(chosen.scene, chosen.language))
    try:
        with KioskServer(
            create_app(desk, settings_of(chosen.language)), port=chosen.port
        ) as server:
            print(server.url, flush=True)
            stop.wait()
    except KumquatError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
