"""Policy: what a terminal may accept, signed by the host's policy key as one bundle.

Wire form: ``docs/protocol/money.md``, "Policy". Selling reads the installed policy and nothing
else: merchant, scopes and currency of a terminal come from here only.

Invariants: one issuer number, one key; issuers' keys are parsed once, here, so that a decision
parses none; a ``Policy`` in hand is well-formed, and ``decode_policy`` gives only signed ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from terminal.crypto import cbor, cose
from terminal.crypto.keys import ED25519, KEY_SIZES, PublicKey, parse_public_key
from terminal.errors import DecodeError
from terminal.payment import payee
from terminal.payment.coupon import MAX_CURRENCY, U16, U32, CouponClass
from terminal.payment.deny_list import SUBJECT_SIZE, decode_deny_list, encode_deny_list
from terminal.payment.limits import Limits, decode_limits
from terminal.payment.permit import NumberPermits, Permit, decode_number_permits
from terminal.ports import Signer

PURPOSE: Final = "kumquat.policy.1"
MAX_SIZE: Final = 131_072
MAX_ISSUERS: Final = 64
MAX_SCOPES: Final = 64
MAX_NAME_BYTES: Final = 128
_FORMAT: Final = 1
_CLASS_BITS: Final = tuple((1 << one, one) for one in CouponClass if one < CouponClass.NUMBERED)
_STATIC_BIT: Final = 8
_KEYPAD_BIT: Final = 16
_ITEMS: Final = 17


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """One issuer's key and what it may issue. Times are seconds since 1970, both ends included."""

    issuer: int
    key: PublicKey
    limit_cap_minor: int
    scopes: tuple[int, ...]
    """The scopes it may issue for: ascending, none twice."""
    issued_from_unix_s: int
    issued_until_unix_s: int
    verify_until_unix_s: int
    lifetime_cap_h: int = U16

    def __post_init__(self) -> None:
        cbor.expect_uint(self.issuer, "policy.issuer.number", U16)
        cbor.expect_uint(self.limit_cap_minor, "policy.issuer.limit_cap")
        _check_scopes(self.scopes, "policy.issuer.scopes")
        cbor.expect_uint(self.issued_from_unix_s, "policy.issuer.issued_from", U32)
        cbor.expect_uint(self.issued_until_unix_s, "policy.issuer.issued_until", U32)
        cbor.expect_uint(self.verify_until_unix_s, "policy.issuer.verify_until", U32)
        cbor.expect_uint(self.lifetime_cap_h, "policy.issuer.lifetime_cap", U16)

    def values(self) -> tuple[object, ...]:
        """The fields in the order of the wire."""
        window = (self.issued_from_unix_s, self.issued_until_unix_s, self.verify_until_unix_s)
        caps = (self.limit_cap_minor, self.scopes)
        return (self.issuer, self.key.data, *caps, *window, self.lifetime_cap_h)


