"""A virtual sound card: one private PulseAudio with a null sink for each stretch of air.

Whatever is played on a sink is heard on its monitor, sample for sample, at 48 kHz in one channel.
``sounddevice`` sees two devices for each sink: ``NAME_spk`` to play into it and ``NAME_mic`` to
hear it. PortAudio reads its environment when it initialises, so whoever uses the card runs as a
child process started with ``card.env``; ``record`` and ``play`` work from any process.

Invariants: nothing of the caller's own sound set-up is touched, the server listens on a socket in
a private directory only, and everything is ended by its process id. It runs in real time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Final, Self

from host_sim.world.recording import Recorder, end_process, play_recording
from terminal.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from terminal.ports import Samples

START_DEADLINE_S: Final = 15.0
ANSWER_DEADLINE_S: Final = 5.0
MAX_SOCKET_PATH: Final = 100
"""A Unix socket's path holds 107 bytes on Linux; PulseAudio adds a few of its own."""

_DEVICE: Final = "virtual sound card"
_REMEDY: Final = (
    "apt-get install -y --no-install-recommends"
    " pulseaudio pulseaudio-utils libasound2-plugins libportaudio2"
)
_PROGRAMS: Final = ("pulseaudio", "pactl", "parec", "pacat")
_ALSA_DIRECTORIES: Final = ("/usr/lib", "/usr/lib64", "/lib")


def missing_parts(search_path: str | None = None) -> tuple[str, ...]:
    """What a virtual sound card needs and this machine lacks, by name; empty when all is there."""
    absent = [name for name in _PROGRAMS if shutil.which(name, path=search_path) is None]
    plugin = "alsa-lib/libasound_module_pcm_pulse.so"
    if not any(
        found
        for root in map(Path, _ALSA_DIRECTORIES)
        for pattern in (plugin, f"*/{plugin}")
        for found in root.glob(pattern)
    ):
        absent.append("the ALSA plugin for pulse")
    return tuple(absent)


