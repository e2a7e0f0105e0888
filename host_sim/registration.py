"""Merchants and terminals, and the policy each terminal sells under.

A policy is made for one terminal from its merchant, its settings, the issuer and the deny list, is
signed by the root and kept; its version counts within the terminal. Invariants: a terminal id is
drawn at random and never given twice; a version only rises.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Final, TypeVar

from host_sim.model import Merchant, Terminal
from host_sim.office import Office
from host_sim.refusal import UsageError
from host_sim.store.port import Taken, Unit
from terminal.errors import DecodeError
from terminal.money import currency
from terminal.payment.coupon import CouponClass
from terminal.payment.limits import Limits
from terminal.payment.payee import PayeeCard, sign_payee_card
from terminal.payment.permit import NumberPermits, decode_permit
from terminal.payment.policy import HostKeys, IssuerKey, Policy, sign_policy

MAX_DRAWS: Final = 16
"""Random ids tried before giving up; two of 2^32 meet rarely."""
PAYEE_CARD_S: Final = 400 * 86_400
BACKDATED_S: Final = 3_600
"""A policy is in force from an hour before it is signed, for terminals whose clocks are behind."""
FOREVER: Final = 2**32 - 1
ISSUER_LIMIT_CAP_MINOR: Final = 10_000_000
DEFAULT_LIMITS: Final = Limits(
    floor_limit_minor=20_000,
    second_limit_minor=10_000,
    coupon_cap_minor=50_000,
    cumulative_limit_minor=500_000,
    count_limit=500,
    consecutive_limit=20,
    offline_horizon_s=7 * 86_400,
    staleness_s=30 * 86_400,
    unknown_clock_cap_minor=5_000,
    slot_cap_minor=5_000,
)

Claimed = TypeVar("Claimed")


@dataclass(frozen=True, slots=True)
class TerminalSettings:
    """What a terminal's policy holds beyond its merchant."""

    limits: Limits = DEFAULT_LIMITS
    unattended: bool = False
    static_accepted: bool = False
    bearer_accepted: bool = False
    permit_accepted: bool = False
    keypad_enrolled: bool = False
    number_cap_minor: int = 0
    """Largest sale by a card's number; 0: no number is taken."""

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)


def settings_from_json(text: str) -> TerminalSettings:
    """The settings as ``to_json`` wrote them."""
    fields = json.loads(text)
    limits = Limits(**fields.pop("limits"))
    return TerminalSettings(limits=limits, **fields)


def claim(draw: Callable[[], int], take: Callable[[int], Claimed]) -> Claimed:
    """Draw ids until one is free.

    Raises:
        Taken: none of MAX_DRAWS was.
    """
    for _ in range(MAX_DRAWS - 1):
        try:
            return take(draw())
        except Taken:
            continue
    return take(draw())


