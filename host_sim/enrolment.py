"""The host's half of enrolment: a code for one terminal, and the one enrolment it is good for.

The code is eight digits, good for five tries, fifteen minutes and one use; it is never sent, the
terminal proves it over everything it asks for (docs/protocol/sync.md). The same request again gets
the same reply, so a lost reply strands nobody. Invariants: a terminal's device key is bound at its
first enrolment and never changes; every enrolment begins a new epoch with a new journal key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from host_sim.model import EnrolCode, JournalLine, Terminal
from host_sim.office import Office
from host_sim.refusal import Refusal, UsageError
from host_sim.registration import FOREVER
from host_sim.store.port import Unit
from terminal.crypto.keys import ED25519, PublicKey, parse_public_key
from terminal.crypto.merkle import Frontier
from terminal.errors import DecodeError, SignatureInvalid
from terminal.payment.keycert import KeyCert, KeyRole, sign_keycert, verify_keycert
from terminal.sync import enrolment_messages as enrolment
from terminal.sync.origin import Origin

CODE_DIGITS: Final = 8
CODE_TRIES: Final = 5
CODE_LIFETIME_S: Final = 15 * 60
CERT_LIFETIME_H: Final = 24 * 365 * 5


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """What the operator reads out or shows as a QR code."""

    text: str
    terminal: int
    digits: str
    expires_unix_s: int


class Enrolment:
    """Gives codes, and enrols the terminals that know them."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def code(self, terminal: int) -> IssuedCode:
        """A fresh code for a terminal; an older one ends.

        Raises:
            UsageError: no such terminal.
        """
        digits = _digits(self._office)
        expires = self._office.now() + CODE_LIFETIME_S
        with self._office.store.unit() as unit:
            if unit.registry.terminal(terminal) is None:
                raise UsageError(f"there is no terminal {terminal}")
            unit.registry.put_code(EnrolCode(terminal, digits, CODE_TRIES, expires))
        code = enrolment.EnrolCode(
            terminal, digits, enrolment.fingerprint(self._office.keys.root.public_key)
        )
        return IssuedCode(code.text, terminal, digits, expires)

    def open(self, body: bytes) -> bytes:
        """PATH_ENROL_OPEN: the root and the epoch to make a journal key for."""
        request = enrolment.decode_open_request(body)
        with self._office.store.unit() as unit:
            terminal, code = self._with_code(unit, request.terminal)
            _check_device(terminal, request.device_key)
            epoch = terminal.epoch if code.reply is not None else terminal.epoch + 1
        return enrolment.OpenReply(
            self._office.name, epoch, self._office.keys.root.public_key
        ).encode()

    def enrol(self, body: bytes) -> bytes:
        """PATH_ENROL: everything a terminal needs to sell."""
        request = enrolment.decode_enrol_request(body)
        with self._office.store.unit() as unit:
            terminal, code = self._with_code(unit, request.terminal)
            right = compare_digest(
                request.proof, request.prove(code.digits, self._office.keys.root.public_key)
            )
            if not right:
                unit.registry.put_code(replace(code, tries=code.tries - 1))
            elif code.reply is not None:
                return self._again(code, request)
            else:
                return self._enrol(unit, terminal, code, request)
        raise Refusal(403, "wrong_code", f"wrong code; {code.tries - 1} tries left")

    def _with_code(self, unit: Unit, number: int) -> tuple[Terminal, EnrolCode]:
        terminal, code = unit.registry.terminal(number), unit.registry.code(number)
        if terminal is None or code is None or self._office.now() > code.expires_unix_s:
            raise Refusal(403, "no_code", "no code is open for this terminal; ask for a new one")
        if code.tries <= 0:
            raise Refusal(403, "code_locked", "too many wrong tries; ask for a new code")
        return terminal, code

    def _again(self, code: EnrolCode, request: enrolment.EnrolRequest) -> bytes:
        asked = _asked(request, self._journal_key(request))
        if code.request != asked or code.reply is None:
            raise Refusal(403, "code_used", "this code was used by another request")
        return code.reply

    def _enrol(
        self,
        unit: Unit,
        terminal: Terminal,
        code: EnrolCode,
        request: enrolment.EnrolRequest,
    ) -> bytes:
        _check_device(terminal, request.device_key)
        if request.epoch != terminal.epoch + 1:
            raise Refusal(409, "wrong_epoch", f"the next epoch is {terminal.epoch + 1}")
        journal_key = self._journal_key(request)
        for epoch in range(1, terminal.epoch + 1):
            before = unit.custody.journal(terminal.terminal, epoch)
            if before is not None and before.key == journal_key:
                raise Refusal(409, "journal_key_used", f"this was the key of epoch {epoch}")
        reply = self._reply(unit, terminal, request).encode()
        unit.registry.update_terminal(
            replace(terminal, identity=request.device_key, epoch=request.epoch)
        )
        unit.registry.put_code(replace(code, request=_asked(request, journal_key), reply=reply))
        unit.custody.put_journal(
            JournalLine(terminal.terminal, request.epoch, journal_key, 0, Frontier().encode(), b"")
        )
        return reply

    def _journal_key(self, request: enrolment.EnrolRequest) -> bytes:
        """The journal key, certified by the device's own key for this terminal and epoch."""
        try:
            device = parse_public_key(request.device_key, "enrol.device_key")
            cert = verify_keycert(request.journal_cert, device, KeyRole.JOURNAL)
        except (DecodeError, SignatureInvalid) as error:
            raise Refusal(400, "journal_cert", str(error)) from error
        if (cert.subject, cert.issuer) != (request.terminal, request.epoch):
            raise Refusal(400, "journal_cert", "certifies another terminal or epoch")
        if cert.key.algorithm != ED25519:
            raise Refusal(400, "journal_cert", "a journal key is an Ed25519 key")
        return cert.key.data

    def _reply(
        self, unit: Unit, terminal: Terminal, request: enrolment.EnrolRequest
    ) -> enrolment.EnrolReply:
        policy = unit.registry.policy(terminal.terminal, terminal.policy_version)
        assert policy is not None, "a terminal is made with its first policy"
        keys, number = self._office.keys, terminal.terminal
        device = parse_public_key(request.device_key, "enrol.device_key")
        certs = (
            self._certify(KeyRole.DEVICE, number, device),
            self._certify(KeyRole.ISSUER, keys.issuer_number, keys.public("issuer")),
            self._certify(KeyRole.VERDICT, 0, keys.public("verdict")),
            self._certify(KeyRole.MIRROR, 0, keys.public("mirror")),
            self._certify(KeyRole.PAYEE, 0, keys.public("payee")),
        )
        origin = Origin(self._office.name, number, request.epoch)
        return enrolment.EnrolReply(str(origin), certs, policy)

    def _certify(self, role: KeyRole, subject: int, key: PublicKey) -> bytes:
        not_after = min(self._office.now() + 3600 * CERT_LIFETIME_H, FOREVER)
        lifetime_h = min(CERT_LIFETIME_H, not_after // 3600)
        cert = KeyCert(role, subject, 0, key, not_after, lifetime_h)
        return sign_keycert(cert, self._office.keys.root)


def _asked(request: enrolment.EnrolRequest, journal_key: bytes) -> bytes:
    """What makes a request the same one again: its keys and epoch, not when it was dated."""
    epoch = request.epoch.to_bytes(8, "big")
    return sha256(epoch + request.device_key + journal_key).digest()


def _check_device(terminal: Terminal, device_key: bytes) -> None:
    if terminal.identity not in (None, device_key):
        raise Refusal(
            403, "other_device", "this id belongs to another device; ids are never used again"
        )


def _digits(office: Office) -> str:
    """Eight digits without bias: draws of eight bytes, the uneven top left out."""
    limit = 2**64 - 2**64 % 10**CODE_DIGITS
    drawn = limit
    while drawn >= limit:
        drawn = int.from_bytes(office.random_bytes(8), "big")
    return f"{drawn % 10**CODE_DIGITS:0{CODE_DIGITS}d}"
