"""The day, step by step: each step acts through real processes and checks what they said.

Reasons for a refusal are read from the terminal's own events, never written here.
"""

from __future__ import annotations

import os
import select
import socket
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from host_sim.demo.cast import Cast, assemble
from host_sim.demo.processes import Actor, Event, StageFailed
from host_sim.demo.stage import HOST, TERMINAL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from host_sim.demo.narration import Narration
    from host_sim.demo.stage import Stage

HEARD_S: Final = 4.0
"""After the last sample: a decision takes a tenth of it."""
ATTEMPTS: Final = 3
T = TypeVar("T")
P = TypeVar("P")


@dataclass(slots=True)
class Day:
    """What is running, and what was taken so far."""

    stage: Stage
    tell: Narration
    cast: Cast
    stall: Actor
    toll: Actor
    cut_pipe: int
    """Says when the stall's disk has stopped."""
    tape: Path | None = None
    """What the stall's microphone heard of the first payment."""
    first_entry: int = -1

    @classmethod
    def begin(cls, stage: Stage, tell: Narration) -> Day:
        """Step 1."""
        tell.step("1", "Morning: the host enrols two terminals, sells coupons, issues a card")
        cast = assemble(stage)
        tell.say(f"host answers on port {stage.host_port}; policies {cast.policies} signed")
        stall, cut = stage.start_faulty_terminal("stall", "wal-sync:1", stage.root / "cut")
        toll = stage.terminal("toll")
        stage.await_ready("stall", stall)
        day = cls(stage, tell, cast, stall, toll, cut)
        for name, actor in (("stall", stall), ("toll", toll)):
            synced = actor.expect("synced", problems=[])
            whole = synced["cosigned_size"] == synced["entries"]
            seen = f"{synced['entries']} entry"
            tell.check(f"{name} enrolled and in step with the host", seen, whole)
        return day

    def go_offline(self) -> None:
        """Step 2."""
        self.tell.step("2", "The host's process ends: everything until step 7 is offline")
        code = self.cast.host.end()
        address = ("127.0.0.1", self.stage.host_port)
        with socket.socket() as probe:
            refused = probe.connect_ex(address) != 0
        seen = f"exit code {code}, its port {'refuses' if refused else 'still answers'}"
        self.tell.check("the host is gone", seen, refused)

    def pay_by_sound(self) -> None:
        """Step 3."""
        self.tell.step("3", "CNY 12.50 by sound: the phone reads the QR and answers by loudspeaker")
        self.stage.press("stall", "charge", typed="12.50")
        recorded = self.stage.record()
        phone, accepted = self._pay(self.cast.coupon, lambda: self._heard("accepted"))
        self.tell.say(
            f"the phone shows {phone['request']['payee']}, {phone['request']['amount']}, "
            f"code {phone['answer']['check_code']}; {phone['answer']['bytes']} bytes in "
            f"{phone['played']['seconds']} s of sound"
        )
        announced = self.stall.expect("announced", entry=accepted["entry"])
        self.first_entry = int(accepted["entry"])
        same = accepted["check_code"] == phone["answer"]["check_code"]
        self.tell.check(
            "decoded, verified, decided, committed, then announced",
            f"entry {announced['entry']}, {accepted['amount']} by {accepted['carrier']}, "
            f"code {accepted['check_code']} on both screens",
            same and accepted["carrier"] == "sound",
        )
        self.tape = recorded()

    def pay_by_tap(self) -> None:
        """Step 4."""
        runs_on = self.stage.panel.runs_on
        self.tell.step("4", "A card taps at the toll post; the barrier opens after the commit")
        self.tell.say(f"the front panel's firmware runs on {runs_on}")
        since = len(self.stage.panel.log)
        self.cast.reader.tell(f"place {self.cast.card}")
        accepted = self.toll.expect("accepted")
        opened = self.toll.expect("barrier_opened", entry=accepted["entry"])
        relay = self.stage.panel.wait_for(5.0, since, what="relay", on=True)
        self.cast.reader.tell("remove")
        self.tell.check(
            "tapped, signed by the card, committed, barrier opened",
            f"entry {accepted['entry']}, {accepted['amount']} by {accepted['carrier']}; relay "
            f"{opened['evidence'].lower()}, {opened['after_ms']} ms after the command",
            accepted["carrier"] == "tap" and bool(relay),
        )

    def replays(self) -> None:
        """Step 5, a and b: the recording, played again."""
        self.tell.step("5", "Five attempts that must fail")
        self.stage.press("stall", "done")
        air = self.stage.air
        declined = self._play(
            lambda: self._heard("declined", prior_entry=self.first_entry),
            *(air.phone_at_stall, "--wav", str(self.tape)),
        )
        self._refused("a. the recording at the same stall", declined, "ALREADY_ACCEPTED")
        self.stage.press("toll", "charge", typed="12.50")
        self.toll.drain()
        declined = self._play(
            lambda: self.toll.expect("declined", timeout_s=HEARD_S),
            *(air.phone_at_toll, "--wav", str(self.tape)),
        )
        self.stage.press("toll", "cancel")
        self._refused("b. at another terminal, same amount", declined, "NOT_FOR_THIS_SALE")

    def damaged(self) -> None:
        """Step 5, c: one bit of the coupon changed before it is sent."""
        self.stage.press("stall", "charge", typed="8.00")
        answer = self.stage.root / "answer"
        picture = str(self.stage.photograph("stall"))
        wallet = ("--coupon", self.cast.coupon, "--out", str(answer))
        self.stage.phone("pay", "--from-screenshot", picture, *wallet)
        whole = answer.read_bytes()
        changed = bytearray(whole)
        changed[40] ^= 0x01  # within the coupon's holder key
        speaker = self.stage.air.phone_at_stall
        declined = self._play(
            lambda: self._heard("declined", verified=False), speaker, "--hex", changed.hex()
        )
        self._refused("c. one bit of the coupon changed", declined, "UNKNOWN_OR_DAMAGED")
        accepted = self._play(lambda: self._heard("accepted"), speaker, "--hex", whole.hex())
        self.stall.expect("announced", entry=accepted["entry"])
        seen = f"entry {accepted['entry']}, {accepted['amount']}"
        self.tell.check("   the sale stayed open: the same coupon, whole", seen, True)
        self.stage.press("stall", "done")

    def expired_and_too_large(self) -> None:
        """Step 5, d and e."""
        time.sleep(max(0.0, self.cast.expires_unix_s + 1.5 - time.time()))
        self.stage.press("stall", "charge", typed="3.00")
        _, declined = self._pay(self.cast.expiring, lambda: self._heard("declined"))
        self._refused("d. an expired coupon", declined, "EXPIRED")
        self.stage.press("stall", "cancel")
        self.stage.press("stall", "charge", typed="250.00")
        _, declined = self._pay(self.cast.coupon, lambda: self._heard("declined", verified=True))
        self._refused("e. CNY 250.00 over the floor limit", declined, "OVER_FLOOR_LIMIT")
        self.stage.press("stall", "cancel")

    def cut(self) -> None:
        """Step 6."""
        self.tell.step("6", "The stall is killed with SIGKILL in the middle of a commit")
        before = self.stage.lines("stall")
        self.stage.press("stall", "charge", typed="18.00")
        (self.stage.root / "cut").touch()
        _, stopped = self._pay(self.cast.coupon, lambda: _read_line(self.cut_pipe, HEARD_S))
        self.stall.kill()
        self.tell.say(f"{stopped}, then SIGKILL; starting again")
        self.stall = self.stage.terminal("stall")
        after = self.stage.lines("stall")
        kept = after[: len(before)] == before
        seen = f"{len(before)} sales"
        self.tell.check("nothing accepted before is missing or doubled", seen, kept)
        new = after[len(before) :]
        if not new:
            self.tell.check("the cut sale", "absent: it was never accepted", True)
            return
        shown = [line["entry"] for line in new if not line["announced"]]
        honest = len(new) == 1 and len(shown) == 1 and new[0]["amount"] == "CNY 18.00"
        seen = f"accepted, not announced: entry {new[0]['entry']}, {new[0]['amount']}"
        self.tell.check("the cut sale, shown first after the restart", seen, honest)
        self.stage.press("stall", "acknowledge", index=str(new[0]["entry"]))
        self.stall.expect("acknowledged")

    def settle(self) -> None:
        """Step 7."""
        self.tell.step("7", "Evening: the host comes back")
        stage, tell = self.stage, self.tell
        self.cast = replace(self.cast, host=stage.host())
        for name, actor in (("stall", self.stall), ("toll", self.toll)):
            synced = actor.expect("synced", timeout_s=40)
            whole = synced["cosigned_size"] == synced["entries"] and not synced["problems"]
            lines = stage.lines(name)
            confirmed = [line for line in lines if line["state"] == "host_confirmed"]
            seen = f"{len(confirmed)} of {len(lines)} sales, checkpoint {synced['cosigned_size']}"
            good = whole and len(confirmed) == len(lines) > 0
            tell.check(f"{name}: cosigned, and every sale host confirmed", seen, good)
        paid = stage.run(*HOST, "settle", "--json")[:-1]
        for payment in paid:
            tell.say(f"{payment['merchant']} is paid {payment['amount']}")
        owed = {"wang": _sum(stage.lines("stall")), "harbour": _sum(stage.lines("toll"))}
        settled = {payment["merchant"]: payment["amount_minor"] for payment in paid}
        seen = ", ".join(f"{name} {minor}" for name, minor in sorted(settled.items()))
        tell.check("settled per merchant, in minor units", seen, settled == owed)
        book = stage.one(*HOST, "reconcile", "--json")
        seen = "both sides agree" if book["in_order"] else "they disagree"
        tell.check("journals and ledger reconcile", seen, bool(book["in_order"]))

    def audit(self) -> None:
        """Step 8."""
        self.tell.step("8", "Anybody audits the journal with public keys only")
        file = self.stage.root / "stall.export"
        state = str(self.stage.state("stall"))
        self.stage.run(*TERMINAL, "--state", state, "export", str(file), "--json")
        verify = (*TERMINAL, "verify", "--root", self.cast.root_key, "--json")
        good = self.stage.one(*verify, str(file))
        seen = f"{good['entries']} entries, {good['accepted']} sales, {good['verdicts']} verdicts"
        self.tell.check("kumquat verify", seen, good["event"] == "verified")
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 0x01
        file.write_bytes(data)
        bad = self.stage.run(*verify, str(file), ok=False)
        found = bad[0].get("event") == "wrong" and bad[-1]["code"] == 1
        seen = f"WRONG at entry {bad[0].get('entry')}: {bad[0].get('problem')}"
        self.tell.check("one byte changed", seen, found and bad[0].get("entry") is not None)

    # --- inside ----------------------------------------------------------------------------------

    def _heard(self, event: str, **fields: object) -> Event:
        return self.stall.expect(event, timeout_s=HEARD_S, **fields)

    def _pay(self, coupon: str, heard: Callable[[], T]) -> tuple[dict[str, Any], T]:
        """The phone looks at the stall's screen and answers by sound, until it is heard."""
        picture = str(self.stage.photograph("stall"))
        options = ("--from-screenshot", picture, "--coupon", coupon)
        speaker = ("--play", self.stage.air.phone_at_stall)
        return self._until_heard(lambda: self.stage.phone("pay", *options, *speaker), heard)

    def _play(self, heard: Callable[[], T], *arguments: str) -> T:
        """Any phone plays something, until it is heard."""
        return self._until_heard(lambda: self.stage.phone("play", *arguments), heard)[1]

    def _until_heard(self, play: Callable[[], P], heard: Callable[[], T]) -> tuple[P, T]:
        """As people do: play it again when nothing happened. The bytes are the same each time.

        Raises:
            StageFailed: never heard.
        """
        for attempt in range(ATTEMPTS):
            played = play()
            try:
                return played, heard()
            except StageFailed:
                if attempt + 1 == ATTEMPTS:
                    raise
                self.tell.say("not heard: once more")
        raise AssertionError("unreachable")

    def _refused(self, tried: str, declined: Event, expected: str) -> None:
        words = ", ".join(declined["words"])
        if declined.get("prior_entry") is not None:
            words += f", entry {declined['prior_entry']}"
        self.tell.check(tried, words, expected in declined["reasons"])


def _sum(lines: list[Event]) -> int:
    """What the journal's lines come to, in minor units."""
    signs = {"sale": 1, "refund": -1, "void": -1}
    return sum(
        signs[line["kind"]] * int(str(line["amount"]).split(" ")[1].replace(".", ""))
        for line in lines
    )


def _read_line(pipe: int, timeout_s: float) -> str:
    """One line from a pipe.

    Raises:
        StageFailed: none came in time.
    """
    ready, _, _ = select.select([pipe], [], [], timeout_s)
    line = os.read(pipe, 200).decode().strip() if ready else ""
    if not line:
        raise StageFailed("the stall's disk never stopped: the sale did not reach its commit")
    return line
