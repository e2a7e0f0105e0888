"""What the owner of a terminal may set, read from ``config.toml`` over a board's defaults.

A board is data (``boards/NAME/board.toml``: where the microphone, reader and panel are on that
hardware); a configuration names a board and overrides what differs here. Limits, merchant, scope
and currency are not here: they come from the host's signed policy alone.
"""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from terminal.acoustic import MODES
from terminal.errors import ConfigError
from terminal.kiosk.cues import CUES
from terminal.kiosk.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]

MAX_CONFIG_BYTES: Final = 64 * 1024
OFF: Final = "off"
"""In the place of a device: there is none, or it is not to be used."""

_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class Favourite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key of the keypad page: a name and an amount such as ``"3.50"``."""

    name: Name
    amount: Name


class Board(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One board's data (boards/README.md); every field is required."""

    name: Name
    title: str
    kind: Literal["terminal", "panel"]
    tested_on_hardware: bool
    audio_input: Name
    audio_output: Name
    reader_path: Name
    panel_path: Name
    panel_baud: Annotated[int, msgspec.Meta(gt=0)]
    pins: dict[str, int | tuple[int, ...]]
    features: dict[str, bool]


class Kiosk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The seller's page; port 0 lets the system choose."""

    enabled: bool = True
    port: Port = 8600
    language: Name = "en"
    """Of the page at first; each browser may choose another."""
    hand: Literal["right", "left"] = "right"
    favourites: tuple[Favourite, ...] = ()


class Audio(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Microphone and loudspeaker by (part of a) name or by number; ``off`` for none."""

    input: str | None = None
    output: str | None = None
    mode: Name = "counter"
    """How this terminal sends."""
    listen: tuple[Name, ...] = ("counter",)
    """The modes it hears; each one more costs processor time."""
    ask: bool = False
    """Play the request by sound when a sale opens, for phones without a camera."""
    ack: bool = False
    """Play the signed ack by sound after the commit."""


class Voice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The spoken confirmation: the seller's and the payer's language, and the merchant's cue."""

    enabled: bool = True
    seller: Name = "en"
    payer: Name = "zh"
    cue: Name = "kumquat"


class Reader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contactless reader, such as ``tty:/dev/ttyAMA0:pn532``; ``off`` for none."""

    path: str | None = None


class Panel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The front panel's serial device; ``off`` for none."""

    path: str | None = None
    pin_keypad: bool = False
    """Its keypad faces the payer and takes PINs; its keys do nothing else then."""


class Post(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An unattended post asks every card for the same amount and opens a barrier."""

    amount: Name
    barrier_ms: Annotated[int, msgspec.Meta(ge=50, le=5_000)] = 500


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One terminal's configuration, complete."""

    board: Name = "desk"
    host: str | None = None
    sync_every_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 30
    kiosk: Kiosk = Kiosk()
    audio: Audio = Audio()
    voice: Voice = Voice()
    time_zone: Name = "UTC"
    day_begins_h: Annotated[int, msgspec.Meta(ge=0, le=23)] = 0
    """When a business day begins, by the clock of ``time_zone``."""
    reader: Reader = Reader()
    panel: Panel = Panel()
    post: Post | None = None
    simulated: bool = False
    """Shows the permanent SIMULATED banner: the world around this terminal is not real."""


def decode_config(text: str) -> Config:
    """A configuration from TOML text; everything that is not understood is refused.

    Raises:
        ConfigError: not TOML, an unknown setting, or a value of the wrong kind; the field is named.
    """
    config = _decode(text, Config, "config")
    _check(config)
    return config


def decode_board(text: str) -> Board:
    """A board's data from TOML text.

    Raises:
        ConfigError: not TOML, or a field is missing, unknown or of the wrong kind.
    """
    return _decode(text, Board, "board")


def load_board(name: str) -> Board:
    """The data of a board that a terminal runs on.

    Raises:
        ConfigError: no such board, or one that is no terminal.
    """
    if name not in known_boards():
        raise ConfigError("board", f"{name!r} is none of: {', '.join(known_boards())}")
    room = resources.files("boards").joinpath(name, "board.toml")
    board = decode_board(room.read_text(encoding="utf-8"))
    if board.kind != "terminal":
        raise ConfigError("board", f"{name!r} is a {board.kind}, not a terminal")
    return board


def load_config(path: Path) -> Config:
    """The configuration at ``path``, or the defaults where there is no such file.

    Raises:
        ConfigError: the file cannot be read or understood.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"cannot be read: {error}") from error
    return decode_config(text)


def _decode(text: str, kind: type[_Struct], name: str) -> _Struct:
    if len(text.encode()) > MAX_CONFIG_BYTES:
        raise ConfigError(name, f"larger than {MAX_CONFIG_BYTES} bytes")
    try:
        return msgspec.convert(tomllib.loads(text), kind)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(name, f"not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise _named(error, name) from error


def _check(config: Config) -> None:
    """What a type cannot say: names that have to exist, amounts that have to be amounts."""
    _one_of("audio.mode", config.audio.mode, MODES)
    for mode in config.audio.listen:
        _one_of("audio.listen", mode, MODES)
    _one_of("voice.cue", config.voice.cue, CUES)
    _one_of("voice.seller", config.voice.seller, LANGUAGES)
    _one_of("voice.payer", config.voice.payer, LANGUAGES)
    _one_of("kiosk.language", config.kiosk.language, LANGUAGES)
    for favourite in config.kiosk.favourites:
        _amount("kiosk.favourites.amount", favourite.amount)
    if config.post is not None:
        _amount("post.amount", config.post.amount)
    try:
        ZoneInfo(config.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError("time_zone", f"{config.time_zone!r} is in no zone table") from error


def _one_of(field: str, value: str, allowed: Iterable[str]) -> None:
    names = tuple(allowed)
    if value not in names:
        raise ConfigError(field, f"{value!r} is none of: {', '.join(names)}")


def _amount(field: str, text: str) -> None:
    """Its decimals are checked against the policy's currency at the start."""
    if re.fullmatch(r"\d{1,16}(\.\d{1,3})?", text, re.ASCII) is None or not float(text):
        raise ConfigError(field, f'{text!r} is no amount such as "3.50"')


def _named(error: msgspec.ValidationError, name: str) -> ConfigError:
    """msgspec says ``problem - at `$.kiosk.port` ``: the path becomes the field."""
    found = re.fullmatch(r"(.*?)(?: - at `\$\.?(.*)`)?", str(error), re.DOTALL)
    assert found is not None
    return ConfigError(found[2] or name, found[1])


def known_boards() -> tuple[str, ...]:
    """The names of the boards this installation has data for."""
    rooms = resources.files("boards").iterdir()
    return tuple(sorted(room.name for room in rooms if room.joinpath("board.toml").is_file()))