class VirtualSoundCard:
    """A private PulseAudio with one null sink for each name in ``sinks``, as a context manager.

    The first sink is what a program plays to by default, the monitor of the last one what it hears
    by default, also under the name ``phone_mic`` for browsers, which hide monitors.

    Raises:
        DeviceError: PulseAudio is not installed, or did not come up within its deadline.
    """

    def __init__(
        self, sinks: Sequence[str] = ("air", "back"), directory: Path | None = None
    ) -> None:
        if not sinks or any(not name.replace("_", "").isalnum() for name in sinks):
            raise ValueError("sinks are named with letters, digits and underscores")
        self.sinks = tuple(sinks)
        self._keep = directory
        self._directory = Path()
        self._server: subprocess.Popen[bytes] | None = None
        self._recorders: list[Recorder] = []

    def __enter__(self) -> Self:
        absent = missing_parts()
        if absent:
            raise DeviceError(_DEVICE, f"{', '.join(absent)} not installed", _REMEDY)
        self._directory = self._private_directory()
        self._write_configuration()
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def env(self) -> Mapping[str, str]:
        """This process's environment, pointed at the virtual card: give it to child processes."""
        return MappingProxyType({**os.environ, **self.variables})

    @property
    def variables(self) -> Mapping[str, str]:
        """Only the variables that differ from this process's environment."""
        base = self._directory
        return MappingProxyType(
            {
                "PULSE_SERVER": f"unix:{base}/p.sock",
                "PULSE_RUNTIME_PATH": str(base),
                "PULSE_COOKIE": str(base / "cookie"),
                "ALSA_CONFIG_PATH": f"/usr/share/alsa/alsa.conf:{base}/asound.conf",
            }
        )

    @property
    def pid(self) -> int:
        """The server's process id."""
        if self._server is None:
            raise DeviceError(_DEVICE, "is not started", "enter its context first")
        return self._server.pid

    def microphone(self, sink: str) -> str:
        """The ``sounddevice`` name that hears ``sink``."""
        return f"{self._known(sink)}_mic"

    def speaker(self, sink: str) -> str:
        """The ``sounddevice`` name that plays into ``sink``."""
        return f"{self._known(sink)}_spk"

    def record(self, sink: str) -> Recorder:
        """Start keeping what ``sink`` carries; returns once the recorder hears it.

        Raises:
            DeviceError: the server is gone.
        """
        path = self._directory / f"recording-{len(self._recorders)}.f32"
        self._recorders.append(Recorder(self._known(sink), self.env, path))
        return self._recorders[-1]

    def play(self, samples: Samples, sink: str) -> None:
        """Play ``samples`` (float32, 48 kHz) into ``sink`` to the end, as a bystander would.

        Raises:
            DeviceError: the server is gone, or did not take the sound in time.
        """
        play_recording(samples, self._known(sink), self.env)

    def unplug(self, sink: str) -> None:
        """Take one sink and its monitor away, as when a cable is pulled."""
        for line in self._pactl("list", "short", "modules").splitlines():
            number, *words = line.split()
            if f"sink_name={self._known(sink)}" in words:
                self._pactl("unload-module", number)

    def plug(self, sink: str) -> None:
        """Bring it back under the same name."""
        self._pactl("load-module", *_null_sink(self._known(sink)))

    def close(self) -> None:
        """End everything that was started, by process id, and remove the private directory."""
        for recorder in self._recorders:
            recorder.stop()
        self._recorders.clear()
        if self._server is not None:
            end_process(self._server)
        self._server = None
        if self._keep is None and self._directory != Path():
            shutil.rmtree(self._directory, ignore_errors=True)

    def _known(self, sink: str) -> str:
        if sink not in self.sinks:
            raise DeviceError(_DEVICE, f"has no sink {sink!r}", f"choose from {self.sinks}")
        return sink

    def _private_directory(self) -> Path:
        if self._keep is not None and len(bytes(self._keep.absolute())) > MAX_SOCKET_PATH - 10:
            self._keep = None  # too deep for a socket: fall back to a short one of our own
        if self._keep is None:
            return Path(tempfile.mkdtemp(prefix="kumquat-sound-"))
        self._keep.mkdir(parents=True, exist_ok=True)
        return self._keep.absolute()

    def _write_configuration(self) -> None:
        base = self._directory
        (base / "daemon.conf").write_text(_DAEMON)
        (base / "default.pa").write_text(_server_script(base / "p.sock", self.sinks))
        (base / "asound.conf").write_text("".join(map(_alsa_devices, self.sinks)))

    def _start(self) -> None:
        base = self._directory
        own = {
            "HOME": str(base),
            "XDG_RUNTIME_DIR": str(base),
            "PULSE_CONFIG": f"{base}/daemon.conf",
        }
        flags = ("--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--realtime=no")
        self._server = subprocess.Popen(
            ("pulseaudio", "-n", "-F", f"{base}/default.pa", *flags, "--high-priority=no",
             f"--log-target=file:{base}/log"),
            env={**self.env, **own}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline_s = time.monotonic() + START_DEADLINE_S
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > deadline_s:
                raise DeviceError(_DEVICE, "PulseAudio did not start", f"it said: {self._log()}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        """True once the script has run to its end: its last line makes ``phone_mic``."""
        return "phone_mic" in self._pactl("list", "short", "sources")

    def _pactl(self, *command: str) -> str:
        done = subprocess.run(
            ("pactl", *command),
            env=dict(self.env), capture_output=True, timeout=ANSWER_DEADLINE_S, check=False,
            text=True,
        )  # fmt: skip
        return done.stdout

    def _log(self) -> str:
        log = self._directory / "log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return lines[-1] if lines else "nothing"


# Left at its 44.1 kHz default the server would resample everything.
_DAEMON: Final = """\
default-sample-rate = 48000
alternate-sample-rate = 48000
default-sample-format = float32le
default-sample-channels = 1
"""


def _null_sink(name: str) -> tuple[str, ...]:
    # Without norewinds an idle sink sleeps two seconds before it hears of a new listener.
    form = ("rate=48000", "channels=1", "format=float32le", "norewinds=1")
    return ("module-null-sink", f"sink_name={name}", *form)


def _server_script(socket: Path, sinks: Sequence[str]) -> str:
    lines = [
        f"load-module module-native-protocol-unix socket={socket} auth-anonymous=1",
        *(" ".join(("load-module", *_null_sink(name))) for name in sinks),
        f"set-default-sink {sinks[0]}",
        f"load-module module-remap-source master={sinks[-1]}.monitor source_name=phone_mic",
        "set-default-source phone_mic",
    ]
    return "\n".join(lines) + "\n"


def _alsa_devices(sink: str) -> str:
    """Two ALSA devices; the hint is what makes a name visible to PortAudio."""
    return "".join(
        f"pcm.{sink}_{role} {{ type pulse device {target}"
        f' hint {{ show on description "{sink}_{role}" }} }}\n'
        for role, target in (("mic", f"{sink}.monitor"), ("spk", sink))
    )
