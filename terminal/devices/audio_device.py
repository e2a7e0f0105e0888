"""Sound devices by name, and streams opened on them; PortAudio through ``sounddevice``.

The library is imported when it is first asked something, never before: PortAudio reads its
environment and looks for devices at that moment. Everything but ``choose_device`` touches the
machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from terminal.errors import DeviceError

SAMPLE_RATE_HZ: Final = 48_000
ATTACH: Final = "attach it, or choose another with `kumquat doctor`"

SoundCallback = Callable[[Any, int, Any, Any], None]
"""PortAudio's (data of shape (frames, channels), frames, time, flags), on its own thread."""


@dataclass(frozen=True, slots=True)
class SoundDevice:
    """One device as PortAudio lists it; the channels are how many it has each way."""

    index: int
    name: str
    input_channels: int
    output_channels: int

    @property
    def short_name(self) -> str:
        """The name without ALSA's hardware address."""
        return self.name.split(":")[0].strip()

    def channels(self, direction: str) -> int:
        return self.input_channels if direction == "input" else self.output_channels


def list_devices() -> tuple[SoundDevice, ...]:
    """Every sound device there is.

    Raises:
        DeviceError: PortAudio is not installed.
    """
    return tuple(
        SoundDevice(
            index, str(each["name"]), each["max_input_channels"], each["max_output_channels"]
        )
        for index, each in enumerate(sounddevice_library().query_devices())
    )


def choose_device(
    wanted: str | int | None, devices: tuple[SoundDevice, ...], direction: str
) -> int | None:
    """The index of the device named by index, exact name or unique part of a name; pure.

    ``direction`` is "input" or "output": devices without such channels are not considered. None,
    the empty string and "default" leave the choice to the system, as None.

    Raises:
        DeviceError: nothing matches, or more than one device does.
    """
    if wanted is None or wanted in ("", "default"):
        return None
    able = [each for each in devices if each.channels(direction) > 0]
    found = _matching(str(wanted).lower(), able)
    if len(found) == 1:
        return found[0].index
    names = ", ".join(f"{each.index} {each.short_name}" for each in (found or able)) or "none"
    problem = f"fits several {direction} devices" if found else f"no such {direction} device"
    raise DeviceError(f"sound device {wanted!r}", problem, f"there are: {names}")


def _matching(wanted: str, able: list[SoundDevice]) -> list[SoundDevice]:
    if wanted.isdecimal():
        return [each for each in able if each.index == int(wanted)]
    for matches in (
        [each for each in able if each.name.lower() == wanted],
        [each for each in able if each.short_name.lower() == wanted],
    ):
        if matches:
            return matches
    return [each for each in able if wanted in each.name.lower()]


def refresh_devices() -> None:
    """Look for devices again after one was plugged in; no stream may be open meanwhile."""
    library = sounddevice_library()
    library._terminate()  # noqa: SLF001 - the only way PortAudio offers
    library._initialize()  # noqa: SLF001 - as above


def sounddevice_library() -> Any:
    """The ``sounddevice`` module, imported now.

    Raises:
        DeviceError: the PortAudio library is not installed.
    """
    try:
        import sounddevice
    except OSError as error:  # its import loads the shared library
        raise DeviceError(
            "sound", "PortAudio is not installed", "apt-get install -y libportaudio2"
        ) from error
    return sounddevice


def open_stream(
    direction: str,
    name: str,
    index: int | None,
    block: int,
    latency_s: float,
    callback: SoundCallback,
    finished: Callable[[], None],
) -> Any:
    """A running stream: mono where the device has it, else stereo.

    ``block`` 0 lets the device choose; ``latency_s`` is what it may buffer, and the longest that
    our thread may be held up without a gap.

    Raises:
        DeviceError: it cannot be opened, or offers no 48 kHz.
    """
    library = sounddevice_library()
    make = library.InputStream if direction == "input" else library.OutputStream
    fault = ""
    for channels in (1, 2):
        stream = None
        try:
            stream = make(
                samplerate=SAMPLE_RATE_HZ,
                blocksize=block,
                latency=latency_s,
                device=index,
                channels=channels,
                dtype="float32",
                callback=callback,
                finished_callback=finished,
            )
            stream.start()
        except (library.PortAudioError, ValueError) as error:
            fault = fault or str(error).splitlines()[0]
            if stream is not None:
                stream.close(ignore_errors=True)
        else:
            return stream
    raise _refusal(name, fault)


def check_output(name: str, index: int | None) -> None:
    """Refuse a device that cannot play 48 kHz, without opening it.

    Raises:
        DeviceError: it cannot be used.
    """
    library = sounddevice_library()
    try:
        library.check_output_settings(device=index, dtype="float32", samplerate=SAMPLE_RATE_HZ)
    except (library.PortAudioError, ValueError) as error:
        raise _refusal(name, str(error).splitlines()[0]) from error


def close_stream(stream: Any) -> None:
    """Stop at once and give the device back; harmless on a stream that is closed or broken."""
    stream.abort(ignore_errors=True)
    stream.close(ignore_errors=True)


def require_rate(name: str, sample_rate_hz: int) -> None:
    """Refuse any rate but 48 kHz.

    Raises:
        DeviceError: another rate was asked for.
    """
    if sample_rate_hz != SAMPLE_RATE_HZ:
        raise DeviceError(name, f"asked for {sample_rate_hz} Hz", "only 48000 Hz is supported")


def _refusal(name: str, fault: str) -> DeviceError:
    if "sample rate" in fault.lower():
        return DeviceError(
            name, "does not offer 48000 Hz", "use its plughw, pulse or default device instead"
        )
    return DeviceError(name, f"cannot be opened ({fault})", ATTACH)
