"""A key certificate: one key's word that another key has one role, for one subject, until.

Wire form: ``docs/protocol/money.md``, "Key certificate". Keys are single-role: whoever verifies
names the role expected, and a certificate for another role is refused, however genuine.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from terminal.crypto import cbor, cose
from terminal.crypto.keys import KEY_SIZES, PublicKey, parse_public_key
from terminal.errors import DecodeError
from terminal.payment.coupon import U16, U32
from terminal.ports import Signer

PURPOSE: Final = "kumquat.key.1"
MAX_SIZE: Final = 160


class KeyRole(IntEnum):
    """The one thing a key may do."""

    HOST_ROOT = 1
    ISSUER = 2
    POLICY = 3
    VERDICT = 4
    MIRROR = 5
    PAYEE = 6
    DEVICE = 7
    JOURNAL = 8
    ENTRY_LANE = 9


@dataclass(frozen=True, slots=True)
class KeyCert:
    """``subject`` is the number of whose key it is in its role: issuer, terminal, lane …

    ``issuer`` is the number of the authority that signs; in role JOURNAL, which a terminal's own
    device key signs, it is the journal's epoch.
    """

    role: KeyRole
    subject: int
    issuer: int
    key: PublicKey
    not_after_unix_s: int
    lifetime_h: int

    def __post_init__(self) -> None:
        cbor.expect_uint(self.subject, "keycert.subject", U32)
        cbor.expect_uint(self.issuer, "keycert.issuer", U32)
        cbor.expect_uint(self.not_after_unix_s, "keycert.not_after", U32)
        cbor.expect_uint(self.lifetime_h, "keycert.lifetime", U16)
        if self.not_before_unix_s < 0:
            raise DecodeError("keycert.lifetime", "begins before 1970")

    @property
    def not_before_unix_s(self) -> int:
        return self.not_after_unix_s - 3600 * self.lifetime_h

    def valid_at(self, unix_s: int) -> bool:
        """Both ends included."""
        return self.not_before_unix_s <= unix_s <= self.not_after_unix_s

    def encode(self) -> bytes:
        """The CBOR array that is signed."""
        names = (int(self.role), self.subject, self.issuer, self.key.data)
        return cbor.encode((*names, self.not_after_unix_s, self.lifetime_h))


def sign_keycert(cert: KeyCert, signer: Signer) -> bytes:
    """The signed certificate."""
    return cose.sign1_for(signer, cert.encode(), PURPOSE)


def decode_keycert(data: bytes) -> KeyCert:
    """Read a key certificate; nothing is verified.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    payload, _ = cose.unpack1(data, "keycert", MAX_SIZE)
    value = cbor.decode(payload, "keycert.payload", MAX_SIZE)
    items = cbor.expect_array(value, "keycert.payload", 6)
    role = cbor.expect_enum(items[0], "keycert.role", KeyRole)
    key = cbor.expect_bytes(items[3], "keycert.key", KEY_SIZES)
    return KeyCert(
        role=role,
        subject=cbor.expect_uint(items[1], "keycert.subject", U32),
        issuer=cbor.expect_uint(items[2], "keycert.issuer", U32),
        key=parse_public_key(key, "keycert.key"),
        not_after_unix_s=cbor.expect_uint(items[4], "keycert.not_after", U32),
        lifetime_h=cbor.expect_uint(items[5], "keycert.lifetime", U16),
    )


def verify_keycert(data: bytes, key: PublicKey, role: KeyRole) -> KeyCert:
    """A certificate for exactly this role that ``key`` signed. The caller judges the time.

    Raises:
        DecodeError: naming the first field that is wrong, another role included.
        SignatureInvalid: it does not verify.
    """
    cert = decode_keycert(data)
    if cert.role is not role:
        raise DecodeError("keycert.role", f"{cert.role.name} where {role.name} belongs")
    cose.verify1_for(key, data, "keycert", PURPOSE)
    return cert