@dataclass(frozen=True, slots=True)
class HostKeys:
    """The host's public keys that a terminal believes, one for each role."""

    verdict: PublicKey
    mirror: PublicKey
    mirror_name: str
    """The key name in the mirror's cosignatures (C2SP signed-note)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything selling needs to know, for one terminal.

    Raises:
        DecodeError: from the constructor, naming the field that is wrong.
    """

    version: int
    issued_at_unix_s: int
    not_before_unix_s: int
    merchant: int
    site: int
    terminal: int
    name: str
    """The merchant's name for people."""
    currency: int
    scopes: tuple[int, ...]
    """The coupon scopes accepted here: ascending, none twice."""
    limits: Limits
    issuers: tuple[IssuerKey, ...]
    """By ascending number."""
    host: HostKeys
    classes: frozenset[CouponClass] = frozenset({CouponClass.HOLDER_BOUND})
    static_accepted: bool = False
    """Whether printed codes are accepted."""
    unattended: bool = False
    keypad_enrolled: bool = False
    """Whether PINs may be typed at this terminal."""
    deny: frozenset[bytes] = frozenset()
    payee_card: bytes = b""
    number_permits: NumberPermits | None = None
    """Cards taken by their number; None: no number is taken."""
    _by_number: dict[int, IssuerKey] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        cbor.expect_uint(self.version, "policy.version", U32, minimum=1)
        cbor.expect_uint(self.issued_at_unix_s, "policy.issued_at", U32)
        cbor.expect_uint(self.not_before_unix_s, "policy.not_before", U32)
        cbor.expect_uint(self.merchant, "policy.merchant", U32)
        cbor.expect_uint(self.site, "policy.site", U32)
        cbor.expect_uint(self.terminal, "policy.terminal", U32)
        cbor.expect_text(self.name, "policy.name", MAX_NAME_BYTES)
        cbor.expect_uint(self.currency, "policy.currency", MAX_CURRENCY)
        _check_scopes(self.scopes, "policy.scopes")
        numbers = [one.issuer for one in self.issuers]
        if len(numbers) > MAX_ISSUERS or numbers != sorted(set(numbers)):
            raise DecodeError("policy.issuers", "not at most 64 in ascending order, each once")
        keys = {one.key for one in self.issuers} | {self.host.verdict, self.host.mirror}
        if len(keys) != len(numbers) + 2:
            raise DecodeError("policy.issuers", "one key under two numbers or in two roles")
        if self.host.mirror.algorithm != ED25519:
            raise DecodeError("policy.host.mirror", "a mirror cosigns with Ed25519")
        cbor.expect_text(self.host.mirror_name, "policy.mirror_name", MAX_NAME_BYTES)
        cbor.expect_bytes(self.payee_card, "policy.payee_card", max_size=payee.MAX_SIZE)
        if {len(subject) for subject in self.deny} - {SUBJECT_SIZE}:
            raise DecodeError("policy.deny", f"a subject does not have {SUBJECT_SIZE} bytes")
        object.__setattr__(self, "_by_number", {one.issuer: one for one in self.issuers})

    def issuer(self, number: int) -> IssuerKey | None:
        """The issuer of this number, None where the policy knows none."""
        return self._by_number.get(number)

    def permit_of(self, number: bytes) -> Permit | None:
        """The permit by which a card of this number may pay, None where there is none."""
        return self.number_permits.of(number) if self.number_permits and number else None

    def encode(self) -> bytes:
        """The CBOR array that the host signs."""
        times = (self.version, self.issued_at_unix_s, self.not_before_unix_s)
        place = (self.merchant, self.site, self.terminal, self.name, self.currency, self.scopes)
        host = (self.host.verdict.data, self.host.mirror.data, self.host.mirror_name)
        classes = sum(bit for bit, one in _CLASS_BITS if one in self.classes)
        accepts = (
            classes | _STATIC_BIT * self.static_accepted | _KEYPAD_BIT * self.keypad_enrolled,
            int(self.unattended),
        )
        issuers = [one.values() for one in self.issuers]
        rest = (self.limits.values(), issuers, encode_deny_list(self.deny), host, self.payee_card)
        permits = () if self.number_permits is None else (self.number_permits.values(),)
        return cbor.encode((_FORMAT, *times, *place, *accepts, *rest, *permits))


def _check_scopes(scopes: tuple[int, ...], name: str) -> None:
    for scope in scopes:
        cbor.expect_uint(scope, name, U32)
    if len(scopes) > MAX_SCOPES or list(scopes) != sorted(set(scopes)):
        raise DecodeError(name, "not at most 64 in ascending order, each once")


def sign_policy(policy: Policy, signer: Signer) -> bytes:
    """The signed bundle."""
    return cose.sign1_for(signer, policy.encode(), PURPOSE)


def decode_policy(data: bytes, root_key: PublicKey) -> Policy:
    """A policy that ``root_key`` signed, its keys parsed.

    Raises:
        DecodeError: naming the first field that is wrong.
        SignatureInvalid: it does not verify.
    """
    payload, signature = cose.unpack1(data, "policy", MAX_SIZE)
    aad = cose.external_aad(PURPOSE, root_key.algorithm)
    root_key.verify(signature, cose.sig_structure(payload, aad))
    return decode_policy_payload(payload)


