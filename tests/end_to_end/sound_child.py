"""A child process on the virtual sound card: PortAudio reads its environment when it starts.

``hear DEVICE SECONDS FILE``, ``starve DEVICE SECONDS FILE``, ``receive DEVICE SECONDS``,
``survive DEVICE SECONDS``, ``probe MICROPHONE SPEAKER`` and ``play DEVICE FILE``; ``ready`` is
printed when the device is open, JSON at the end.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np

from terminal.acoustic import FrameReceived, Receiver
from terminal.devices.audio import Microphone, Speaker, probe_microphone, probe_speaker
from terminal.devices.sound_system import SoundSystem
from terminal.errors import DeviceError


def hear(device: str, seconds: str, file: str, queue_s: float = 10.0, nap_s: float = 0.0) -> None:
    """Keep what is heard; with a nap, read nothing for so long and let the queue overflow."""
    microphone = Microphone(device, queue_s=queue_s)
    print("ready", flush=True)
    time.sleep(nap_s)
    blocks, deadline_s, fault = [], time.monotonic() + float(seconds), ""
    while time.monotonic() < deadline_s:
        try:
            block = microphone.read(0.1)
        except DeviceError as error:
            fault = str(error)
            break
        if block is not None:
            blocks.append(block)
    heard = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    np.save(file, heard)
    print(json.dumps({"dropped": microphone.dropped_samples(), "fault": fault}), flush=True)
    microphone.close()


def receive(device: str, seconds: str) -> None:
    """Print the payload of every frame heard."""
    microphone, receiver = Microphone(device), Receiver(["counter"])
    print("ready", flush=True)
    deadline_s = time.monotonic() + float(seconds)
    while time.monotonic() < deadline_s:
        block = microphone.read(0.1)
        for event in receiver.receive(block) if block is not None else ():
            if isinstance(event, FrameReceived):
                print(json.dumps({"payload": event.payload.hex()}), flush=True)
                return


def survive(device: str, seconds: str) -> None:
    """Open the microphone again whenever it is gone; say so each time sound comes."""
    system, deadline_s, told = SoundSystem(), time.monotonic() + float(seconds), False
    while time.monotonic() < deadline_s:
        try:
            with closing(system.microphone(device)) as source:
                while time.monotonic() < deadline_s:
                    if source.read(0.1) is not None and not told:
                        print("ready", flush=True)
                        told = True
        except DeviceError as error:
            if told:
                print(json.dumps({"fault": str(error)}), flush=True)
            told = False
            time.sleep(0.2)


def probe(microphone: str, speaker: str) -> None:
    """What ``kumquat doctor`` tries: the microphone at rest, and whether it hears the speaker."""
    print("ready", flush=True)
    for tried in (
        probe_microphone(microphone, seconds=0.3),
        probe_speaker(speaker, microphone, loop=True),
        probe_speaker(speaker, "back_mic", loop=True),
        probe_microphone("no such device"),
    ):
        print(json.dumps({"fault": tried.fault, "level": tried.level_dbfs}), flush=True)


def play(device: str, file: str) -> None:
    """Play a saved array to its end."""
    Speaker(device).play(np.load(Path(file)))
    print("ready", flush=True)


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "starve":
        hear(arguments[0], arguments[1], arguments[2], queue_s=0.1, nap_s=1.5)
    elif command == "hear":
        hear(arguments[0], arguments[1], arguments[2])
    elif command == "survive":
        survive(arguments[0], arguments[1])
    elif command == "probe":
        probe(arguments[0], arguments[1])
    elif command == "receive":
        receive(*arguments)
    else:
        play(*arguments)
