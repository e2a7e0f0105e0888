"""Bursts that are meant for phones: a request or an ack, our own or a neighbour's.

A microphone beside its own loudspeaker hears everything that is asked. That is no presentation, so
it is neither judged nor counted, and above all no decline on the seller's screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.errors import DecodeError
from terminal.payment.ack import decode_ack
from terminal.payment.request import decode_request

if TYPE_CHECKING:
    from collections.abc import Callable


def is_for_phones(payload: bytes) -> bool:
    """Whether these bytes are a request or an ack; no presentation reads as either."""
    return _reads(decode_request, payload) or _reads(decode_ack, payload)


def _reads(decode: Callable[[bytes], object], payload: bytes) -> bool:
    try:
        decode(payload)
    except DecodeError:
        return False
    return True
