"""A phone as its own process: hears a request, answers by sound, and hears the ack."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from host_sim.world.recording import trim
from host_sim.world.sound_card import VirtualSoundCard
from terminal.acoustic import FrameReceived, Receiver, modulate
from terminal.crypto.keys import SoftwareSigner, parse_public_key
from terminal.payment.ack import Ack, AckStatus, sign_ack
from terminal.payment.coupon import CouponFields, sign_coupon
from terminal.payment.presentation import Full, decode_presentation, spend_digest
from terminal.payment.request import Request
from terminal.payment.spend import verify_spend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.ports import Samples

pytestmark = pytest.mark.end_to_end

ROOT = Path(__file__).parents[2]
ISSUER = SoftwareSigner("Ed25519", bytes(range(32)))
JOURNAL = SoftwareSigner("Ed25519", bytes(range(1, 33)))
REQUEST = Request(7, 156, 1_250, b"\1\2\3\4\5\6\7\x08").encode()


@pytest.fixture(scope="module")
def card() -> Iterator[VirtualSoundCard]:
    with VirtualSoundCard(("stall_air", "back")) as started:
        yield started


class Phone:
    """The phone's program on the card, one command at a time."""

    def __init__(self, card: VirtualSoundCard, wallet: Path) -> None:
        self._env = {**card.env, "PYTHONPATH": str(ROOT), "KUMQUAT_WALLET": str(wallet)}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "host_sim.world.phone", *arguments]
        return subprocess.Popen(command, env=self._env, stdout=subprocess.PIPE, text=True)

    def run(self, *arguments: str) -> list[dict[str, Any]]:
        return self.finish(self.start(*arguments))

    def finish(self, process: subprocess.Popen[str]) -> list[dict[str, Any]]:
        out, _ = process.communicate(timeout=40)
        events = [json.loads(line) for line in out.splitlines()]
        assert process.returncode == 0, events
        return events

    def while_listening(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "listening"


@pytest.fixture
def phone(card: VirtualSoundCard, tmp_path: Path) -> Phone:
    made = Phone(card, tmp_path / "wallet")
    made.run("wallet-new")
    (event,) = made.run("key")
    key = parse_public_key(bytes.fromhex(event["public_key"]), "key")
    soon = int(time.time()) + 3_600
    coupon = sign_coupon(CouponFields(0, 9, 1, key, 30_000, 156, 1, soon, 48), ISSUER)
    made.run("receive", coupon.hex())
    return made


def payloads(samples: Samples) -> list[bytes]:
    events = Receiver(["counter"]).receive(np.pad(trim(samples), 24_000))
    return [event.payload for event in events if isinstance(event, FrameReceived)]


def test_a_payment_and_its_ack_go_through_the_air(card: VirtualSoundCard, phone: Phone) -> None:
    recorder = card.record("stall_air")
    paying = phone.start(
        "pay", "--listen", card.microphone("back"), "--play", card.speaker("stall_air"),
        "--confirm-unknown",
    )  # fmt: skip
    phone.while_listening(paying)
    card.play(modulate(REQUEST, "counter"), "back")
    shown, answer, played = phone.finish(paying)
    assert (shown["learned_from"], shown["amount"]) == ("sound", "CNY 12.50")
    assert (played["event"], answer["check_code"].isdecimal()) == ("played", True)
    assert recorder.wait_for_sound(10.0)
    (heard,) = payloads(recorder.stop())

    presentation = decode_presentation(heard)
    assert isinstance(presentation, Full)
    holder = presentation.coupon.fields.holder_key
    assert holder is not None
    verify_spend(
        presentation.spend, presentation.signature, holder_key=holder, request_bytes=REQUEST,
        slot=None, coupon_digest=presentation.coupon.digest,
    )  # fmt: skip

    ack = sign_ack(Ack(AckStatus.ACCEPTED, 3, bytes(32)), 7, spend_digest(presentation), JOURNAL)
    listening = phone.start(
        "hear-ack", "--listen", card.microphone("back"), "--journal-key", JOURNAL.public_key.hex()
    )
    phone.while_listening(listening)
    card.play(modulate(ack, "counter"), "back")
    (heard_ack,) = phone.finish(listening)
    assert (heard_ack["status"], heard_ack["index"], heard_ack["verified"]) == ("accepted", 3, True)


def test_an_attackers_phone_records_and_plays_the_same_frame(
    card: VirtualSoundCard, phone: Phone, tmp_path: Path
) -> None:
    wav = tmp_path / "stolen.wav"
    spying = phone.start("record", card.microphone("stall_air"), str(wav), "--seconds", "3")
    assert spying.stdout is not None
    assert json.loads(spying.stdout.readline())["event"] == "recording"
    card.play(modulate(b"somebody's coupon", "counter"), "stall_air")
    assert phone.finish(spying)[0]["dropped_samples"] == 0
    recorder = card.record("stall_air")
    phone.run("play", card.speaker("stall_air"), "--wav", str(wav))
    assert payloads(recorder.stop()) == [b"somebody's coupon"]


def test_a_microphone_that_is_not_there_is_one_clear_line(phone: Phone) -> None:
    process = phone.start("pay", "--listen", "no such device")
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 69
    event = json.loads(out)
    assert event["event"] == "error"
    assert "no such input device" in event["message"]
