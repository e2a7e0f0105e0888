"""A simulated card before PC/SC: a client of vpcd, the virtual reader driver of ``pcscd``.

vpcd (Debian's ``vsmartcard-vpcd``) listens on a TCP port for the one card in its slot; being
connected is lying on the reader. Each message is two bytes of length, big-endian, and that many
bytes. A message of one byte is the reader's: 0 power off, 1 power on, 2 reset, 4 the answer to
reset, please, which alone of these is answered. Every other message is a command APDU.

A contactless reader answers the pseudo-APDU ``FF CA 00 00 00`` (PC/SC part 3, 3.2.2.1.3) with the
card's identifier itself; vpcd hands it to the card, so it is answered here.
"""

from __future__ import annotations

import argparse
import socket
import sys
import threading
from contextlib import suppress
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from host_sim.world.card_application import KumquatApplication
from host_sim.world.card_state import CardFile
from host_sim.world.isodep_card import CardApplication
from host_sim.world.tags import READ, Type2Tag
from terminal.errors import KumquatError

POWER_OFF: Final = 0
POWER_ON: Final = 1
RESET: Final = 2
GET_ATR: Final = 4
GET_IDENTIFIER: Final = bytes.fromhex("FFCA000000")
READ_PAGES: Final = bytes.fromhex("FFB000")
ISO_DEP_ATR: Final = bytes.fromhex("3B80800101")
"""A Type 4A card without historical bytes, as PC/SC shows it (part 3, 3.1.3.2.3.1)."""
CONTACT_ATR: Final = bytes.fromhex("3B00")
"""A card with contacts."""
CONNECT_TIMEOUT_S: Final = 5.0


def storage_atr(name: int) -> bytes:
    """A card without ISO-DEP by its PC/SC name (part 3, 3.1.3.2.3.2): 1 Classic 1K, 3 Ultralight.

    Length 15 of historical bytes, the registered provider of PC/SC, standard 3 (14443-3 A).
    """
    body = bytes.fromhex("8F8001804F0CA000000306") + b"\x03" + name.to_bytes(2, "big") + bytes(4)
    check = 0
    for byte in body:
        check ^= byte
    return b"\x3b" + body + bytes((check,))


class Tear(Enum):
    """When a card leaves in the middle of a session."""

    BEFORE = "before it heard the command"
    AFTER = "after it obeyed, before its answer was heard"
    MUTE = "it stays and never answers"


class NoApplication:
    """What runs on a card that runs nothing: ``6E00`` to whatever it is asked."""

    def power_off(self) -> None:
        """It has nothing to forget."""

    def process(self, command: bytes) -> bytes:  # noqa: ARG002 - whatever it is
        """Unknown class."""
        return b"\x6e\x00"


class TagBehindReader:
    """A Type 2 tag as a PC/SC reader shows it: READ BINARY ``FF B0 00 page 10`` is its READ."""

    def __init__(self, tag: Type2Tag) -> None:
        self._tag = tag

    def power_off(self) -> None:
        """It keeps no state without power."""

    def process(self, command: bytes) -> bytes:
        """Four pages, or that it cannot be."""
        if len(command) != 5 or command[:3] != READ_PAGES or command[4] != 16:
            return b"\x6e\x00"
        data = self._tag.hear(bytes((READ, command[3])))
        return b"\x6a\x82" if data is None else data + b"\x90\x00"


class VpcdCard:
    """One card, lying on the reader from ``place`` to ``remove``; a context manager that places it.

    ``tear`` happens once, at the ``tear_at``-th APDU from now (1 is the next), identifiers aside.

    Raises:
        OSError: from ``place``, nobody listens on the port.
    """

    def __init__(
        self,
        application: CardApplication,
        uid: bytes,
        port: int,
        *,
        atr: bytes = ISO_DEP_ATR,
    ) -> None:
        self._application = application
        self._uid, self._port, self._atr = uid, port, atr
        self._line: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._tear: Tear | None = None
        self._tear_at = 0
        self.commands: list[bytes] = []

    def tear(self, tear: Tear, tear_at: int = 1) -> None:
        """Plan one mishap."""
        self._tear, self._tear_at = tear, tear_at

    def place(self) -> None:
        """Lay the card on the reader; pcscd looks for it every 400 ms."""
        self.remove()
        line = socket.create_connection(("127.0.0.1", self._port), CONNECT_TIMEOUT_S)
        line.settimeout(None)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._line = line
        self._thread = threading.Thread(target=self._serve, args=(line,), name="vpcd", daemon=True)
        self._thread.start()

    def remove(self) -> None:
        """Take it away; nothing happens if it is not there."""
        line, self._line = self._line, None
        thread, self._thread = self._thread, None
        if line is not None:
            with suppress(OSError):  # the reader may be gone
                line.shutdown(socket.SHUT_RDWR)
        if thread is not None:
            thread.join(timeout=CONNECT_TIMEOUT_S)

    def __enter__(self) -> Self:
        self.place()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def _serve(self, line: socket.socket) -> None:
        with line, suppress(OSError):  # the reader may go away in the middle of anything
            while (message := _message(line)) is not None:
                answer = self._hear(message)
                if answer is None:
                    break
                if answer:
                    line.sendall(len(answer).to_bytes(2, "big") + answer)
        self._application.power_off()

    def _hear(self, message: bytes) -> bytes | None:
        """What to say, nothing, or None: the card is gone."""
        if len(message) == 1:
            if message[0] in (POWER_OFF, POWER_ON, RESET):
                self._application.power_off()
            return self._atr if message[0] == GET_ATR else b""
        if message == GET_IDENTIFIER:
            return self._uid + b"\x90\x00" if self._uid else b"\x6a\x81"
        self.commands.append(message)
        tear = self._due()
        if tear is Tear.BEFORE:
            return None
        if tear is Tear.MUTE:
            return b""
        answer = self._application.process(message)
        return None if tear is Tear.AFTER else answer

    def _due(self) -> Tear | None:
        self._tear_at -= 1
        if self._tear is None or self._tear_at > 0:
            return None
        tear, self._tear = self._tear, None
        return tear


def open_vpcd_card(path: Path, port: int) -> VpcdCard:
    """The card in a file, to be placed on the reader behind ``port``.

    Raises:
        DecodeError: the file holds no card.
        OSError: it cannot be read.
    """
    file = CardFile(path)
    return VpcdCard(KumquatApplication(file), file.read().uid, port)


def _message(line: socket.socket) -> bytes | None:
    """The next message; None: the reader is gone."""
    head = _exactly(line, 2)
    return _exactly(line, int.from_bytes(head, "big")) if head is not None else None


def _exactly(line: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        # vpcd writes length and bytes apart, and waits 40 ms for each acknowledgement that the
        # kernel holds back; the option wears off with every receive
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = line.recv(size - len(data))
        if not part:
            return None
        data += part
    return data


def main(words: list[str] | None = None) -> int:
    """Lay the card in FILE on a virtual reader until end of input; 0, or what was wrong."""
    parser = argparse.ArgumentParser(prog="python -m host_sim.world.vpcd_card", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--port", type=int, default=0x8C7B, help="vpcd's, 35963 as installed")
    arguments = parser.parse_args(words)
    try:
        with open_vpcd_card(arguments.file, arguments.port):
            print("placed; end of input removes it", flush=True)
            sys.stdin.read()
    except (KumquatError, OSError) as error:
        print(error, file=sys.stderr)
        return getattr(error, "exit_code", 66)
    return 0


if __name__ == "__main__":
    sys.exit(main())
