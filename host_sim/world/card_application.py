"""The Kumquat card application (docs/protocol/card.md): the reference for an applet or a phone.

Invariant: an answer is stored durably before its signature is released, and the same request gets
the same bytes ever after. The balance pointer only moves forward.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from host_sim.world.card_state import PIN_TRIES, CardState, KeptAnswer
from terminal.crypto.keys import SoftwareSigner
from terminal.errors import DecodeError
from terminal.nfc.apdu import MAX_CHAINED_DATA, Command, Response, decode_command
from terminal.nfc.application import (
    AID,
    CLA_KUMQUAT,
    CLA_STANDARD,
    TAG_PAYEE_CARD,
    TAG_REQUEST,
    VERSION,
    Ability,
    Form,
    Greeting,
    Instruction,
    Item,
    Status,
)
from terminal.nfc.tlv import decode_tlvs, encode_tlv
from terminal.payment.coupon import Coupon, decode_coupon
from terminal.payment.presentation import Alone, Full
from terminal.payment.request import Ask, Request, decode_request
from terminal.payment.spend import Spend, mode_of, sign_spend

CLA_CHAINED: Final = CLA_KUMQUAT | 0x10


class Refusal(Exception):
    """The status word to answer with."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


class CardMemory(Protocol):
    """Durable memory; ``host_sim.world.card_state.CardFile`` is one."""

    def read(self) -> CardState: ...

    def store(self, state: CardState) -> None:
        """Durable when this returns."""


