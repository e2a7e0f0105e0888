"""A ``ReaderDriver`` over PC/SC, for readers that a system service drives (CCID: ACR122U and many).

The reader's own firmware runs the block protocol here, and the service tells of cards; what is left
is to name the reader, to keep a tap's deadline although PC/SC calls have none, and to say what went
wrong. Type 2 tags are read as well (``TagDriver``). A path is ``pcsc`` for the only reader, or
``pcsc:PART`` of a name.

Limits: one card is seen at a time, so a second one cannot be refused; pcscd asks some readers for
cards no more than every 400 ms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, TypeVar

from terminal.devices.call_thread import CallThread, Overdue
from terminal.devices.pcsc_service import Code, PcscFault, PcscService, ScardService, SlotStatus
from terminal.errors import ConfigError
from terminal.nfc.atr import card_found, is_contactless
from terminal.nfc.errors import CardLost, ReaderGlitch, ReaderLost
from terminal.nfc.reader import CardFound, Sensed

SERVICE_TIMEOUT_S: Final = 2.0
"""What the service may take for anything but a card's own command: powering a card is the most."""
GET_IDENTIFIER: Final = bytes.fromhex("FFCA000000")
"""Answered by the reader (PC/SC part 3, 3.2.2.1.3)."""
_READ_PAGES: Final = bytes.fromhex("FFB000")
_PAGES_SIZE: Final = 16
READ_TRIES: Final = 2
"""As through nfcpy: a tag at the edge of the field is often heard the second time."""
PARTING_S: Final = 0.05
"""For a thread that has let go of everything and only has to end."""
DONE: Final = b"\x90\x00"
CHECK_READER: Final = "check its cable"
START_SERVICE: Final = "start it: systemctl start pcscd.socket"
RESTART: Final = "restart it: systemctl restart pcscd"
_PATH: Final = re.compile(r"pcsc(?::([ -~]{1,100}))?")
_CARD_GONE: Final = frozenset(
    (
        Code.NO_SMARTCARD,
        Code.NOT_TRANSACTED,
        Code.UNSUPPORTED_CARD,
        Code.UNRESPONSIVE_CARD,
        Code.UNPOWERED_CARD,
        Code.RESET_CARD,
        Code.REMOVED_CARD,
        Code.PROTOCOL_MISMATCH,
        Code.TIMEOUT,
    )
)
_LOST: Final = {
    Code.NO_SERVICE: ("the PC/SC service does not run", START_SERVICE),
    Code.SERVICE_STOPPED: ("the PC/SC service stopped", START_SERVICE),
    Code.COMMUNICATION: ("the PC/SC service stopped", START_SERVICE),
    Code.INVALID_HANDLE: ("the PC/SC service stopped", START_SERVICE),
    Code.NO_READERS: ("no reader found", CHECK_READER),
    Code.UNKNOWN_READER: ("unplugged", CHECK_READER),
    Code.READER_UNAVAILABLE: ("unplugged", CHECK_READER),
    Code.NOT_ALLOWED: (
        "the PC/SC service refuses this user",
        "allow org.debian.pcsc-lite.access_pcsc and access_card in a polkit rule",
    ),
}

T = TypeVar("T")


