"""Writes the acoustic vectors from this implementation: run at a change of the format, then read
the difference. ``python -m tests.vectors.acoustic.make``
"""

from __future__ import annotations

import hashlib
import json
import wave
from pathlib import Path

import numpy as np

from terminal.acoustic import MODES, modulate
from terminal.acoustic.crc import checksum
from terminal.acoustic.frame import frame_bins, frame_code, frame_tones, layout

HERE = Path(__file__).parent
ORIGIN = (
    "Written by tests/vectors/acoustic/make.py from terminal.acoustic; no other implementation "
    "of this format existed to compare with."
)
PAYLOADS = (b"\x00", b"Kumquat", bytes(range(32)), bytes((7 * i + 1) % 256 for i in range(85)))


def vector(name: str, payload: bytes) -> dict[str, object]:
    """Everything between payload and samples, for one burst."""
    mode = MODES[name]
    shape = layout(mode, len(payload))
    graph = frame_code(mode, len(payload)).graph
    pcm = samples_16_bit(name, payload)
    return {
        "mode": name,
        "payload_hex": payload.hex(),
        "checksum_hex": f"{checksum(mode.number, payload):08x}",
        "information_symbols": shape.information_count,
        "parity_symbols": shape.parity_count,
        "graph_near": graph.near[:6].tolist(),
        "graph_far": graph.far[:6].tolist(),
        "graph_exponent": graph.exponent[:6].tolist(),
        "tones": frame_tones(payload, mode).tolist(),
        "cycles": (mode.first_cycle + frame_bins(payload, mode)).tolist(),
        "sample_count": len(pcm),
        "first_samples": pcm[:8].tolist(),
        "samples_sha256": hashlib.sha256(pcm.astype("<i2").tobytes()).hexdigest(),
    }


def samples_16_bit(name: str, payload: bytes) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """The burst as 16-bit samples."""
    scaled = np.rint(modulate(payload, name).astype(np.float64) * 32767)
    return np.asarray(scaled, np.int16)


def write_wave(path: Path, name: str, payload: bytes) -> None:
    """One channel, 16 bit, 48 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(samples_16_bit(name, payload).astype("<i2").tobytes())


def main() -> None:
    vectors = [vector(name, payload) for name in MODES for payload in PAYLOADS]
    document = {"origin": ORIGIN, "vectors": vectors}
    (HERE / "bursts.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    for name in MODES:
        write_wave(HERE / f"{name}_kumquat.wav", name, b"Kumquat")


if __name__ == "__main__":
    main()
