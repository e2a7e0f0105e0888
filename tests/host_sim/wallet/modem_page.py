"""The modem's modules in a real headless Chromium, served by a loopback server of their own.

Nothing but the browser runs them: no build step, no other JavaScript engine.
"""

from __future__ import annotations

import base64
import threading
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray
    from playwright.sync_api import Page, Playwright

    Samples = NDArray[np.float32]

CHROMIUM: Final = Path("/usr/bin/chromium")
MODEM: Final = Path(__file__).parents[3] / "host_sim" / "wallet" / "static" / "modem"
FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
)
IN_CHROMIUM: Final = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed"),
]
START: Final = """async () => {
  const names = ["crc32", "frame", "modes", "transmitter", "receiver", "graph", "player",
    "microphone"];
  window.modem = Object.assign({}, ...await Promise.all(names.map((n) => import(`/${n}.js`))));
  window.fromBase64 = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  window.toBase64 = (bytes) => {
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) {
      text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    }
    return btoa(text);
  };
  window.plain = (event) => event.payload
    ? { ...event, payload: toBase64(event.payload) } : { ...event };
}"""


class _Files(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        page = b"<!doctype html><title>modem</title><link rel=icon href=data:,>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def served() -> Iterator[str]:
    """The modem's folder on a loopback port; gives the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(MODEM)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def modem_page(
    playwright: Playwright, environment: Mapping[str, str] | None = None
) -> Iterator[Page]:
    """A page with every export of the modem in ``window.modem``; complaints fail at the end."""
    complaints: list[str] = []
    with ExitStack() as stack:
        url = stack.enter_context(served())
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=list(FLAGS),
            ignore_default_args=["--mute-audio"],
            env=dict(environment) if environment else None,
        )
        stack.callback(browser.close)
        page = browser.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda said: complaints.append(said.text) if said.type == "error" else None
        )
        page.goto(url)
        page.evaluate(START)
        yield page
    assert complaints == []


def modulated(page: Page, payload: bytes, mode: str) -> Samples:
    """What the page's transmitter makes of a payload."""
    text = page.evaluate(
        """([payload, mode]) => toBase64(new Uint8Array(
            modem.modulate(fromBase64(payload), mode).buffer))""",
        [base64.b64encode(payload).decode(), mode],
    )
    return np.frombuffer(base64.b64decode(text), "<f4")


def heard(page: Page, stream: Samples, block_sizes: list[int]) -> list[dict[str, Any]]:
    """The events of a new receiver given ``stream`` in blocks of these sizes, taken in turn."""
    events: list[dict[str, Any]] = page.evaluate(
        """([stream, sizes]) => {
          const samples = new Float32Array(fromBase64(stream).buffer);
          const receiver = new modem.Receiver({ modes: ["counter"], sampleRate: 48000 });
          const events = [];
          for (let place = 0, turn = 0; place < samples.length; turn++) {
            const stop = place + sizes[turn % sizes.length];
            events.push(...receiver.receive(samples.subarray(place, stop)));
            place = stop;
          }
          return [...events, ...receiver.flush()].map(plain);
        }""",
        [base64.b64encode(stream.astype("<f4").tobytes()).decode(), block_sizes],
    )
    for event in events:
        if "payload" in event:
            event["payload"] = base64.b64decode(event["payload"])
    return events


def payloads(events: list[dict[str, Any]]) -> list[bytes]:
    """The payloads received, in order."""
    return [event["payload"] for event in events if event["type"] == "frame-received"]
