"""The seller's page as a Starlette application: every route, and what each may answer.

All calls to the desk happen on the event loop's one thread. A POST that was done answers 303 to
where its result shows; one that was not shows why on a page (400 bad input, 409 the desk refuses,
503 the terminal failed), never a traceback.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from terminal.errors import KumquatError
from terminal.kiosk import forms
from terminal.kiosk.guard import Guard
from terminal.kiosk.live import Live
from terminal.kiosk.pages import Pages, Problem, Question, Reader
from terminal.kiosk.settings import HANDS, KioskSettings
from terminal.kiosk.words import LANGUAGES, words
from terminal.sale.view import Desk, DeskRefused, LineKind, SaleLine

COOKIE_DAYS: Final = 400
_STATIC: Final = Path(__file__).parent / "static"
_GIVES_BACK: Final = frozenset({"/refund", "/void"})
_BACKS: Final = frozenset({"/", "/today", "/settings"})

Fields = dict[str, str]
Act = Callable[[Fields], str | None]
"""Does what a form asks; gives where its result shows, or None for the sale's page."""


def create_app(desk: Desk, settings: KioskSettings) -> Starlette:
    """The page over one desk. Serve it with ``terminal.kiosk.server.KioskServer``."""
    kiosk = Kiosk(desk, settings)
    app = Starlette(
        routes=kiosk.routes(),
        middleware=[
            Middleware(Guard, allowed_hosts=settings.allowed_hosts, language=settings.language)
        ],
        exception_handlers={HTTPException: kiosk.no_page, KumquatError: kiosk.failed},
    )
    app.state.live = kiosk.live
    return app


def live_of(app: Starlette) -> Live:
    """The live streams of an app made by ``create_app``."""
    live = app.state.live
    assert isinstance(live, Live), "made by create_app"
    return live