def decode_policy_payload(payload: bytes) -> Policy:
    """The policy in a payload whose signature was checked.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    value = cbor.decode(payload, "policy.payload", MAX_SIZE)
    items = cbor.expect_array(value, "policy.payload")
    if len(items) not in (_ITEMS, _ITEMS + 1):
        raise DecodeError("policy.payload", f"not an array of {_ITEMS} or {_ITEMS + 1}")
    if cbor.expect_uint(items[0], "policy.format") != _FORMAT:
        raise DecodeError("policy.format", "made for another version of this software")
    accepts = cbor.expect_uint(items[10], "policy.accepts", 31)
    issuers = cbor.expect_array(items[13], "policy.issuers")
    return Policy(
        version=cbor.expect_uint(items[1], "policy.version", U32),
        issued_at_unix_s=cbor.expect_uint(items[2], "policy.issued_at", U32),
        not_before_unix_s=cbor.expect_uint(items[3], "policy.not_before", U32),
        merchant=cbor.expect_uint(items[4], "policy.merchant", U32),
        site=cbor.expect_uint(items[5], "policy.site", U32),
        terminal=cbor.expect_uint(items[6], "policy.terminal", U32),
        name=cbor.expect_text(items[7], "policy.name", MAX_NAME_BYTES),
        currency=cbor.expect_uint(items[8], "policy.currency", MAX_CURRENCY),
        scopes=_scopes(items[9], "policy.scopes"),
        classes=frozenset(one for bit, one in _CLASS_BITS if accepts & bit),
        static_accepted=bool(accepts & _STATIC_BIT),
        keypad_enrolled=bool(accepts & _KEYPAD_BIT),
        unattended=bool(cbor.expect_uint(items[11], "policy.unattended", 1)),
        limits=decode_limits(items[12]),
        issuers=tuple([_issuer(one) for one in issuers]),
        deny=decode_deny_list(cbor.expect_bytes(items[14], "policy.deny")),
        host=_host_keys(items[15]),
        payee_card=cbor.expect_bytes(items[16], "policy.payee_card"),
        number_permits=decode_number_permits(items[_ITEMS]) if items[_ITEMS:] else None,
    )


def _scopes(value: object, name: str) -> tuple[int, ...]:
    items = cbor.expect_array(value, name)
    return tuple([cbor.expect_uint(item, name, U32) for item in items])


def _issuer(value: object) -> IssuerKey:
    items = cbor.expect_array(value, "policy.issuer", 8)
    return IssuerKey(
        issuer=cbor.expect_uint(items[0], "policy.issuer.number", U16),
        key=_key(items[1], "policy.issuer.key"),
        limit_cap_minor=cbor.expect_uint(items[2], "policy.issuer.limit_cap"),
        scopes=_scopes(items[3], "policy.issuer.scopes"),
        issued_from_unix_s=cbor.expect_uint(items[4], "policy.issuer.issued_from", U32),
        issued_until_unix_s=cbor.expect_uint(items[5], "policy.issuer.issued_until", U32),
        verify_until_unix_s=cbor.expect_uint(items[6], "policy.issuer.verify_until", U32),
        lifetime_cap_h=cbor.expect_uint(items[7], "policy.issuer.lifetime_cap", U16),
    )


def _host_keys(value: object) -> HostKeys:
    verdict, mirror, name = cbor.expect_array(value, "policy.host", 3)
    return HostKeys(
        verdict=_key(verdict, "policy.host.verdict"),
        mirror=_key(mirror, "policy.host.mirror"),
        mirror_name=cbor.expect_text(name, "policy.mirror_name", MAX_NAME_BYTES),
    )


def _key(value: object, name: str) -> PublicKey:
    return parse_public_key(cbor.expect_bytes(value, name, KEY_SIZES), name)