class KumquatApplication:
    """One card's application. ``told`` hears what happened, for whoever watches the world."""

    def __init__(
        self, memory: CardMemory, told: Callable[[str, dict[str, object]], None] | None = None
    ) -> None:
        self._memory = memory
        self._told = told or (lambda _name, _facts: None)
        self._parsed: Coupon | None = None
        self._parsed_from = b""
        self.power_off()

    def power_off(self) -> None:
        """The session ends: selection, PIN, a chain begun, whose ack is due."""
        self._selected = False
        self._verified = False
        self._chain = b""
        self._link: Command | None = None
        self._answered: bytes | None = None

    def process(self, command: bytes) -> bytes:
        """A command APDU to its response APDU; never raises."""
        try:
            decoded = decode_command(command)
        except DecodeError:
            return Response(b"", Status.WRONG_LENGTH).encode()
        try:
            return Response(self._obey(decoded), Status.OK).encode()
        except Refusal as refusal:
            return Response(b"", refusal.status).encode()
        except (DecodeError, OSError):  # the card's own memory
            return Response(b"", Status.FAULT).encode()

    def _obey(self, command: Command) -> bytes:
        if command.cla == CLA_STANDARD and command.ins == Instruction.SELECT:
            return self._select(command)
        if not self._selected:
            raise Refusal(Status.OUT_OF_ORDER)
        if command.cla == CLA_STANDARD and command.ins == Instruction.VERIFY:
            return self._verify(command)
        if command.cla not in (CLA_KUMQUAT, CLA_CHAINED):
            raise Refusal(Status.UNKNOWN_CLASS)
        whole = self._gather(command)
        if whole is None:
            return b""
        if command.ins == Instruction.PRESENT:
            return self._present(command, whole)
        if command.ins == Instruction.ACKNOWLEDGE:
            return self._acknowledge(whole)
        if command.ins == Instruction.GET_DATA:
            return self._get_data(command)
        raise Refusal(Status.UNKNOWN_INSTRUCTION)

    def _select(self, command: Command) -> bytes:
        self.power_off()
        if (command.p1, command.p2) != (0x04, 0x00):
            raise Refusal(Status.WRONG_PARAMETERS)
        if command.data != AID:
            raise Refusal(Status.NOT_FOUND)
        self._selected = True
        state = self._memory.read()
        abilities = Ability.SPEND_ALONE | (Ability.PIN if state.pin else Ability(0))
        reference = self._reference(state) if state.coupon else b""
        return Greeting(VERSION, abilities, reference).encode()

    def _reference(self, state: CardState) -> bytes:
        name = self._coupon(state).id
        return name.issuer.to_bytes(2, "big") + name.serial.to_bytes(4, "big")

    def _coupon(self, state: CardState) -> Coupon:
        """The coupon on the card, taken apart once, as a chip would keep it."""
        if self._parsed is None or self._parsed_from != state.coupon:
            self._parsed, self._parsed_from = decode_coupon(state.coupon), state.coupon
        return self._parsed

    def _gather(self, command: Command) -> bytes | None:
        """The data of the whole chain, None while links are missing; strangers break a chain."""
        held, self._chain = self._chain, b""
        link, self._link = self._link, None
        if link is not None and (link.ins, link.p1, link.p2) != (
            command.ins,
            command.p1,
            command.p2,
        ):
            raise Refusal(Status.OUT_OF_ORDER)
        whole = held + command.data
        if len(whole) > MAX_CHAINED_DATA:
            raise Refusal(Status.WRONG_LENGTH)
        if not command.more_follows:
            return whole
        self._chain, self._link = whole, command
        return None

    # --- VERIFY -------------------------------------------------------------------------------

    def _verify(self, command: Command) -> bytes:
        state = self._memory.read()
        if (command.p1, command.p2) != (0x00, 0x80):
            raise Refusal(Status.WRONG_PARAMETERS)
        if not state.pin:
            raise Refusal(Status.NO_DATA)
        if state.pin_tries == 0:
            raise Refusal(Status.PIN_BLOCKED)
        self._memory.store(replace(state, pin_tries=state.pin_tries - 1))  # before comparing
        self._verified = hmac.compare_digest(command.data, state.pin.encode())
        if not self._verified:
            raise Refusal(0x63C0 | (state.pin_tries - 1))
        self._memory.store(replace(state, pin_tries=PIN_TRIES))
        return b""

    # --- PRESENT ------------------------------------------------------------------------------

    def _present(self, command: Command, data: bytes) -> bytes:
        if command.p2 != 0x00 or command.p1 not in set(Form):
            raise Refusal(Status.WRONG_PARAMETERS)
        request_bytes, request, payee_card = _read_request(data)
        state = self._memory.read()
        if not state.coupon:
            raise Refusal(Status.NO_COUPON)
        coupon = self._coupon(state)
        digest = hashlib.sha256(request_bytes).digest()
        kept = state.answer_to(digest)
        if kept is None:
            kept = self._sign(state, coupon, request, request_bytes, payee_card)
        self._answered = digest
        self._told("presented", {"amount_minor": kept.amount_minor, "from_minor": kept.from_minor})
        return _presentation(coupon, kept, Form(command.p1))

    def _sign(
        self,
        state: CardState,
        coupon: Coupon,
        request: Request,
        request_bytes: bytes,
        payee_card: bytes,
    ) -> KeptAnswer:
        """Spend the next interval on this request; stored before anybody sees the signature."""
        self._check(state, coupon, request)
        spend = Spend(state.next_minor, request.amount_minor, mode_of(user_verified=self._verified))
        signer = SoftwareSigner(state.algorithm, state.secret)
        signature = sign_spend(spend, request_bytes, None, coupon.digest, signer)
        kept = KeptAnswer(
            hashlib.sha256(request_bytes).digest(),
            spend.from_minor,
            spend.amount_minor,
            spend.mode,
            signature,
            payee_card,
        )
        moved = replace(
            state,
            next_minor=spend.from_minor + spend.amount_minor,
            total_minor=0 if self._verified else state.total_minor + spend.amount_minor,
            count=0 if self._verified else state.count + 1,
        )
        self._memory.store(moved.with_answer(kept))
        self._told("signed", {"amount_minor": spend.amount_minor, "from_minor": spend.from_minor})
        return kept

    def _check(self, state: CardState, coupon: Coupon, request: Request) -> None:
        """The card's own rules, in the order of docs/protocol/card.md."""
        if request.amount_minor == 0:
            raise Refusal(Status.WRONG_DATA)
        if request.currency != coupon.fields.currency:
            raise Refusal(Status.OTHER_CURRENCY)
        if state.next_minor + request.amount_minor > coupon.fields.limit_minor:
            raise Refusal(Status.BALANCE_TOO_LOW)
        asked = request.ask is Ask.VERIFICATION and bool(state.pin)
        over = _over_caps(state, request.amount_minor)
        if not self._verified and (asked or over):
            raise Refusal(Status.VERIFICATION_NEEDED if state.pin else Status.OVER_CARD_LIMIT)

    # --- ACKNOWLEDGE and GET DATA ---------------------------------------------------------------

    def _acknowledge(self, ack: bytes) -> bytes:
        if self._answered is None:
            raise Refusal(Status.OUT_OF_ORDER)
        if not ack:
            raise Refusal(Status.WRONG_DATA)
        state = self._memory.read()
        answers = tuple(
            replace(kept, ack=ack) if kept.request_digest == self._answered else kept
            for kept in state.answers
        )
        self._memory.store(replace(state, answers=answers))
        self._told("acknowledged", {"ack": ack.hex()})
        return b""

    def _get_data(self, command: Command) -> bytes:
        state = self._memory.read()
        last = state.answers[-1] if state.answers else None
        if command.p1 != 0x00 or command.data:
            raise Refusal(Status.WRONG_PARAMETERS)
        if command.p2 == Item.BALANCE and state.coupon:
            return encode_tlv(0x80, state.next_minor.to_bytes(8, "big")) + encode_tlv(
                0x81, self._coupon(state).fields.limit_minor.to_bytes(8, "big")
            )
        if command.p2 == Item.LAST_ACK and last is not None and last.ack:
            return last.ack[:256]
        if command.p2 == Item.LAST_PAYEE_CARD and last is not None and last.payee_card:
            return last.payee_card[:256]
        raise Refusal(Status.NO_DATA)


def _read_request(data: bytes) -> tuple[bytes, Request, bytes]:
    """The objects of PRESENT: exact request bytes, the request, the payee card or nothing."""
    try:
        objects = decode_tlvs(data, "present")
        request = decode_request(objects.get(TAG_REQUEST, b""))
    except DecodeError:
        raise Refusal(Status.WRONG_DATA) from None
    if not isinstance(request, Request) or not set(objects) <= {TAG_REQUEST, TAG_PAYEE_CARD}:
        raise Refusal(Status.WRONG_DATA)
    return objects[TAG_REQUEST], request, objects.get(TAG_PAYEE_CARD, b"")


def _presentation(coupon: Coupon, kept: KeptAnswer, form: Form) -> bytes:
    spend = Spend(kept.from_minor, kept.amount_minor, kept.mode)
    if form is Form.ALONE:
        return Alone(coupon.id, spend, kept.signature).encode()
    return Full(coupon, spend, kept.signature).encode()


def _over_caps(state: CardState, amount_minor: int) -> bool:
    """Whether a spend without a PIN would pass one of the card's own caps."""
    return (
        0 < state.spend_cap_minor < amount_minor
        or 0 < state.total_cap_minor < state.total_minor + amount_minor
        or 0 < state.count_cap < state.count + 1
    )
