"""A whole terminal: the loop, the threads around it, and the devices they wait on."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from terminal.acoustic import modulate
from terminal.compose.shop import ShopOpener
from terminal.compose.state import StatePaths, load_enrolment, open_keys
from terminal.compose.voice import speaker_of_outcomes
from terminal.config import OFF, Config, load_board
from terminal.devices.system_clock import SystemClock
from terminal.kiosk.app import create_app
from terminal.kiosk.server import KioskServer
from terminal.kiosk.settings import Favourite, KioskSettings
from terminal.money import format_amount, parse_amount
from terminal.runtime.announcer import Announcer, Report, Voices
from terminal.runtime.board import DaySettings, ScreenBoard
from terminal.runtime.deny_fetch import DenyFetch
from terminal.runtime.door import DeskDoor
from terminal.runtime.ear import Ear
from terminal.runtime.front_panel import FrontPanel, Post
from terminal.runtime.host_link import HostThread, Syncing
from terminal.runtime.inbox import DeviceState, Stop
from terminal.runtime.loop import Runtime
from terminal.runtime.mouth import Mouth
from terminal.runtime.pin_pad import PinPad
from terminal.runtime.tap_desk import ReaderThread
from terminal.runtime.tap_sales import LoopTapSales
from terminal.runtime.wire import Wire
from terminal.sale.view import Phase, Screen, Totals

if TYPE_CHECKING:
    from typing import Protocol

    from terminal.errors import DeviceError
    from terminal.runtime.shop import Shop
    from terminal.sale.outcome import Accepted

    class Part(Protocol):
        """A thread or a server of the terminal."""

        def start(self) -> None: ...

        def stop(self) -> None: ...


class Terminal:
    """One terminal from its state directory. ``run`` returns after ``stop``.

    Raises:
        ConfigError, KeyStoreError, JournalError, DecodeError: from the constructor; each says what
            to do. A missing microphone, reader, panel or host is no error: it is shown and retried.
    """

    def __init__(self, paths: StatePaths, config: Config, report: Report) -> None:
        self._paths = paths
        self._config = config
        self._report = report
        self._clock = SystemClock()
        self._board = load_board(config.board)
        self._record = load_enrolment(paths)
        self._opener = ShopOpener(paths, self._record, open_keys(paths), self._clock)
        self._parts: list[Part] = []
        self.kiosk: KioskServer | None = None
        day = DaySettings(config.time_zone, config.day_begins_h, config.simulated)
        self.runtime = Runtime(
            self._opener,
            board=lambda shop: ScreenBoard(day, _first_screen(shop)),
            report=report,
            monotonic_ms=self._clock.monotonic_ms,
        )
        self._post = self._unattended()
        self._connect()

    def run(self) -> None:
        """Serve until ``stop``; every device is closed and the journal too when it returns."""
        started: list[Part] = []
        try:
            for part in self._parts:
                part.start()
                started.append(part)
            self._report(self._ready())
            self.runtime.run()
        finally:
            for part in reversed(started):
                part.stop()
            self.runtime.journal.close()

    def stop(self) -> None:
        """End ``run``; from any thread or a signal handler."""
        self.runtime.post(Stop())

    def _connect(self) -> None:
        self._connect_panel()
        voices = self._connect_sound()
        self.runtime.announcer = Announcer(self._report, voices, self.runtime.panel)
        self._connect_reader()
        self._connect_host()
        if self._config.kiosk.enabled:
            app = create_app(DeskDoor(self.runtime), self._kiosk_settings())
            self.kiosk = KioskServer(app, port=self._config.kiosk.port)
            self._parts.append(self.kiosk)

    def _connect_sound(self) -> Voices | None:
        from terminal.devices.sound_system import SoundSystem

        system, audio = SoundSystem(), self._config.audio
        source = audio.input or self._board.audio_input
        if source != OFF:
            ear = Ear(lambda: system.microphone(source), self.runtime.post, audio.listen)
            self._parts.append(ear)
        sink = audio.output or self._board.audio_output
        if sink == OFF:
            return None
        mouth = Mouth(lambda: system.speaker(sink), self.runtime.post)
        self._parts.append(mouth)
        currency = self.runtime.desk.till.policy.currency
        speak = speaker_of_outcomes(self._config.voice, currency)
        return Voices(
            mouth,
            speak,
            ask=(lambda request: modulate(request, audio.mode)) if audio.ask else None,
            ack=(lambda accepted: modulate(self._ack(accepted), audio.mode)) if audio.ack else None,
        )

    def _ack(self, accepted: Accepted) -> bytes:
        return self.runtime.desk.till.ack(accepted)

    def _connect_reader(self) -> None:
        path = self._config.reader.path or self._board.reader_path
        if path == OFF:
            return
        from terminal.devices.reader_choice import reader_for_path
        from terminal.devices.reset_line import reset_of_board

        def tell(fault: DeviceError | None) -> None:
            wrong = None if fault is None else str(fault)
            self.runtime.post(DeviceState("reader reset line", wrong))

        reset = reset_of_board(self._board.pins["reader_reset"], tell)
        driver = reader_for_path(path, reset=reset)
        sales = LoopTapSales(self.runtime, self._report, self._post)
        now_ms = self._clock.monotonic_ms
        self._parts.append(ReaderThread(driver, sales, self.runtime.post, now_ms))

    def _connect_panel(self) -> None:
        path = self._config.panel.path or self._board.panel_path
        if path == OFF:
            return
        from terminal.devices.serial import PySerialLink

        baud = self._board.panel_baud
        wire = Wire(lambda: PySerialLink(path, baud), self.runtime.post)
        first_link = int.from_bytes(os.urandom(2), "big")
        panel = FrontPanel(wire, first_link, self._clock.monotonic_ms, self._post)
        self.runtime.panel = panel
        if self._config.panel.pin_keypad:
            self.runtime.pins = PinPad(
                self.runtime,
                self._report,
                self._clock.monotonic_ms,
                unattended=self._post is not None,
            )
        self._parts.append(wire)

    def _connect_host(self) -> None:
        from terminal.devices.https import HttpsDoor

        url = self._config.host or self._record.host_url
        door = HttpsDoor(url, ca_file=self._paths.kept_authority())
        thread = HostThread(door.send, self.runtime.post)
        self.runtime.syncing = Syncing(
            thread,
            lambda: self._opener.dialogue(self.runtime.shop),
            every_ms=1000 * self._config.sync_every_s,
            monotonic_ms=self._clock.monotonic_ms,
        )
        self._parts.append(thread)
        # its own connection, made when needed: a piece on its way never stands before an entry
        second = cache(lambda: HttpsDoor(url, ca_file=self._paths.kept_authority()))
        fetch = DenyFetch(
            self._opener.deny_dialogue,
            lambda request: second().send(request),
            self.runtime.post,
            busy=self._busy,
            report=self._report,
        )
        self.runtime.deny_fetch = fetch
        self._parts.append(fetch)

    def _busy(self) -> bool:
        """Whether a sale or a dialogue with the host is under way; read from another thread."""
        syncing = self.runtime.syncing
        talking = syncing is not None and syncing.talking
        return talking or self.runtime.desk.phase is Phase.WAITING

    def _unattended(self) -> Post | None:
        post = self._config.post
        if post is None:
            return None
        currency = self.runtime.desk.till.policy.currency
        return Post(parse_amount(post.amount, currency), post.barrier_ms)

    def _kiosk_settings(self) -> KioskSettings:
        kiosk, voice = self._config.kiosk, self._config.voice
        currency = self.runtime.desk.till.policy.currency
        return KioskSettings(
            language=kiosk.language,
            payer_language=voice.payer,
            favourites=tuple(
                Favourite(each.name, parse_amount(each.amount, currency))
                for each in kiosk.favourites
            ),
            cue=voice.cue,
            hand=kiosk.hand,
            time_zone=self._config.time_zone,
        )

    def _ready(self) -> dict[str, object]:
        runtime = self.runtime
        policy = runtime.desk.till.policy
        unannounced = runtime.journal.unannounced()
        return {
            "event": "ready",
            "terminal": policy.terminal,
            "merchant": policy.name,
            "entries": runtime.journal.size,
            "policy": policy.version,
            "kiosk": self.kiosk.url if self.kiosk else None,
            "unannounced": [entry.index for entry in unannounced],
            "floor_limit": format_amount(policy.limits.floor_limit_minor, policy.currency),
        }


def _first_screen(shop: Shop) -> Screen:
    policy = shop.till.policy
    nothing = Totals(0, 0, 0, 0, 0)
    return Screen(0, Phase.IDLE, policy.currency, policy.name, policy.terminal, nothing)