class Kiosk:
    """The handlers; ``routes`` is the whole surface."""

    def __init__(self, desk: Desk, settings: KioskSettings) -> None:
        self._desk = desk
        self._settings = settings
        self._pages = Pages(settings)
        self.live = Live(desk)

    def routes(self) -> list[Route | Mount]:
        """Every address, GET first; what changes anything is POST."""
        return [
            Route("/", self.sell),
            Route("/today", self.today),
            Route("/line/{index:int}", self.line),
            Route("/line/{index:int}/refund", self.ask_refund),
            Route("/line/{index:int}/void", self.ask_void),
            Route("/undo", self.ask_undo, methods=["GET"]),
            Route("/settings", self.settings),
            Route("/live", self.events),
            Mount("/static", StaticFiles(directory=_STATIC)),
            *(Route(path, self._post(act), methods=["POST"]) for path, act in self._acts().items()),
            Route("/language", self.language, methods=["POST"]),
            Route("/hand", self.hand, methods=["POST"]),
        ]

    def _acts(self) -> dict[str, Act]:
        desk = self._desk
        return {
            "/charge": lambda fields: desk.charge(
                forms.typed_amount(fields, desk.screen().currency)
            ),
            "/cancel": lambda _: desk.cancel(),
            "/done": lambda _: desk.done(),
            "/confirm": lambda _: desk.confirm_payer(),
            "/repeat": lambda _: desk.repeat_last(),
            "/replay": lambda _: desk.replay(),
            "/undo": lambda _: desk.undo(),
            "/acknowledge": lambda fields: desk.acknowledge(forms.entry_index(fields)),
            "/scan": lambda fields: desk.scan(forms.scanned_line(fields)),
            "/refund": self._refund,
            "/void": self._void,
        }

    def _refund(self, fields: Fields) -> str:
        amount_minor = forms.refund_amount(fields, self._desk.screen().currency)
        self._desk.refund(forms.entry_index(fields), amount_minor)
        return "/today"

    def _void(self, fields: Fields) -> str:
        self._desk.void(forms.entry_index(fields))
        return "/today"

    def _post(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            try:
                fields = await forms.read_form(request)
                return RedirectResponse(act(fields) or "/", 303)
            except DeskRefused as refusal:
                t = words(self.reader(request).language)
                return self._told(request, Problem(*t.refusal(str(refusal))), 409)

        return handle

    async def sell(self, request: Request) -> Response:
        """The sale in hand."""
        screen, reader = self._desk.screen(), self.reader(request)
        return HTMLResponse(self._pages.sell(screen, reader, request.query_params))

    async def today(self, request: Request) -> Response:
        """The day's list."""
        page = self._pages.today(self._desk.screen(), self.reader(request), self._desk.today())
        return HTMLResponse(page)

    async def line(self, request: Request) -> Response:
        """One entry."""
        line = self._line(request)
        return HTMLResponse(self._pages.line(self._desk.screen(), self.reader(request), line))

    async def ask_refund(self, request: Request) -> Response:
        """Asks before a refund."""
        line = self._line(request)
        amount_minor = forms.refund_amount(dict(request.query_params), self._desk.screen().currency)
        text = request.query_params["amount"].strip()
        fields = (("index", str(line.index)), ("amount", text))
        back = f"/line/{line.index}"
        question = Question("refund", amount_minor, line.index, "/refund", fields, back)
        return self._asked(request, question)

    async def ask_void(self, request: Request) -> Response:
        """Asks before a void."""
        line = self._line(request)
        fields = (("index", str(line.index)),)
        back = f"/line/{line.index}"
        question = Question("void", line.amount_minor, line.index, "/void", fields, back)
        return self._asked(request, question)

    async def ask_undo(self, request: Request) -> Response:
        """Asks before the last sale is undone."""
        sales = (line for line in self._desk.today() if line.kind is LineKind.SALE)
        last = next(sales, None)
        if last is None:
            t = words(self.reader(request).language)
            return self._told(request, Problem(t("undo.nothing"), t.tag), 409)
        question = Question("undo", last.amount_minor, last.index, "/undo", (), "/")
        return self._asked(request, question)

    async def settings(self, request: Request) -> Response:
        """The settings, shown only."""
        return HTMLResponse(self._pages.settings(self._desk.screen(), self.reader(request)))

    async def events(self, request: Request) -> Response:
        """The live stream."""
        if self.live.is_full:
            return PlainTextResponse(words(self.reader(request).language)("bad.busy"), 503)
        return self.live.response()

    async def language(self, request: Request) -> Response:
        """Another language, kept in a cookie of this browser."""
        return await self._choose(request, "language", LANGUAGES)

    async def hand(self, request: Request) -> Response:
        """The hand that types, kept in a cookie of this browser."""
        return await self._choose(request, "hand", HANDS)

    async def no_page(self, request: Request, error: Exception) -> Response:
        """An address or method that does not exist."""
        t = words(self.reader(request).language)
        status = error.status_code if isinstance(error, HTTPException) else 404
        return self._told(request, Problem(t("bad.missing_page"), t.tag), status)

    async def failed(self, request: Request, error: Exception) -> Response:
        """Bad input (ours to word) or a failure of the terminal (its own words)."""
        t = words(self.reader(request).language)
        if isinstance(error, forms.BadInput):
            return self._told(
                request, Problem(t(error.key, text=error.text, index=error.text), t.tag), 400
            )
        failed = t("bad.failed")
        return self._told(request, Problem(f"{failed} {error}", t.tag), 503)

    def reader(self, request: Request) -> Reader:
        """Language and hand from this browser's cookies, else from the settings."""
        language = request.cookies.get("language", "")
        hand = request.cookies.get("hand", "")
        return Reader(
            language if language in LANGUAGES else self._settings.language,
            hand if hand in HANDS else self._settings.hand,
        )

    def _line(self, request: Request) -> SaleLine:
        index = request.path_params["index"]
        for line in self._desk.today():
            if line.index == index:
                return line
        raise forms.BadInput("index", "line.missing", str(index))

    def _asked(self, request: Request, question: Question) -> Response:
        page = self._pages.confirm(self._desk.screen(), self.reader(request), question)
        return HTMLResponse(page)

    def _told(self, request: Request, problem: Problem, status: int) -> Response:
        """The problem above the sale in hand, or on its own where another page was left."""
        screen, reader = self._desk.screen(), self.reader(request)
        if request.method == "POST" and request.url.path not in _GIVES_BACK:
            return HTMLResponse(self._pages.sell(screen, reader, {}, problem), status)
        return HTMLResponse(self._pages.notice(screen, reader, problem), status)

    async def _choose(self, request: Request, name: str, allowed: tuple[str, ...]) -> Response:
        fields = await forms.read_form(request)
        value = fields.get(name, "")
        if value not in allowed:
            raise forms.BadInput(name, "bad.form")
        back = fields.get("back", "/")
        answer = RedirectResponse(back if back in _BACKS else "/", 303)
        answer.set_cookie(
            name, value, max_age=COOKIE_DAYS * 86_400, httponly=True, samesite="strict"
        )
        return answer
