"""What travels between terminal and panel, as the terminal's types; docs/protocol/panel.md.

Commands go to the panel, reports come from it. Numbers are those of ``wire.py``, which the firmware
shares. Decoding refuses an unknown kind, an inexact length and a number without a meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final, TypeVar

from terminal.errors import DecodeError
from terminal.panel import wire

E = TypeVar("E", bound=IntEnum)


class Light(IntEnum):
    """What the lights show; the last two are the panel's own and cannot be commanded."""

    IDLE = wire.LIGHT_IDLE
    WAITING = wire.LIGHT_WAITING
    READING = wire.LIGHT_READING
    ACCEPTED = wire.LIGHT_ACCEPTED
    DECLINED = wire.LIGHT_DECLINED
    STOPPED = wire.LIGHT_STOPPED
    NO_TERMINAL = wire.LIGHT_NO_TERMINAL
    EMERGENCY = wire.LIGHT_EMERGENCY


class Cue(IntEnum):
    """What the buzzer plays."""

    SILENT = wire.CUE_SILENT
    READING = wire.CUE_READING
    ACCEPTED = wire.CUE_ACCEPTED
    DECLINED = wire.CUE_DECLINED
    ATTENTION = wire.CUE_ATTENTION


class PulseResult(IntEnum):
    """What became of a pulse; ``is_open`` says whether the barrier was told to open."""

    DRIVEN = wire.PULSED_DRIVEN
    """The relay was driven; this panel has no feedback contact."""
    SENSED = wire.PULSED_SENSED
    """The relay was driven and its feedback contact closed."""
    EMERGENCY_OPEN = wire.PULSED_EMERGENCY_OPEN
    """The emergency input holds the barrier open already."""
    NOT_SENSED = wire.PULSED_NOT_SENSED
    BUSY = wire.PULSED_BUSY
    OUT_OF_RANGE = wire.PULSED_OUT_OF_RANGE

    @property
    def is_open(self) -> bool:
        return self <= PulseResult.EMERGENCY_OPEN


class FaultCode(IntEnum):
    """What the panel complains of."""

    UNKNOWN_COMMAND = wire.FAULT_UNKNOWN_COMMAND
    BAD_COMMAND = wire.FAULT_BAD_COMMAND
    KEYS_LOST = wire.FAULT_KEYS_LOST
    SLOW_LOOP = wire.FAULT_SLOW_LOOP


class ResetCause(IntEnum):
    """Why the panel started."""

    POWER = wire.RESET_POWER
    WATCHDOG = wire.RESET_WATCHDOG


class StatusFlag(IntFlag):
    """The panel's inputs and relay at the time of a status."""

    EMERGENCY = wire.FLAG_EMERGENCY
    RELAY = wire.FLAG_RELAY
    SENSE = wire.FLAG_SENSE


class Feature(IntFlag):
    """What is wired to this panel."""

    SENSE = wire.FEATURE_SENSE
    KEYPAD = wire.FEATURE_KEYPAD


@dataclass(frozen=True, slots=True)
class Hello:
    """The panel has started, or has lost its terminal, and asks for a link."""

    version: int
    boot: int
    firmware: tuple[int, int, int]
    reset_cause: ResetCause
    features: Feature


@dataclass(frozen=True, slots=True)
class Status:
    """The panel's heartbeat: what is, so that a lost change mends itself."""

    flags: StatusFlag
    light: Light
    damaged_frames: int
    stale_frames: int


@dataclass(frozen=True, slots=True)
class Key:
    """A key went down: one character of 0-9, A-D, ``*``, ``#``."""

    character: str


@dataclass(frozen=True, slots=True)
class Pulsed:
    """The result of the pulse with this job number, ``after_ms`` from command to evidence."""

    job: int
    result: PulseResult
    after_ms: int


@dataclass(frozen=True, slots=True)
class Emergency:
    """The emergency input changed."""

    active: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """The panel's complaint; ``detail`` is the kind of command, or a count."""

    code: FaultCode
    detail: int


Report = Hello | Status | Key | Pulsed | Emergency | Fault

_KNOWN_FLAGS: Final = wire.FLAG_EMERGENCY | wire.FLAG_RELAY | wire.FLAG_SENSE
_KNOWN_FEATURES: Final = wire.FEATURE_SENSE | wire.FEATURE_KEYPAD


def decode_report(kind: int, payload: bytes) -> Report:
    """A message of the panel.

    Raises:
        DecodeError: the kind is not the panel's, the length not exact, or a number has no meaning.
    """
    decode = _DECODERS.get(kind)
    if decode is None:
        raise DecodeError("kind", f"0x{kind:02x} is no message of a panel")
    values = wire.fields(kind, payload)
    if values is None:
        raise DecodeError("payload", f"{len(payload)} bytes do not fit kind 0x{kind:02x}")
    return decode(*values)


def _hello(version: int, boot: int, *rest: int) -> Hello:
    major, minor, patch, cause, features = rest
    if features & ~_KNOWN_FEATURES:
        raise DecodeError("hello.features", f"0x{features:02x} has bits without a meaning")
    return Hello(
        version, boot, (major, minor, patch), _member(ResetCause, cause), Feature(features)
    )


def _status(flags: int, light: int, damaged: int, stale: int) -> Status:
    if flags & ~_KNOWN_FLAGS:
        raise DecodeError("status.flags", f"0x{flags:02x} has bits without a meaning")
    return Status(StatusFlag(flags), _member(Light, light), damaged, stale)


def _key(character: int) -> Key:
    if character not in wire.KEYS:
        raise DecodeError("key", f"0x{character:02x} is not on the keypad")
    return Key(chr(character))


def _pulsed(job: int, result: int, after_ms: int) -> Pulsed:
    return Pulsed(job, _member(PulseResult, result), after_ms)


def _emergency(active: int) -> Emergency:
    if active > 1:
        raise DecodeError("emergency", f"{active} is neither 0 nor 1")
    return Emergency(bool(active))


def _fault(code: int, detail: int) -> Fault:
    return Fault(_member(FaultCode, code), detail)


_DECODERS: Final[dict[int, Callable[..., Report]]] = {
    wire.HELLO: _hello,
    wire.STATUS: _status,
    wire.KEY: _key,
    wire.PULSED: _pulsed,
    wire.EMERGENCY: _emergency,
    wire.FAULT: _fault,
}


def _member(kind: type[E], number: int) -> E:
    try:
        return kind(number)
    except ValueError as error:
        raise DecodeError(kind.__name__, f"{number} has no meaning") from error
