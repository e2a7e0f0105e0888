"""The pages themselves: a screen and the merchant's settings in, HTML out. Pure but for templates.

Every template sees three things: ``t`` (the words), ``screen`` (what the desk shows) and ``view``
(what a page adds). Text is escaped by default; only our own icons and QR codes are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from terminal.kiosk.forms import BadInput
from terminal.kiosk.keypad import add, decimals, is_typed, press, total_minor
from terminal.kiosk.qr import qr_svg
from terminal.kiosk.settings import KioskSettings
from terminal.kiosk.words import LANGUAGES, Words, words
from terminal.money import currency, format_amount
from terminal.sale.view import LineKind, Phase, SaleLine, Screen

MAX_LINES: Final = 200
"""Lines shown of a day; the rest is counted."""

_ROOM: Final = Path(__file__).parent
_TEMPLATES: Final = MappingProxyType(
    {
        Phase.IDLE: "sell.html",
        Phase.WAITING: "waiting.html",
        Phase.ACCEPTED: "accepted.html",
        Phase.DECLINED: "declined.html",
        Phase.STOPPED: "stopped.html",
    }
)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at the page: a language of ``LANGUAGES`` and the hand that types."""

    language: str
    hand: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why nothing was done, in words, with the language they are in."""

    text: str
    tag: str


@dataclass(frozen=True, slots=True)
class Question:
    """A confirmation before money goes back: key of its words, what it posts, where "no" leads."""

    key: str
    amount_minor: int
    index: int
    action: str
    fields: tuple[tuple[str, str], ...]
    back: str


class Pages:
    """Renders every page; holds the settings, nothing of the moment."""

    def __init__(self, settings: KioskSettings) -> None:
        self._settings = settings
        self._zone = ZoneInfo(settings.time_zone)

    def sell(
        self,
        screen: Screen,
        reader: Reader,
        query: Mapping[str, str],
        problem: Problem | None = None,
    ) -> str:
        """The page of the sale in hand, whatever its phase; unannounced sales come first."""
        found = bool(screen.unannounced) and screen.phase in (Phase.IDLE, Phase.ACCEPTED)
        template = "unannounced.html" if found else _TEMPLATES[screen.phase]
        typed = _typed(query, self._settings, screen.currency)
        t = words(reader.language)
        return self._render(
            template,
            screen,
            reader,
            problem,
            page="sell",
            look="found" if found else screen.phase.value,
            path="/",
            reload_s=2 if screen.phase is Phase.WAITING else 0,
            shows_unannounced=found,
            typed=typed,
            total=format_amount(total_minor(typed, screen.currency), screen.currency),
            favourites=self._settings.favourites,
            qr=Markup(qr_svg(screen.ask_text)) if screen.ask_text else "",  # noqa: S704 - our SVG
            advice=tuple(dict.fromkeys(t.advice(reason) for reason in screen.reasons)),
        )

    def today(self, screen: Screen, reader: Reader, lines: tuple[SaleLine, ...]) -> str:
        """The day's list and figures."""
        shown = lines[:MAX_LINES]
        hidden = len(lines) - len(shown)
        return self._render(
            "today.html",
            screen,
            reader,
            page="today",
            path="/today",
            lines=shown,
            hidden_lines=hidden,
        )

    def line(self, screen: Screen, reader: Reader, line: SaleLine) -> str:
        """One entry of today and what may be given back of it."""
        return self._render(
            "line.html", screen, reader, page="line", path=f"/line/{line.index}", line=line
        )

    def confirm(self, screen: Screen, reader: Reader, question: Question) -> str:
        """Asks before money goes back."""
        t = words(reader.language)
        amount = format_amount(question.amount_minor, screen.currency).replace(
            " ", "\N{NO-BREAK SPACE}"
        )
        return self._render(
            "confirm.html",
            screen,
            reader,
            page="confirm",
            path=question.back,
            question=t(f"confirm.{question.key}", amount=amount),
            explained=t(f"confirm.{question.key}_text", index=question.index),
            yes=t(f"confirm.yes_{question.key}"),
            action=question.action,
            fields=question.fields,
            back=question.back,
        )

    def settings(self, screen: Screen, reader: Reader) -> str:
        """The settings, shown only."""
        t = words(reader.language)
        contact = screen.last_host_contact_unix_s
        unknown = t("settings.unknown")
        facts = (
            ("settings.payee", screen.payee or unknown),
            ("settings.terminal", screen.terminal),
            ("settings.currency", currency(screen.currency).letters),
            (
                "settings.policy",
                unknown if screen.policy_version is None else screen.policy_version,
            ),
            ("settings.contact", t("status.never") if contact is None else self._moment(contact)),
            ("settings.language", words(self._settings.language).own_name),
            ("settings.payer_language", words(self._settings.payer_language).own_name),
            ("settings.cue", self._settings.cue),
            ("settings.faults", " · ".join(screen.faults) or t("settings.no_faults")),
        )
        return self._render(
            "settings.html", screen, reader, page="settings", path="/settings", facts=facts
        )

    def notice(self, screen: Screen, reader: Reader, problem: Problem, back: str = "/") -> str:
        """A page that only says what was not done, and leads back."""
        return self._render(
            "notice.html", screen, reader, problem, page="notice", path=back, back=back
        )

    def _render(
        self,
        template: str,
        screen: Screen,
        reader: Reader,
        problem: Problem | None = None,
        **view: object,
    ) -> str:
        unit = currency(screen.currency)
        next_language = LANGUAGES[(LANGUAGES.index(reader.language) + 1) % len(LANGUAGES)]
        facts: dict[str, object] = {
            "look": "page",
            "reload_s": 0,
            "shows_unannounced": False,
            "hand": reader.hand,
            "letters": unit.letters,
            "exponent": unit.exponent,
            "other": self._other(reader),
            "next_language": next_language,
            "next_name": words(next_language).own_name,
            "next_tag": words(next_language).tag,
            "money": lambda amount_minor: format_amount(amount_minor, screen.currency),
            "plain": lambda amount: format_amount(amount, screen.currency).partition(" ")[2],
            "signed": lambda line: format_amount(_signed_minor(line), screen.currency),
            "clock": lambda unix_s: self._local(unix_s).strftime("%H:%M"),
        }
        return (
            _templates()
            .get_template(template)
            .render(
                t=words(reader.language),
                screen=screen,
                problem=problem,
                view=SimpleNamespace(**(facts | view)),
                line=view.get("line"),
            )
        )

    def _other(self, reader: Reader) -> Words | None:
        """The payer's words where the page is in another language; else the seller's."""
        for language in (self._settings.payer_language, self._settings.language):
            if language != reader.language:
                return words(language)
        return None

    def _local(self, unix_s: int) -> datetime:
        return datetime.fromtimestamp(unix_s, UTC).astimezone(self._zone)

    def _moment(self, unix_s: int) -> str:
        return self._local(unix_s).strftime("%Y-%m-%d %H:%M")


@cache
def _templates() -> Environment:
    """The templates, compiled once for the process; nothing in them changes afterwards."""
    return Environment(
        loader=FileSystemLoader(_ROOM / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _signed_minor(line: SaleLine) -> int:
    return line.amount_minor if line.kind is LineKind.SALE else -line.amount_minor


def _typed(query: Mapping[str, str], settings: KioskSettings, currency_number: int) -> str:
    """What the keypad shows after this request: the way the page works without its script.

    Raises:
        BadInput: ``typed`` or ``add`` is not what the page sends.
    """
    typed = query.get("typed", "")
    if not is_typed(typed):
        raise BadInput("typed", "bad.amount", typed)
    exponent = decimals(currency_number)
    if "key" in query:
        return press(typed, query["key"], exponent)
    if "add" in query:
        number = query["add"]
        if not number.isdecimal() or int(number) >= len(settings.favourites):
            raise BadInput("add", "bad.form")
        return add(typed, settings.favourites[int(number)].amount_minor, exponent)
    return typed
