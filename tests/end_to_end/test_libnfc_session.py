"""A whole payment by a reader nobody here wrote: ``libnfc_session.c`` on libnfc, against our chip.

The program is built here, shares nothing with the Python sources, and runs the chip's own block
protocol where our driver runs its own. Needs ``gcc`` and ``libnfc-dev``; without them these tests
are skipped, and continuous integration counts that as a failure.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from host_sim.world.card import open_card
from host_sim.world.card_state import CardFile, CardState
from host_sim.world.pn532 import Pn532
from host_sim.world.pn532_pty import Pn532Line
from host_sim.world.rf_field import Mishap, PlannedMishap, RfField
from host_sim.world.tags import Type2Tag
from terminal.crypto.keys import SoftwareSigner, parse_public_key
from terminal.payment.ack import Ack, AckStatus, sign_ack, verify_ack
from terminal.payment.presentation import Full, decode_presentation, spend_digest
from terminal.payment.spend import verify_spend
from tests.cards import ISSUER, card_with_coupon, request_for, stored_card

SOURCE = Path(__file__).with_name("libnfc_session.c")
TERMINAL = SoftwareSigner("Ed25519", bytes(range(2, 34)))

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(
        shutil.which("gcc") is None or not Path("/usr/include/nfc/nfc.h").exists(),
        reason="no C compiler or libnfc's headers (apt-get install gcc libc6-dev libnfc-dev)",
    ),
]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reader, built."""
    built = tmp_path_factory.mktemp("libnfc") / "libnfc_session"
    strict = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1"]
    subprocess.run(["gcc", *strict, "-o", str(built), str(SOURCE), "-lnfc"], check=True)
    return built


@dataclass(frozen=True, slots=True)
class ForeignReader:
    """The program on one line."""

    program: Path
    line: Pn532Line

    def run(self, request: bytes, ack: bytes = b"") -> subprocess.CompletedProcess[str]:
        words = [str(self.program), f"pn532_uart:{self.line.path}", request.hex()]
        words += [ack.hex()] if ack else []
        return subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)

    def presentation(self, request: bytes, ack: bytes = b"") -> bytes:
        done = self.run(request, ack)
        assert done.returncode == 0, done.stderr
        return bytes.fromhex(done.stdout)


@pytest.fixture
def reader(program: Path, tmp_path: Path) -> Iterator[ForeignReader]:
    with Pn532Line(Pn532(RfField()), tmp_path / "reader") as line:
        yield ForeignReader(program, line)


def genuine(data: bytes, request: bytes, state: CardState) -> Full:
    """The presentation, if issuer and holder signed it for this request.

    Raises:
        SignatureInvalid: one of them did not.
    """
    presentation = decode_presentation(data)
    assert isinstance(presentation, Full)
    coupon = presentation.coupon
    coupon.verify(parse_public_key(ISSUER.public_key, "issuer"))
    own = SoftwareSigner(state.algorithm, state.secret).public_key
    holder = parse_public_key(own, "holder")
    assert coupon.fields.holder_key == holder
    verify_spend(
        presentation.spend,
        presentation.signature,
        holder_key=holder,
        request_bytes=request,
        slot=None,
        coupon_digest=coupon.digest,
    )
    return presentation


@pytest.mark.parametrize("algorithm", ["Ed25519", "P-256"])
def test_a_whole_session_gives_a_presentation_that_verifies_and_leaves_the_ack(
    reader: ForeignReader, tmp_path: Path, algorithm: str
) -> None:
    path = stored_card(tmp_path, card_with_coupon(algorithm))
    reader.line.place(open_card(path))
    request = request_for()
    first = reader.presentation(request)
    presentation = genuine(first, request, CardFile(path).read())
    assert presentation.spend.amount_minor == 1250
    assert CardFile(path).read().answers[-1].ack == b"", "not given yet"

    digest = spend_digest(presentation)
    ack = sign_ack(Ack(AckStatus.ACCEPTED, 41, bytes(32)), 1, digest, TERMINAL)
    assert reader.presentation(request, ack) == first, "the same request, the same answer"
    kept = CardFile(path).read()
    assert kept.next_minor == 1250, "paid once"
    key = parse_public_key(TERMINAL.public_key, "terminal")
    assert verify_ack(kept.answers[-1].ack, key, 1, digest).index == 41


def test_an_ack_longer_than_a_command_goes_in_a_chain(
    reader: ForeignReader, tmp_path: Path
) -> None:
    path, ack = stored_card(tmp_path), bytes(range(256)) * 4
    reader.line.place(open_card(path))
    reader.presentation(request_for(), ack)
    assert CardFile(path).read().answers[-1].ack == ack


@pytest.mark.parametrize(
    ("fault", "words"),
    [("tag", "not a Type 4A card"), ("poor", "command 50: status 9C02"), ("none", "no card")],
)
def test_a_card_that_cannot_pay_ends_the_session_with_its_reason(
    reader: ForeignReader, tmp_path: Path, fault: str, words: str
) -> None:
    if fault == "tag":
        reader.line.place(Type2Tag(bytes.fromhex("04A1B2C3D4E580")))
    if fault == "poor":
        reader.line.place(open_card(stored_card(tmp_path, card_with_coupon(limit_minor=100))))
    done = reader.run(request_for())
    assert (done.returncode, done.stderr.strip(), done.stdout) == (1, words, "")


def test_a_card_torn_from_it_after_signing_pays_once(reader: ForeignReader, tmp_path: Path) -> None:
    path = stored_card(tmp_path)
    reader.line.chip.field.planned.append(PlannedMishap(Mishap.TORN_AFTER, 3))
    reader.line.place(open_card(path))
    assert reader.run(request_for()).returncode == 1
    signed = CardFile(path).read()
    assert (signed.next_minor, len(signed.answers)) == (1250, 1)
    for card in reader.line.chip.field.cards:
        reader.line.remove(card)
    reader.line.place(open_card(path))
    genuine(reader.presentation(request_for()), request_for(), signed)
    assert CardFile(path).read().next_minor == 1250
