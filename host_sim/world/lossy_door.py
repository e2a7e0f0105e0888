"""A network that loses, repeats, delays and cuts, in front of any door; replayed by its seed.

What the terminal sees is HostUnreachable or a cut reply; what the host sees may be nothing, the
request, the request twice, or the request long after newer ones.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from terminal.errors import HostUnreachable
from terminal.sync.exchange import HostReply, HostRequest, Send


@dataclass(frozen=True, slots=True)
class Weather:
    """How often each fault happens, 0.0 to 1.0; they are tried in this order."""

    lose_request: float = 0.0
    """The host never sees it."""
    delay_request: float = 0.0
    """The terminal gives up; the host sees it after a later one."""
    repeat_request: float = 0.0
    """The host sees it twice."""
    lose_reply: float = 0.0
    """The host acted; the terminal never learns."""
    cut_reply: float = 0.0
    """The reply ends early."""


FAIR = Weather()
STORM = Weather(0.15, 0.15, 0.2, 0.2, 0.1)


class LossyDoor:
    """Implements ``Send`` over another; ``delivered`` counts what the host saw."""

    def __init__(self, send: Send, weather: Weather, seed: int) -> None:
        self.weather = weather
        self.delivered = 0
        self._send = send
        self._chance = random.Random(seed)
        self._delayed: list[HostRequest] = []

    def send(self, request: HostRequest) -> HostReply:
        """One request through the weather.

        Raises:
            HostUnreachable: the request or its reply was lost.
        """
        if self._happens(self.weather.lose_request):
            raise HostUnreachable("the request was lost")
        if self._happens(self.weather.delay_request):
            self._delayed.append(request)
            raise HostUnreachable("the request was delayed")
        reply = self._deliver(request)
        if self._happens(self.weather.repeat_request):
            self._deliver(request)
        self._release()
        if self._happens(self.weather.lose_reply):
            raise HostUnreachable("the reply was lost")
        if self._happens(self.weather.cut_reply):
            return HostReply(reply.status, reply.body[: self._chance.randrange(len(reply.body))])
        return reply

    def _deliver(self, request: HostRequest) -> HostReply:
        self.delivered += 1
        return self._send(request)

    def _release(self) -> None:
        """Let some of the delayed requests arrive now, in any order."""
        self._chance.shuffle(self._delayed)
        while self._delayed and self._happens(0.5):
            self._deliver(self._delayed.pop())

    def _happens(self, share: float) -> bool:
        return self._chance.random() < share