class Registration:
    """Sets merchants and terminals up and publishes their policies."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def add_merchant(self, merchant: str, name: str, scope: int | None, letters: str) -> Merchant:
        """A new merchant; ``scope`` None takes the merchant's own number as its scope.

        Raises:
            UsageError: the short name is taken or not of a-z 0-9 - only.
            DecodeError: an unknown currency.
        """
        if not merchant or not set(merchant) <= set("abcdefghijklmnopqrstuvwxyz0123456789-"):
            raise UsageError("a merchant's short name has only a-z, 0-9 and -")
        number = currency(letters).number

        def take(drawn: int) -> Merchant:
            found = Merchant(merchant, drawn, name, drawn if scope is None else scope, number)
            unit.registry.add_merchant(found)
            return found

        with self._office.store.unit() as unit:
            if unit.registry.merchant(merchant) is not None:
                raise UsageError(f"merchant {merchant} is there already")
            return claim(self._office.random_u32, take)

    def add_terminal(
        self,
        merchant: str,
        name: str,
        *,
        site: int = 0,
        settings: TerminalSettings | None = None,
        terminal: int | None = None,
    ) -> Terminal:
        """A new terminal with its first policy; ``terminal`` names an id that must be new.

        Raises:
            UsageError: no such merchant, or the id was given before.
        """
        text = (settings or TerminalSettings()).to_json()

        def take(drawn: int) -> Terminal:
            found = Terminal(drawn, merchant, name, site, text)
            unit.registry.add_terminal(found)
            return found

        with self._office.store.unit() as unit:
            if unit.registry.merchant(merchant) is None:
                raise UsageError(f"there is no merchant {merchant}")
            try:
                added = claim(self._office.random_u32, take) if terminal is None else take(terminal)
            except Taken as error:
                raise UsageError(str(error)) from error
            publish(self._office, unit, added)
            return _terminal(unit, added.terminal)

    def set_settings(self, terminal: int, settings: TerminalSettings) -> int:
        """Change a terminal's settings and publish them; the new policy version.

        Raises:
            UsageError: no such terminal.
        """
        with self._office.store.unit() as unit:
            found = _terminal(unit, terminal)
            return publish(self._office, unit, replace(found, settings=settings.to_json()))

    def publish_all(self) -> dict[int, int]:
        """Sign a new policy for every terminal: terminal to version."""
        with self._office.store.unit() as unit:
            return publish_all(self._office, unit)


def publish_all(office: Office, unit: Unit) -> dict[int, int]:
    """Sign a new policy for every terminal, within a unit."""
    return {one.terminal: publish(office, unit, one) for one in unit.registry.terminals()}


def publish(office: Office, unit: Unit, terminal: Terminal) -> int:
    """Sign the next policy of one terminal and keep it; the new version."""
    merchant = unit.registry.merchant(terminal.merchant)
    assert merchant is not None, "the store holds the reference"
    version = terminal.policy_version + 1
    try:
        policy = _policy(office, unit, terminal, merchant, version)
    except DecodeError as error:
        raise UsageError(f"this policy would not be valid: {error}") from error
    unit.registry.add_policy(terminal.terminal, version, sign_policy(policy, office.keys.root))
    unit.registry.update_terminal(replace(terminal, policy_version=version))
    return version


def _policy(
    office: Office, unit: Unit, terminal: Terminal, merchant: Merchant, version: int
) -> Policy:
    settings = settings_from_json(terminal.settings)
    now_unix_s = office.now()
    chosen = {
        CouponClass.HOLDER_BOUND: True,
        CouponClass.BEARER: settings.bearer_accepted,
        CouponClass.PERMIT: settings.permit_accepted,
    }
    return Policy(
        version=version,
        issued_at_unix_s=now_unix_s,
        not_before_unix_s=max(now_unix_s - BACKDATED_S, 0),
        merchant=merchant.number,
        site=terminal.site,
        terminal=terminal.terminal,
        name=merchant.name,
        currency=merchant.currency,
        scopes=(merchant.scope,),
        limits=settings.limits,
        issuers=(_issuer(office, merchant.scope),),
        host=HostKeys(
            office.keys.public("verdict"), office.keys.public("mirror"), office.mirror_name
        ),
        classes=frozenset(one for one, accepted in chosen.items() if accepted),
        static_accepted=settings.static_accepted,
        unattended=settings.unattended,
        keypad_enrolled=settings.keypad_enrolled,
        deny=frozenset(denial.subject for denial in unit.registry.denials()),
        payee_card=payee_card(office, terminal.terminal, merchant, now_unix_s),
        number_permits=_number_permits(unit, terminal.terminal, settings.number_cap_minor),
    )


def _number_permits(unit: Unit, terminal: int, cap_minor: int) -> NumberPermits | None:
    if not cap_minor:
        return None
    permits = [decode_permit(one.permit) for one in unit.registry.permits(terminal)]
    return NumberPermits(cap_minor, tuple(permits))


def _issuer(office: Office, scope: int) -> IssuerKey:
    """One number, one key, for ever: the window of issue is open until the key is retired."""
    return IssuerKey(
        issuer=office.keys.issuer_number,
        key=office.keys.public("issuer"),
        limit_cap_minor=ISSUER_LIMIT_CAP_MINOR,
        scopes=(scope,),
        issued_from_unix_s=0,
        issued_until_unix_s=FOREVER,
        verify_until_unix_s=FOREVER,
    )


def payee_card(office: Office, terminal: int, merchant: Merchant, now_unix_s: int) -> bytes:
    """The signed name that payers' screens may show for a terminal."""
    not_after = min(now_unix_s + PAYEE_CARD_S, FOREVER)
    card = PayeeCard(terminal, merchant.currency, merchant.scope, not_after, merchant.name)
    return sign_payee_card(card, office.keys.payee)


def _terminal(unit: Unit, terminal: int) -> Terminal:
    found = unit.registry.terminal(terminal)
    if found is None:
        raise UsageError(f"there is no terminal {terminal}")
    return found
