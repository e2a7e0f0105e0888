"""The page plays to a real (virtual) sound card and hears its microphone, both ways at once."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from host_sim.world.recording import trim
from host_sim.world.sound_card import VirtualSoundCard, missing_parts
from terminal.acoustic import FrameReceived, Receiver, modulate
from tests.host_sim.wallet.modem_page import IN_CHROMIUM, modem_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, Playwright

    from terminal.ports import Samples

DEADLINE_S = 20.0
PLAYS, HEARD_S = 3, 6.0
SIXTEEN_BIT_STEP = 2.0**-15
pytestmark = [
    *IN_CHROMIUM,
    pytest.mark.skipif(bool(missing_parts()), reason="no virtual sound card on this machine"),
]


@pytest.fixture(scope="module")
def card() -> Iterator[VirtualSoundCard]:
    with VirtualSoundCard(("air", "back")) as started:
        yield started


@pytest.fixture(scope="module")
def page(card: VirtualSoundCard, playwright: Playwright) -> Iterator[Page]:
    with modem_page(playwright, card.env) as opened:
        opened.evaluate(
            """async () => {
              window.events = [];
              window.context = await modem.openAudio();
              window.ear = await modem.listen(context, (event) => events.push(plain(event)));
            }"""
        )
        opened.wait_for_function("events.length > 0", timeout=1000 * DEADLINE_S)
        yield opened
        opened.evaluate("async () => { ear.stop(); await context.close(); }")


def played(page: Page, payload: bytes, mode: str) -> None:
    page.evaluate(
        "([text, mode]) => modem.play(context, modem.modulate(fromBase64(text), mode))",
        [base64.b64encode(payload).decode(), mode],
    )


def next_frame(page: Page, within_s: float = DEADLINE_S) -> dict[str, Any]:
    """The frame the page hears next; forgets it."""
    page.wait_for_function(
        "events.some((event) => event.type === 'frame-received')", timeout=1000 * within_s
    )
    frame: dict[str, Any] = page.evaluate(
        """() => {
          const place = events.findIndex((event) => event.type === "frame-received");
          return events.splice(0, place + 1)[place];
        }"""
    )
    return frame


def heard(page: Page, card: VirtualSoundCard, burst: Samples) -> dict[str, Any]:
    """The frame the page makes of a burst, played again where a busy machine tore it."""
    from playwright.sync_api import TimeoutError as NotInTime

    for _ in range(PLAYS - 1):
        card.play(burst, "back")
        with suppress(NotInTime):
            return next_frame(page, HEARD_S)
    card.play(burst, "back")
    return next_frame(page)


@pytest.mark.parametrize("mode", ["fast", "inaudible"])
def test_what_the_page_plays_the_terminal_hears(
    page: Page, card: VirtualSoundCard, mode: str
) -> None:
    payload = np.random.default_rng(len(mode)).bytes(81)
    recorder = card.record("air")
    played(page, payload, mode)
    assert recorder.wait_for_sound(DEADLINE_S)
    kept = recorder.stop()
    receiver = Receiver()
    events = receiver.receive(kept) + receiver.flush()
    assert [e.payload for e in events if isinstance(e, FrameReceived)] == [payload]
    ours = 0.5 * modulate(payload, mode)
    sound = trim(kept)
    assert abs(len(sound) - len(ours)) <= 16
    best = min(
        float(np.abs(sound[: len(ours) - 16] - ours[lag : lag + len(ours) - 16]).max())
        for lag in range(17)
    )
    assert best <= SIXTEEN_BIT_STEP, "the browser changed the samples"


@pytest.mark.parametrize("length", [22, 112])
def test_what_the_terminal_plays_the_page_hears(
    page: Page, card: VirtualSoundCard, length: int
) -> None:
    payload = np.random.default_rng(length).bytes(length)
    frame = heard(page, card, 0.2 * modulate(payload, "counter"))
    assert base64.b64decode(frame["payload"]) == payload
    assert frame["mode"] == "counter"


def test_no_voice_processing_is_left_on(page: Page) -> None:
    assert page.evaluate("ear.processing") == []


def test_the_page_hears_while_it_speaks(page: Page, card: VirtualSoundCard) -> None:
    recorder = card.record("air")
    page.evaluate(
        "window.speaking = modem.play(context, modem.modulate(new Uint8Array(9), 'fast'))"
    )
    card.play(0.2 * modulate(b"while you speak", "counter"), "back")
    assert base64.b64decode(next_frame(page)["payload"]) == b"while you speak"
    page.evaluate("speaking")
    receiver = Receiver(["fast"])
    events = receiver.receive(recorder.stop()) + receiver.flush()
    assert [e.payload for e in events if isinstance(e, FrameReceived)] == [bytes(9)]
