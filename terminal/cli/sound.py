"""``kumquat listen`` and ``kumquat play``: payload bytes to and from files and sound devices."""

from __future__ import annotations

import struct
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import typer

from terminal.acoustic import (
    MODES,
    FrameReceived,
    FrameRejected,
    Receiver,
    modulate,
)
from terminal.cli.app import Json
from terminal.cli.output import Output
from terminal.cli.sound_meter import SoundMeter, bit_rate_bits_per_s, describe_frame
from terminal.cli.sound_plot import Recording
from terminal.errors import DecodeError, DeviceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from terminal.acoustic import Event
    from terminal.ports import Samples

SAMPLE_RATE_HZ: Final = 48_000
FULL_SCALE_INT16: Final = 32_767
BLOCK_SAMPLES: Final = 4_800
FILE_TAIL_S: Final = 1.0
"""Silence after a file: a burst that ends with the file is still decided."""


def listen(
    file: Annotated[Path | None, typer.Argument(help="A WAV file; none: the microphone.")] = None,
    device: Annotated[str | None, typer.Option(help="Microphone by name or number.")] = None,
    mode: Annotated[list[str] | None, typer.Option(help="Listen for this mode alone.")] = None,
    seconds: Annotated[float, typer.Option(help="Stop after so long; 0: never.")] = 0.0,
    once: Annotated[bool, typer.Option("--once", help="Stop after one frame.")] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="At the end, draw what was received as a PNG.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Print the payload of every frame heard, in hexadecimal; level, SNR, mode and bit rate too.

    Exit code 1: the file or the time ended without a frame.
    """
    output = Output(as_json)
    receiver = Receiver(modes=_modes(mode))
    recording = Recording() if plot is not None else None
    blocks = _from_file(file) if file is not None else _from_microphone(device, seconds)
    meter, frames = SoundMeter(), 0
    try:
        for block in blocks:
            events = receiver.receive(block)
            if recording is not None:
                recording.add(block, events)
            for event in events:
                _show(output, meter, event)
            frames += sum(isinstance(event, FrameReceived) for event in events)
            if frames and once:
                break
    finally:  # an interrupted one too: without --seconds there is no other end
        output.status("")
        if plot is not None and recording is not None:
            recording.draw(plot)
    return 0 if frames else 1


def play(
    payload_hex: Annotated[str, typer.Argument(help="1 to 255 bytes in hexadecimal.")],
    mode: Annotated[str, typer.Option(help="Mode to send in.")] = "counter",
    device: Annotated[str | None, typer.Option(help="Loudspeaker by name or number.")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Write a WAV file instead.")] = None,
    as_json: Json = False,
) -> int:
    """Send bytes as one burst of sound, to a loudspeaker or a WAV file."""
    output = Output(as_json)
    (name,) = _modes([mode]) or (mode,)
    try:
        payload = bytes.fromhex(payload_hex)
    except ValueError as error:
        raise DecodeError("payload", "not hexadecimal digits in pairs") from error
    burst = modulate(payload, name)
    if file is not None:
        _write_wav(file, burst)
    else:
        from terminal.devices.audio import Speaker

        with closing(Speaker(device)) as speaker:
            speaker.play(burst)
    seconds = burst.size / SAMPLE_RATE_HZ
    value = {"event": "played", "mode": name, "bytes": len(payload), "seconds": round(seconds, 3)}
    output.result(value, f"{len(payload)} bytes in mode {name}, {seconds:.2f} s")
    return 0


def _modes(names: list[str] | None) -> list[str] | None:
    for name in names or ():
        if name not in MODES:
            raise DecodeError("mode", f"{name!r} is none of: {', '.join(MODES)}")
    return names


def _from_file(path: Path) -> Iterator[Samples]:
    samples = read_wav(path)
    tail = np.zeros(int(FILE_TAIL_S * SAMPLE_RATE_HZ), dtype=np.float32)
    heard = np.concatenate([samples, tail])
    for start in range(0, heard.size, BLOCK_SAMPLES):
        yield heard[start : start + BLOCK_SAMPLES]


def _from_microphone(device: str | None, seconds: float) -> Iterator[Samples]:
    from terminal.devices.audio import Microphone

    ends = time.monotonic() + seconds if seconds > 0 else None
    with closing(Microphone(device)) as microphone:
        while ends is None or time.monotonic() < ends:
            block = microphone.read(timeout_s=0.5)
            if block is not None:
                yield block


def _show(output: Output, meter: SoundMeter, event: Event) -> None:
    meter.take(event)
    value = {"event": type(event).__name__, **asdict(event)}
    match event:
        case FrameReceived():
            value["payload"] = event.payload.hex()
            value["bits_per_s"] = round(bit_rate_bits_per_s(event), 1)
            output.result(value, event.payload.hex())
            output.note(f"  {describe_frame(event)}")
        case FrameRejected():
            value["reason"] = event.reason.value
            output.note(f"  burst in {event.mode} not understood: {event.reason.value}")
    if output.as_json and not isinstance(event, FrameReceived):
        output.result(value, "")
    output.status(meter.line)


def read_wav(path: Path) -> Samples:
    """A WAV file's first channel as float32 at 48 kHz, full scale 1.0.

    Raises:
        DecodeError: not a WAV file, or not at 48 kHz.
        DeviceError: the file cannot be read.
    """
    from scipy.io import wavfile  # large: loaded only where a file is read

    try:
        rate_hz, data = wavfile.read(path)
    except OSError as error:
        raise DeviceError(str(path), "cannot be read", "check the name") from error
    except (ValueError, EOFError, IndexError, struct.error) as error:
        raise DecodeError("file", f"{path} is not a WAV file: {error}") from error
    if rate_hz != SAMPLE_RATE_HZ:
        raise DecodeError("file.rate", f"{rate_hz} Hz; convert it to {SAMPLE_RATE_HZ} Hz first")
    first: NDArray[Any] = data if data.ndim == 1 else data[:, 0]
    if first.dtype.kind == "f":
        return np.asarray(first, dtype=np.float32)
    centre, scale = (128, 128) if first.dtype == np.uint8 else (0, np.iinfo(first.dtype).max)
    return np.asarray((first.astype(np.float64) - centre) / scale, dtype=np.float32)


def _write_wav(path: Path, samples: Samples) -> None:
    from scipy.io import wavfile

    try:
        wavfile.write(path, SAMPLE_RATE_HZ, (samples * FULL_SCALE_INT16).astype(np.int16))
    except OSError as error:
        raise DeviceError(str(path), "cannot be written", "check the directory") from error
