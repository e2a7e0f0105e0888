"""The page's receiver hears the terminal's bursts: a request of 22 bytes, an ack of 112."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from terminal.acoustic import modulate
from tests.host_sim.wallet.modem_page import IN_CHROMIUM, heard, modem_page, payloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, Playwright

    from tests.host_sim.wallet.modem_page import Samples

REQUEST_BYTES, ACK_BYTES = 22, 112
pytestmark = IN_CHROMIUM


@pytest.fixture(scope="module")
def page(playwright: Playwright) -> Iterator[Page]:
    with modem_page(playwright) as opened:
        yield opened


def in_noise(payload: bytes, eb_n0_db: float, ppm: float, rng: np.random.Generator) -> Samples:
    """A burst of the terminal in white noise, by a clock that runs slower by ``ppm``."""
    burst = modulate(payload, "counter")
    places = np.arange(int(len(burst) * (1 + ppm * 1e-6))) / (1 + ppm * 1e-6)
    played = np.interp(places, np.arange(len(burst)), burst)
    energy_per_bit = float(np.square(played).sum()) / (8 * len(payload))
    sigma = np.sqrt(energy_per_bit / 10 ** (eb_n0_db / 10) / 2)
    before = int(rng.integers(5_000, 20_000))
    stream = np.concatenate([np.zeros(before), played, np.zeros(8_000)])
    noisy = stream + sigma * rng.normal(size=len(stream))
    return np.asarray(0.2 * noisy / max(1.0, sigma), np.float32)


@pytest.mark.parametrize("length", [1, REQUEST_BYTES, ACK_BYTES, 255])
def test_a_burst_alone_is_received(page: Page, length: int) -> None:
    payload = np.random.default_rng(length).bytes(length)
    stream = modulate(payload, "counter")
    events = heard(page, stream, [1024])
    assert payloads(events) == [payload]
    frame = next(event for event in events if event["type"] == "frame-received")
    assert abs(frame["endSample"] - len(stream)) <= 8
    assert frame["mode"] == "counter"


@pytest.mark.parametrize("length", [REQUEST_BYTES, ACK_BYTES])
@pytest.mark.parametrize("ppm", [-100, 0, 100])
def test_noise_clocks_and_random_blocks_do_no_harm(page: Page, length: int, ppm: int) -> None:
    rng = np.random.default_rng([length, ppm + 100])
    for _ in range(4):
        payload = rng.bytes(length)
        stream = in_noise(payload, 8.0, ppm, rng)
        sizes = rng.integers(1, 5_000, size=50).tolist()
        assert payloads(heard(page, stream, sizes)) == [payload]


@pytest.mark.parametrize(("length", "eb_n0_db"), [(REQUEST_BYTES, 5.5), (ACK_BYTES, 4.2)])
def test_a_burst_near_the_noise_is_received_as_the_terminal_would(
    page: Page, length: int, eb_n0_db: float
) -> None:
    rng = np.random.default_rng(length)
    got = []
    for _ in range(6):
        payload = rng.bytes(length)
        got.append(payloads(heard(page, in_noise(payload, eb_n0_db, 50, rng), [480])) == [payload])
    assert sum(got) >= 5


def test_block_sizes_never_change_the_events(page: Page) -> None:
    rng = np.random.default_rng(9)
    stream = in_noise(bytes(range(22)), 9.0, 30, rng)
    whole = heard(page, stream, [len(stream)])
    assert payloads(whole) == [bytes(range(22))]
    for sizes in ([1], [128], [7, 100_000], rng.integers(1, 9_000, size=40).tolist()):
        assert heard(page, stream, sizes) == whole


def test_two_bursts_one_after_the_other_are_both_received(page: Page) -> None:
    bursts = [modulate(b"first", "counter"), modulate(b"second one", "counter")]
    assert payloads(heard(page, np.concatenate(bursts), [333])) == [b"first", b"second one"]


def test_a_burst_cut_short_is_rejected_and_the_next_is_received(page: Page) -> None:
    burst = modulate(bytes(60), "counter")
    stream = np.concatenate([burst[: len(burst) // 2], np.zeros(4_800, np.float32), burst])
    assert payloads(heard(page, stream, [960])) == [bytes(60)]


def test_noise_and_other_modes_give_no_payload(page: Page) -> None:
    rng = np.random.default_rng(5)
    noise = (0.1 * rng.normal(size=3 * 48_000)).astype(np.float32)
    other = modulate(b"not for this ear", "fast")
    assert payloads(heard(page, np.concatenate([noise, other]), [4_096])) == []


def test_faulty_samples_are_heard_as_silence_and_loud_ones_are_held(page: Page) -> None:
    burst = modulate(bytes(range(32)), "counter") * np.float32(1e30)
    burst[5_000:5_100] = np.nan
    burst[9_000] = -np.inf
    assert payloads(heard(page, burst, [1_000])) == [bytes(range(32))]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("new modem.Receiver({modes: []})", "modes: must name one of counter"),
        ("new modem.Receiver({modes: ['robust']})", "modes: robust is sent only; heard is counter"),
        ("new modem.Receiver({modes: ['shout']})", "mode: unknown"),
        ("new modem.Receiver({sampleRate: 44100})", "sampleRate: must be 48000, not 44100"),
        ("new modem.Receiver().receive([0.5])", "samples: must be a Float32Array"),
        ("new modem.Receiver().receive(new Float64Array(4))", "samples: must be a Float32Array"),
        ("new modem.Receiver().receive(null)", "samples: must be a Float32Array"),
    ],
)
def test_wrong_input_is_a_typed_error(page: Page, code: str, message: str) -> None:
    error = page.evaluate(
        f"""() => {{ try {{ {code}; }} catch (error) {{ return [error.name, error.message]; }} }}"""
    )
    assert error[0] == "ModemError"
    assert error[1].startswith(message)