class PcscReader:
    """One reader through PC/SC. ``service`` opens the service; one of ours in tests.

    Raises:
        ConfigError: from the constructor, when the path cannot name a reader.
    """

    def __init__(
        self,
        path: str,
        *,
        service: Callable[[], PcscService] | None = None,
        service_timeout_s: float = SERVICE_TIMEOUT_S,
    ) -> None:
        match = _PATH.fullmatch(path)
        if match is None:
            raise ConfigError("reader.path", f"{path!r} is not like pcsc or pcsc:ACR122")
        self._path, self._part = path, match[1] or ""
        self._open_service = service or (lambda: ScardService(path))
        self._timeout_s = service_timeout_s
        self._thread: CallThread | None = None
        self._leaving: CallThread | None = None
        self._clients: list[PcscService] = []  # one while open
        self._name = ""
        self._connected = False
        self._seen: tuple[int, CardFound] | None = None

    def open(self) -> str:
        """Find the reader and name it; one already open is closed first."""
        self.close()
        if self._leaving is not None and not self._leaving.ended(PARTING_S):
            raise self._held()
        self._thread = CallThread("pcsc")
        opened = self._clients = []
        try:
            with self._faults():
                self._thread.call(lambda: opened.append(self._open_service()), self._timeout_s)
            self._name = self._choose(self._ask(lambda service: service.readers()))
        except BaseException:
            self.close()
            raise
        return f"{self._name} through PC/SC"

    def sense(self) -> Sensed:
        """Ask the service once; a card that was there before is not disturbed."""
        status = self._ask(lambda service: service.status(self._name))
        if not status.attached:
            raise ReaderLost(self._path, "unplugged", CHECK_READER)
        if not status.present:
            self._seen = None
            return None
        if self._seen is None or self._seen[0] != status.changes:
            try:
                self._seen = (status.changes, self._meet(status))
            except CardLost:
                return None
        return self._seen[1]

    def activate(self, timeout_ms: int) -> None:
        """Power the card, unless looking at it has done so."""
        if not self._connected:
            self._connect(timeout_ms / 1000)

    def exchange(self, command_apdu: bytes, timeout_ms: int) -> bytes:
        """One APDU each way. A call given up here holds the reader until its driver ends it."""
        answer = self._ask_card(lambda service: service.transmit(command_apdu), timeout_ms / 1000)
        if len(answer) < len(DONE):  # how vpcd says that the card left
            self._disconnect(reset=False)
            raise CardLost("no answer")
        return answer

    def select_tag(self) -> None:
        """The reader has selected the tag; connect to it."""
        self.activate(int(1000 * self._timeout_s))

    def read_pages(self, page: int, timeout_ms: int) -> bytes:
        """READ BINARY of the reader's own (PC/SC part 3, 3.2.2.1.8), once more where it failed."""
        command = _READ_PAGES + bytes((page, _PAGES_SIZE))
        answer = b""
        for _ in range(READ_TRIES):
            answer = self.exchange(command, timeout_ms)
            if answer[-2:] == DONE:
                return answer[:-2]
        raise CardLost(f"the reader does not read it ({answer[-2:].hex().upper()})")

    def release(self) -> None:
        """Reset the card."""
        self._disconnect(reset=True)

    def close(self) -> None:
        """Let go of card, reader and service, at the latest when a call under way comes back."""
        clients, self._clients = self._clients, []
        thread, self._thread = self._thread, None
        self._connected, self._seen = False, None
        if thread is not None:
            wait_s = 0.0 if thread.busy else self._timeout_s
            thread.end(lambda: _let_go(clients), wait_s)
            self._leaving = thread

    def _choose(self, names: tuple[str, ...]) -> str:
        fitting = [name for name in names if self._part.casefold() in name.casefold()]
        if len(fitting) == 1:
            return fitting[0]
        if not fitting:
            there = f"no such reader (there: {', '.join(names)})" if names else "no reader found"
            raise ReaderLost(self._path, there, CHECK_READER)
        problem = f"{len(fitting)} readers have such a name ({', '.join(fitting)})"
        raise ReaderLost(self._path, problem, f"name one of them, such as pcsc:{fitting[0]}")

    def _meet(self, status: SlotStatus) -> CardFound:
        """A card that came: its kind, and its identifier if the reader knows it."""
        if not is_contactless(status.atr):
            return card_found(status.atr, b"")
        if not self._connected:
            self._connect(self._timeout_s)
        get = lambda service: service.transmit(GET_IDENTIFIER)  # noqa: E731 - a name for it
        answer: bytes = self._ask_card(get, self._timeout_s)
        return card_found(status.atr, answer[:-2] if answer[-2:] == DONE else b"")

    def _connect(self, timeout_s: float) -> None:
        self._ask_card(lambda service: service.connect(self._name), timeout_s)
        self._connected = True

    def _ask(self, work: Callable[[PcscService], T]) -> T:
        """Something that only the service is needed for."""
        with self._faults():
            return self._call(work, self._timeout_s)

    def _ask_card(self, work: Callable[[PcscService], T], timeout_s: float) -> T:
        """Something that the card takes part in; one that is lost is let go of at once."""
        with self._faults():
            try:
                return self._call(work, timeout_s)
            except Overdue as late:
                self._connected, self._seen = False, None
                raise CardLost("the card was too slow") from late
            except PcscFault as fault:
                if fault.code not in _CARD_GONE:
                    raise
                self._disconnect(reset=False)
                raise CardLost(f"it was taken away ({_name(fault.code)})") from fault

    def _disconnect(self, *, reset: bool) -> None:
        """Let go of the card, gone or not. One that was lost is looked at anew."""
        connected, self._connected = self._connected, False
        if not reset:
            self._seen = None
        if connected:
            with self._faults(), suppress(PcscFault):  # whatever is wrong, the next call meets it
                self._call(lambda service: service.disconnect(reset=reset), self._timeout_s)

    def _call(self, work: Callable[[PcscService], T], timeout_s: float) -> T:
        thread, clients = self._thread, self._clients
        if thread is None or not clients:
            raise ReaderLost(self._path, "not open", CHECK_READER)
        if thread.busy:
            raise self._held()
        return thread.call(lambda: work(clients[0]), timeout_s)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """What the service says becomes our errors."""
        try:
            yield
        except Overdue as late:
            raise ReaderLost(self._path, "the PC/SC service is silent", RESTART) from late
        except PcscFault as fault:
            if fault.code in _LOST:
                raise ReaderLost(self._path, *_LOST[Code(fault.code)]) from fault
            problem, remedy = f"PC/SC error {_name(fault.code)}", CHECK_READER
            if fault.code == Code.SHARING_VIOLATION:
                problem, remedy = "another program uses the card", "end that program"
            raise ReaderGlitch(self._path, problem, remedy) from fault

    def _held(self) -> ReaderLost:
        return ReaderLost(self._path, "still waits for its last card", "take all cards away")


def _let_go(clients: list[PcscService]) -> None:
    """Also of a client that came up only after its opening was given up."""
    for client in clients:
        with suppress(PcscFault):  # the service is gone, and with it everything that we held
            client.close()


def _name(code: int) -> str:
    return Code(code).name if code in set(Code) else f"{code:08X}"
