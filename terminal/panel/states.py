"""Where the terminal stands with its panel: the states of a link and every legal transition."""

from __future__ import annotations

from enum import Enum
from typing import Final


class LinkState(Enum):
    """Where the terminal stands with its panel."""

    SEEKING = "seeking"
    GREETED = "greeted"
    LINKED = "linked"


class Cause(Enum):
    """What moves a link from one state to another."""

    HELLO = "hello heard"
    HEARD = "frame of this link heard"
    LOSS = "silence, no acknowledgement, another hello, or device gone"


TRANSITIONS: Final = {
    (LinkState.SEEKING, Cause.HELLO): LinkState.GREETED,
    (LinkState.GREETED, Cause.HELLO): LinkState.GREETED,
    (LinkState.GREETED, Cause.HEARD): LinkState.LINKED,
    (LinkState.GREETED, Cause.LOSS): LinkState.SEEKING,
    (LinkState.LINKED, Cause.HEARD): LinkState.LINKED,
    (LinkState.LINKED, Cause.LOSS): LinkState.SEEKING,
}
"""Every legal transition; the diagram in docs/protocol/panel.md is drawn from this table."""
