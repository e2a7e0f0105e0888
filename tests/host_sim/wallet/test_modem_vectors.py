"""The page's transmitter makes the terminal's bursts: the same tones, the same samples.

Samples agree within ``TOLERANCE``, one unit in the last place of a float32 just under 1: only the
last bit of a cosine may differ between two mathematical libraries.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from terminal.acoustic import MODES, modulate
from terminal.acoustic.frame import frame_tones
from tests.host_sim.wallet.modem_page import IN_CHROMIUM, modem_page, modulated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, Playwright

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "acoustic" / "bursts.json").read_text("utf-8")
)["vectors"]
TOLERANCE = 2.0**-24
LENGTHS = (1, 2, 3, 4, 22, 57, 81, 112, 141, 205, 254, 255)
pytestmark = IN_CHROMIUM


@pytest.fixture(scope="module")
def page(playwright: Playwright) -> Iterator[Page]:
    with modem_page(playwright) as opened:
        yield opened


def tones(page: Page, payload: bytes, mode: str) -> list[int]:
    found: list[int] = page.evaluate(
        "([payload, mode]) => modem.frameTones(fromBase64(payload), modem.MODES[mode])",
        [base64.b64encode(payload).decode(), mode],
    )
    return found


def difference(page: Page, payload: bytes, mode: str) -> float:
    ours, theirs = modulate(payload, mode), modulated(page, payload, mode)
    assert len(ours) == len(theirs)
    return float(np.abs(ours.astype(np.float64) - theirs).max())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['mode']}-{v['payload_hex'][:8]}")
def test_every_step_of_a_burst_is_as_written_down(page: Page, vector: dict[str, Any]) -> None:
    payload, mode = bytes.fromhex(vector["payload_hex"]), vector["mode"]
    steps = page.evaluate(
        """([text, name]) => {
          const payload = fromBase64(text);
          const mode = modem.MODES[name];
          const { shape, graph } = modem.frameCode(mode, payload.length);
          return {
            checksum_hex: modem.checksum(mode.number, payload).toString(16).padStart(8, "0"),
            information_symbols: shape.informationCount,
            parity_symbols: shape.parityCount,
            graph_near: [...graph.near.slice(0, 6)],
            graph_far: [...graph.far.slice(0, 6)],
            graph_exponent: [...graph.exponent.slice(0, 6)],
            tones: modem.frameTones(payload, mode),
            cycles: modem.frameBins(payload, mode).map((bin) => mode.firstCycle + bin),
          };
        }""",
        [base64.b64encode(payload).decode(), mode],
    )
    assert steps == {name: vector[name] for name in steps}
    samples = modulated(page, payload, mode)
    assert len(samples) == vector["sample_count"]
    pcm = np.rint(samples.astype(np.float64) * 32767)
    assert pcm[:8].tolist() == vector["first_samples"]
    assert difference(page, payload, mode) <= TOLERANCE


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("length", LENGTHS)
def test_a_random_payload_gives_the_terminals_own_burst(page: Page, mode: str, length: int) -> None:
    payload = np.random.default_rng([length, MODES[mode].number]).bytes(length)
    assert tones(page, payload, mode) == frame_tones(payload, MODES[mode]).tolist()
    assert difference(page, payload, mode) <= TOLERANCE


def test_the_modes_are_the_terminals(page: Page) -> None:
    table = page.evaluate("modem.MODES")
    assert list(table) == list(MODES)
    for name, mode in MODES.items():
        row = table[name]
        assert (row["number"], row["symbolSamples"], row["symbolBits"]) == (
            mode.number,
            mode.symbol_samples,
            mode.symbol_bits,
        )
        assert (row["startTones"], row["endTones"]) == ([*mode.start_tones], [*mode.end_tones])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("modulate(new Uint8Array(0), 'fast')", "payload: must have 1 to 255 bytes"),
        ("modulate(new Uint8Array(256), 'fast')", "payload: must have 1 to 255 bytes"),
        ("modulate('text', 'fast')", "payload: must be a Uint8Array"),
        ("modulate([1, 2], 'fast')", "payload: must be a Uint8Array"),
        ("modulate(null, 'fast')", "payload: must be a Uint8Array"),
        (
            "modulate(new Uint8Array(1), 'shout')",
            "mode: unknown; there are counter, fast, robust, inaudible",
        ),
        (
            "modulate(new Uint8Array(1), 'toString')",
            "mode: unknown; there are counter, fast, robust, inaudible",
        ),
        (
            "modulate(new Uint8Array(1))",
            "mode: unknown; there are counter, fast, robust, inaudible",
        ),
        ("play({}, new Float32Array(0))", "samples: must be a Float32Array"),
        ("play({}, new Float32Array(1), { gain: 2 })", "gain: must be above 0 and at most 1"),
    ],
)
def test_wrong_input_is_a_typed_error_that_says_what_is_wrong(
    page: Page, call: str, message: str
) -> None:
    error = page.evaluate(
        f"""async () => {{
          try {{ await modem.{call}; }}
          catch (error) {{
            return [error instanceof modem.ModemError, error.name, error.message, error.field];
          }}
        }}"""
    )
    assert error[:2] == [True, "ModemError"]
    assert error[2].startswith(message)
    assert error[3] == message.split(":")[0]
