"""The numbers on the wire, docs/protocol/panel.md: one list for the terminal and the panel.

Shared with the panel's MicroPython: imports struct only, and holds plain values. ``messages.py``
gives the terminal's side types and names for the same numbers.
"""

import struct

VERSION = 1

# Kinds of message, terminal to panel. Below 0x10 nothing is acknowledged.
CALL = 0x01
WELCOME = 0x02
HEARTBEAT = 0x03
SHOW = 0x10
CUE = 0x11
PULSE = 0x12

# Kinds of message, panel to terminal; acknowledged from 0x90.
HELLO = 0x81
STATUS = 0x82
KEY = 0x90
PULSED = 0x91
EMERGENCY = 0x92
FAULT = 0x93

# Lights. The last two are the panel's own and never commanded.
LIGHT_IDLE = 0
LIGHT_WAITING = 1
LIGHT_READING = 2
LIGHT_ACCEPTED = 3
LIGHT_DECLINED = 4
LIGHT_STOPPED = 5
LIGHT_NO_TERMINAL = 6
LIGHT_EMERGENCY = 7
COMMANDED_LIGHTS = 6

# Buzzer cues.
CUE_SILENT = 0
CUE_READING = 1
CUE_ACCEPTED = 2
CUE_DECLINED = 3
CUE_ATTENTION = 4
CUE_KEY = 5
COMMANDED_CUES = 5

# What became of a pulse.
PULSED_DRIVEN = 0
PULSED_SENSED = 1
PULSED_EMERGENCY_OPEN = 2
PULSED_NOT_SENSED = 3
PULSED_BUSY = 4
PULSED_OUT_OF_RANGE = 5

# Faults the panel reports.
FAULT_UNKNOWN_COMMAND = 1
FAULT_BAD_COMMAND = 2
FAULT_KEYS_LOST = 3
FAULT_SLOW_LOOP = 4

# STATUS flags.
FLAG_EMERGENCY = 1
FLAG_RELAY = 2
FLAG_SENSE = 4

# HELLO features and causes of reset.
FEATURE_SENSE = 1
FEATURE_KEYPAD = 2
RESET_POWER = 0
RESET_WATCHDOG = 1

KEYS = b"123A456B789C*0#D"
"""The 4x4 keypad, row by row; a key travels as its ASCII character."""

# Times both sides rely on.
HEARTBEAT_MS = 250
SILENCE_MS = 1000
"""No valid frame for this long: the link is lost, on either side."""
FRESH_MS = 1000
"""The panel obeys no frame whose echoed stamp is older than this."""
HELLO_MS = 500
MAX_PULSE_MS = 5000
MIN_PULSE_MS = 50
MAX_VERDICT_MS = 10000
"""Longest that an accepted or declined light stays without another command."""

STAMP_MASK = 0x3FFFFFFF
"""Stamps are the panel's milliseconds modulo 2^30, a small integer on every MicroPython."""

HEADER = "<BHBBI"
"""kind, link, seq, ack, stamp."""
HEADER_BYTES = 9

PAYLOADS = {
    CALL: "<B",
    WELCOME: "<BI",
    HEARTBEAT: "<",
    SHOW: "<BBH",
    CUE: "<B",
    PULSE: "<IH",
    HELLO: "<BIBBBBB",
    STATUS: "<BBHH",
    KEY: "<B",
    PULSED: "<IBH",
    EMERGENCY: "<B",
    FAULT: "<BB",
}
"""struct's format of each kind's payload; an exact length, nothing after it."""


def is_acknowledged(kind: int) -> bool:
    """Whether messages of this kind are numbered, acknowledged and repeated."""
    return kind & 0x7F >= 0x10


def pack(kind: int, link: int, seq: int, ack: int, stamp: int, payload: bytes) -> bytes:
    """A frame's body."""
    return struct.pack(HEADER, kind, link, seq, ack, stamp) + payload


def unpack(body: bytes) -> tuple[int, int, int, int, int, bytes] | None:
    """(kind, link, seq, ack, stamp, payload), or None when the body is no message of ours.

    A seq of 0 goes with kinds that are not acknowledged, and with no other.
    """
    if len(body) < HEADER_BYTES:
        return None
    kind, link, seq, ack, stamp = struct.unpack(HEADER, body[:HEADER_BYTES])
    if stamp > STAMP_MASK or is_acknowledged(kind) != (seq != 0):
        return None
    return kind, link, seq, ack, stamp, body[HEADER_BYTES:]


def fields(kind: int, payload: bytes) -> tuple[int, ...] | None:
    """The payload's integers, or None when the kind is unknown or the length is not exact."""
    layout = PAYLOADS.get(kind)
    if layout is None or len(payload) != struct.calcsize(layout):
        return None
    return struct.unpack(layout, payload)


def payload(kind: int, *values: int) -> bytes:
    """The payload of a message of this kind."""
    return struct.pack(PAYLOADS[kind], *values)
