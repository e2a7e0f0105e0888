"""Every state a page can show, as values: for the page's tests, its screenshots and its makers."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from terminal.kiosk.settings import Favourite
from terminal.payment.reasons import Reason
from terminal.sale.view import (
    Carrier,
    LineKind,
    LineState,
    Phase,
    PinView,
    SaleLine,
    Screen,
    Totals,
)

CNY: Final = 156
NOON_UNIX_S: Final = 1_795_061_640
"""A Thursday in November 2026, shortly after noon in Shanghai."""

ASK_TEXT: Final = "KQR" + base64.b32encode(bytes(range(7, 142))).decode().rstrip("=")
"""As long as a request with its payee card; the bytes mean nothing."""

FAVOURITES: Final = MappingProxyType(
    {
        "en": (
            Favourite("Kumquats, bag", 800),
            Favourite("Mango", 650),
            Favourite("Pineapple, cut", 1000),
            Favourite("Dragon fruit", 550),
            Favourite("Juice, small", 1200),
            Favourite("Juice, large", 1800),
        ),
        "zh": (
            Favourite("金桔一袋", 800),
            Favourite("芒果", 650),
            Favourite("菠萝切块", 1000),
            Favourite("火龙果", 550),
            Favourite("小杯果汁", 1200),
            Favourite("大杯果汁", 1800),
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Scene:
    """What the desk shows: the screen, the day's lines, and the request a new sale would ask."""

    screen: Screen
    lines: tuple[SaleLine, ...]
    ask_text: str = ASK_TEXT


def presentation_text() -> str:
    """A line a scanner would type; the simulated desk accepts exactly this one."""
    return "KQP" + base64.b32encode(bytes(range(204))).decode().rstrip("=")


def _line(index: int, minutes: int, amount_minor: int, state: LineState) -> SaleLine:
    return SaleLine(
        index=index,
        kind=LineKind.SALE,
        time_unix_s=NOON_UNIX_S - 60 * minutes,
        amount_minor=amount_minor,
        state=state,
        announced=True,
        refundable_minor=0 if state is LineState.HOST_REFUSED else amount_minor,
    )


def _lines() -> tuple[SaleLine, ...]:
    offline, confirmed = LineState.ACCEPTED_OFFLINE, LineState.HOST_CONFIRMED
    refused = replace(
        _line(204, 64, 4200, LineState.HOST_REFUSED), host_reason="the two intervals overlap"
    )
    refund = replace(
        _line(209, 18, 650, offline),
        kind=LineKind.REFUND,
        original_index=205,
        refundable_minor=0,
    )
    void = replace(
        _line(206, 41, 1200, confirmed), kind=LineKind.VOID, original_index=203, refundable_minor=0
    )
    return (
        _line(211, 2, 1250, offline),
        replace(_line(210, 9, 800, offline), announced=False),
        refund,
        _line(208, 25, 1800, confirmed),
        _line(207, 33, 2350, confirmed),
        void,
        replace(_line(205, 52, 1950, confirmed), refundable_minor=1300),
        refused,
        replace(_line(203, 80, 1200, confirmed), refundable_minor=0),
        _line(202, 95, 3000, confirmed),
    )


def _totals(lines: tuple[SaleLine, ...]) -> Totals:
    sales = [line for line in lines if line.kind is LineKind.SALE]
    offline = [line for line in lines if line.state is LineState.ACCEPTED_OFFLINE]
    return Totals(
        sales_count=len(sales),
        sales_minor=sum(line.amount_minor for line in sales),
        returned_minor=sum(line.amount_minor for line in lines if line not in sales),
        unsynced_count=len(offline),
        at_risk_minor=sum(line.amount_minor for line in offline if line in sales),
    )


def _screen(language: str) -> Screen:
    return Screen(
        version=1,
        phase=Phase.IDLE,
        currency=CNY,
        payee="李记水果" if language == "zh" else "Li's Fruit",
        terminal=1001,
        totals=_totals(_lines()),
        last_host_contact_unix_s=NOON_UNIX_S - 3600,
        policy_version=7,
        simulated=True,
    )


def _waiting(screen: Screen) -> Screen:
    return replace(screen, phase=Phase.WAITING, amount_minor=1250, ask_text=ASK_TEXT)


def _accepted(screen: Screen) -> Screen:
    return replace(
        screen,
        phase=Phase.ACCEPTED,
        amount_minor=1250,
        check_code="407",
        entry_index=211,
        carrier=Carrier.SOUND,
    )


def _declined(screen: Screen, *reasons: Reason) -> Screen:
    prior = 198 if Reason.ALREADY_ACCEPTED in reasons else None
    return replace(
        screen, phase=Phase.DECLINED, amount_minor=1250, reasons=reasons, prior_entry=prior
    )


def _found(screen: Screen) -> Screen:
    return replace(screen, unannounced=(replace(_line(210, 9, 800, LineState.ACCEPTED_OFFLINE)),))


def _faults(screen: Screen) -> Screen:
    return replace(
        screen,
        simulated=False,
        faults=(
            "microphone: not found; plug it in, then run kumquat doctor",
            "card reader: does not answer; unplug it and plug it in again",
        ),
    )


SCENES: Final = MappingProxyType[str, Callable[[Screen], Screen]](
    {
        "sell": lambda screen: screen,
        "sell_online": lambda screen: replace(
            screen,
            host_online=True,
            totals=replace(screen.totals, unsynced_count=0, at_risk_minor=0),
        ),
        "faults": _faults,
        "waiting": _waiting,
        "waiting_confirm": lambda screen: replace(
            _waiting(screen), confirm_payer=True, amount_minor=28800
        ),
        "waiting_pin": lambda screen: replace(
            _waiting(screen), amount_minor=28800, pin=PinView(3, ready=False, tries_left=2)
        ),
        "waiting_unknown_payee": lambda screen: replace(_waiting(screen), payee=None),
        "accepted": _accepted,
        "accepted_tap": lambda screen: replace(_accepted(screen), carrier=Carrier.TAP),
        "declined": lambda screen: _declined(screen, Reason.ALREADY_ACCEPTED),
        "declined_several": lambda screen: _declined(
            screen, Reason.EXPIRED, Reason.OVER_COUPON_LIMIT, Reason.OVER_FLOOR_LIMIT
        ),
        "stopped": lambda screen: replace(screen, phase=Phase.STOPPED, amount_minor=1250),
        "unannounced": _found,
    }
)
"""Name of the scene to what it makes of an ordinary screen."""


def scene(name: str, language: str = "en") -> Scene:
    """The scene of that name (a key of ``SCENES``), the merchant's names in that language."""
    return Scene(SCENES[name](_screen(language)), _lines())


def empty_day(language: str = "en") -> Scene:
    """A day on which nothing was sold yet."""
    return Scene(replace(_screen(language), totals=Totals(0, 0, 0, 0, 0)), ())
