"""Where the day is played: directories, devices, and every process of it.

Everything is a process of its own, started as a person would start it, and ended by its pid. The
stage knows how to start and stop things; what has to be true is the day's business.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlencode

from host_sim.demo.processes import Actor, Event, StageFailed, run
from host_sim.world.browser import screenshot
from host_sim.world.panel import SimulatedPanel
from host_sim.world.recording import trim
from host_sim.world.sound_card import VirtualSoundCard
from host_sim.world.wav import write_wav

TERMINAL: Final = ("-m", "terminal")
HOST: Final = ("-m", "host_sim")
PHONE: Final = ("-m", "host_sim.world.phone")
CARD: Final = ("-m", "host_sim.world.card")
READER: Final = ("-m", "host_sim.world.reader")
FAULTY: Final = ("-m", "host_sim.world.faults")

REAL_TAPE_S: Final = 12
"""How long a real microphone is recorded: a payment with time to spare."""

STALL_CONFIG: Final = """\
simulated = true
sync_every_s = 2
time_zone = "Asia/Shanghai"
[kiosk]
port = 0
favourites = [{{ name = "Kumquats", amount = "12.50" }}, {{ name = "Pomelo", amount = "18.00" }}]
[audio]
input = "{microphone}"
output = "{speaker}"
"""
TOLL_CONFIG: Final = """\
simulated = true
sync_every_s = 2
time_zone = "Asia/Shanghai"
[kiosk]
port = 0
[audio]
input = "{microphone}"
output = "off"
[reader]
path = "tty:{reader}:pn532"
[panel]
path = "{panel}"
pin_keypad = true
[post]
amount = "5.00"
"""


@dataclass(frozen=True, slots=True)
class Air:
    """What the terminals and the phone play into and hear; the same device everywhere when real."""

    env: Mapping[str, str]
    stall_microphone: str = "default"
    stall_speaker: str = "default"
    toll_microphone: str = "default"
    phone_at_stall: str = "default"
    phone_at_toll: str = "default"


@dataclass(slots=True)
class Stage:
    """One day's processes and files, below ``root``."""

    root: Path
    air: Air
    panel: SimulatedPanel
    host_port: int = 0
    card: VirtualSoundCard | None = None
    """The simulated air; None for the real one."""
    _closing: ExitStack = field(default_factory=ExitStack)

    @classmethod
    @contextmanager
    def build(cls, root: Path, audio: str) -> Iterator[Self]:
        """The stage with its sound and its panel, everything ended afterwards.

        Raises:
            DeviceError: a part of this machine is missing; says what to install.
        """
        with ExitStack() as closing:
            secret = {"KUMQUAT_HOST_SECRET": secrets.token_hex(16)}
            own = {"KUMQUAT_HOST_HOME": str(root / "host"), "KUMQUAT_WALLET": str(root / "phone")}
            card = None
            if audio == "real":
                air = Air({**os.environ, **secret, **own})
            else:
                sinks = ("stall_air", "stall_voice", "toll_air")
                card = closing.enter_context(VirtualSoundCard(sinks))
                air = Air(
                    {**card.env, **secret, **own},
                    card.microphone("stall_air"),
                    card.speaker("stall_voice"),
                    card.microphone("toll_air"),
                    card.speaker("stall_air"),
                    card.speaker("toll_air"),
                )
            panel = closing.enter_context(SimulatedPanel())
            yield cls(root, air, panel, card=card, _closing=closing)

    def actor(self, name: str, *arguments: str, pass_fds: tuple[int, ...] = ()) -> Actor:
        """Start a process; it is ended with the stage at the latest."""
        log = self.root / f"{name}.log"
        made = Actor(name, arguments, log=log, env=self.air.env, pass_fds=pass_fds)
        self._closing.callback(made.end)
        return made

    def run(self, *arguments: str, ok: bool = True) -> list[Event]:
        """Run a command of ours to its end."""
        return run(arguments, env=self.air.env, ok=ok)

    def one(self, *arguments: str) -> Event:
        """The one JSON value that a command prints."""
        return self.run(*arguments)[0]

    # --- the cast --------------------------------------------------------------------------------

    def host(self) -> Actor:
        """The host's process, answering; again on the port it had."""
        actor = self.actor("host", *HOST, "serve", "--port", str(self.host_port), "--json")
        url = actor.expect("ready")["url"]
        self.host_port = int(str(url).rsplit(":", 1)[1])
        return actor

    def reader(self) -> tuple[Actor, str]:
        """The simulated reader's process, and the path of its serial line."""
        actor = self.actor("reader", *READER, "--state", str(self.root / "reader"))
        return actor, str(actor.expect("ready")["path"])

    def state(self, name: str) -> Path:
        """A terminal's state directory."""
        return self.root / name

    def terminal(self, name: str) -> Actor:
        """A terminal's process, ready to sell."""
        actor = self.actor(name, *TERMINAL, "--state", str(self.state(name)), "run", "--json")
        self.await_ready(name, actor)
        return actor

    def faulty_terminal(self, name: str, stop_at: str, arm: Path) -> tuple[Actor, int]:
        """The same on a disk that stops for ever at one call; a pipe says when it has."""
        actor, pipe = self.start_faulty_terminal(name, stop_at, arm)
        self.await_ready(name, actor)
        return actor, pipe

    def start_faulty_terminal(self, name: str, stop_at: str, arm: Path) -> tuple[Actor, int]:
        """As ``faulty_terminal``, not ready yet."""
        reading, writing = os.pipe()
        self._closing.callback(os.close, reading)
        arguments = ("--stop-at", stop_at, "--report-fd", str(writing), "--arm", str(arm))
        command = ("--", "--state", str(self.state(name)), "run", "--json")
        actor = self.actor(name, *FAULTY, *arguments, *command, pass_fds=(writing,))
        os.close(writing)
        return actor, reading

    def await_ready(self, name: str, actor: Actor) -> None:
        """Wait until a terminal is ready, and keep where its page is."""
        ready = actor.expect("ready", timeout_s=30)
        (self.root / f"{name}.url").write_text(str(ready["kiosk"]), encoding="utf-8")

    def url(self, name: str) -> str:
        """Where a terminal's page is."""
        return (self.root / f"{name}.url").read_text(encoding="utf-8")

    def press(self, name: str, action: str, **fields: str) -> None:
        """What the seller presses on the page.

        Raises:
            StageFailed: the page did not take it.
        """
        import httpx2  # large: after the processes have started

        url = self.url(name)
        headers = {"Origin": url, "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(fields)
        answer = httpx2.post(f"{url}/{action}", content=body, headers=headers, trust_env=False)
        if answer.status_code != 303:
            raise StageFailed(f"{name}'s page answered {answer.status_code} to {action}")

    def record(self) -> Callable[[], Path]:
        """Start keeping what the stall's microphone hears; call the result to have it as a file."""
        path = self.root / "tape.wav"
        if self.card is not None:
            recorder = self.card.record("stall_air")

            def stop() -> Path:
                write_wav(path, trim(recorder.stop()))
                return path

            return stop
        seconds = ("--seconds", str(REAL_TAPE_S))
        tape = self.actor("tape", *PHONE, "record", self.air.stall_microphone, str(path), *seconds)
        tape.expect("recording")

        def wait() -> Path:
            tape.expect("recorded", timeout_s=REAL_TAPE_S + 10)
            return path

        return wait

    def photograph(self, name: str) -> Path:
        """A real picture of a terminal's page, as a phone's camera would take it."""
        path = self.root / f"{name}-{secrets.token_hex(4)}.png"
        screenshot(f"{self.url(name)}/", path, 1024, 600)
        return path

    def phone(self, *arguments: str, ok: bool = True) -> dict[str, Any]:
        """Run the phone; its events by name."""
        return {str(event["event"]): event for event in self.run(*PHONE, *arguments, ok=ok)}

    def lines(self, name: str) -> list[Event]:
        """The lines of a terminal's journal, as `kumquat status` shows them."""
        found = self.run(*TERMINAL, "--state", str(self.state(name)), "status", "--lines", "--json")
        return [event for event in found if event["event"] == "line"]
