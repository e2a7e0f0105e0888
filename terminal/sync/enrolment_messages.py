"""The bodies of enrolment, byte for byte, and the code that begins it (docs/protocol/sync.md).

The code reads ``<terminal>-<8 digits>-<16 letters>``: the letters are the first 80 bits of the
SHA-256 of the host's root key, in base32. The digits are never sent: the terminal proves them by
HMAC-SHA256 over everything it asks for, so what it certifies cannot be exchanged on the way.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from terminal.crypto import cbor
from terminal.crypto.keys import parse_public_key
from terminal.errors import DecodeError
from terminal.payment.coupon import U32
from terminal.sync.exchange import MAX_BODY_BYTES
from terminal.sync.origin import MAX_EPOCH, check_host_name

VERSION: Final = 1
PURPOSE: Final = "kumquat.enrol.1"
PROOF_BYTES: Final = 32
DEVICE_KEY_BYTES: Final = 33
ROOT_KEY_BYTES: Final = 32
MAX_CERT_BYTES: Final = 160
MAX_CERTS: Final = 80
MAX_HOST_BYTES: Final = 64
MAX_ORIGIN_BYTES: Final = 96
_CODE: Final = re.compile(r"(0|[1-9]\d{0,9})-(\d{8})-([A-Z2-7]{16})", re.ASCII)


def fingerprint(root_key: bytes) -> str:
    """Sixteen base32 letters: the first 80 bits of SHA-256 of the root's public key."""
    return b32encode(sha256(root_key).digest()[:10]).decode()


@dataclass(frozen=True, slots=True)
class EnrolCode:
    """What the operator gives to whoever sets a terminal up."""

    terminal: int
    digits: str
    root_fingerprint: str

    @property
    def text(self) -> str:
        return f"{self.terminal}-{self.digits}-{self.root_fingerprint}"


def parse_code(text: str) -> EnrolCode:
    """A typed or scanned code; spaces and the case of letters do not matter.

    Raises:
        DecodeError: not of the one form.
    """
    match = _CODE.fullmatch("".join(text.split()).upper())
    if match is None or int(match[1]) > U32:
        raise DecodeError("code", "must look like 1234567-12345678-ABCDEFGHIJKLMNOP")
    return EnrolCode(int(match[1]), match[2], match[3])


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """``[1, terminal, device_key]``."""

    terminal: int
    device_key: bytes

    def encode(self) -> bytes:
        return cbor.encode([VERSION, self.terminal, self.device_key])


@dataclass(frozen=True, slots=True)
class OpenReply:
    """``[1, host, epoch, root_key]``: not signed; the code's fingerprint is what vouches for it."""

    host: str
    epoch: int
    root_key: bytes

    def encode(self) -> bytes:
        return cbor.encode([VERSION, self.host, self.epoch, self.root_key])


@dataclass(frozen=True, slots=True)
class EnrolRequest:
    """``[1, terminal, epoch, device_key, journal_cert, proof]``."""

    terminal: int
    epoch: int
    device_key: bytes
    journal_cert: bytes
    proof: bytes

    def encode(self) -> bytes:
        return cbor.encode(
            [
                VERSION,
                self.terminal,
                self.epoch,
                self.device_key,
                self.journal_cert,
                self.proof,
            ]
        )

    def prove(self, digits: str, root_key: bytes) -> bytes:
        """HMAC-SHA256 under the digits over purpose, root and everything else asked for."""
        content = cbor.encode(
            [PURPOSE, root_key, self.terminal, self.epoch, self.device_key, self.journal_cert]
        )
        return hmac.digest(digits.encode(), content, sha256)


@dataclass(frozen=True, slots=True)
class EnrolReply:
    """``[1, origin, [certificate ...], policy]``; certificates and policy are the root's."""

    origin: str
    certs: tuple[bytes, ...]
    policy: bytes

    def encode(self) -> bytes:
        return cbor.encode([VERSION, self.origin, list(self.certs), self.policy])


def decode_open_request(body: bytes) -> OpenRequest:
    """Raises DecodeError: anything but the exact form."""
    fields = _fields(body, "enrol_open", 3)
    return OpenRequest(
        cbor.expect_uint(fields[1], "enrol_open.terminal", U32), _device(fields[2], "enrol_open")
    )


def decode_open_reply(body: bytes) -> OpenReply:
    """Raises DecodeError: anything but the exact form."""
    fields = _fields(body, "enrol_opened", 4)
    return OpenReply(
        check_host_name(cbor.expect_text(fields[1], "enrol_opened.host", MAX_HOST_BYTES)),
        cbor.expect_uint(fields[2], "enrol_opened.epoch", MAX_EPOCH, minimum=1),
        cbor.expect_bytes(fields[3], "enrol_opened.root_key", ROOT_KEY_BYTES),
    )


def decode_enrol_request(body: bytes) -> EnrolRequest:
    """Raises DecodeError: anything but the exact form."""
    fields = _fields(body, "enrol", 6)
    return EnrolRequest(
        cbor.expect_uint(fields[1], "enrol.terminal", U32),
        cbor.expect_uint(fields[2], "enrol.epoch", MAX_EPOCH, minimum=1),
        _device(fields[3], "enrol"),
        cbor.expect_bytes(fields[4], "enrol.journal_cert", max_size=MAX_CERT_BYTES),
        cbor.expect_bytes(fields[5], "enrol.proof", PROOF_BYTES),
    )


def decode_enrol_reply(body: bytes) -> EnrolReply:
    """Raises DecodeError: anything but the exact form; certificates and policy stay bytes."""
    fields = _fields(body, "enrolled", 4)
    certs = cbor.expect_array(fields[2], "enrolled.certs")
    if len(certs) > MAX_CERTS:
        raise DecodeError("enrolled.certs", f"more than {MAX_CERTS}")
    return EnrolReply(
        cbor.expect_text(fields[1], "enrolled.origin", MAX_ORIGIN_BYTES),
        tuple(cbor.expect_bytes(cert, "enrolled.cert", max_size=MAX_CERT_BYTES) for cert in certs),
        cbor.expect_bytes(fields[3], "enrolled.policy", max_size=MAX_BODY_BYTES),
    )


def _fields(body: bytes, field: str, count: int) -> list[object]:
    fields = cbor.expect_array(cbor.decode(body, field, MAX_BODY_BYTES), field, count)
    cbor.expect_uint(fields[0], f"{field}.version", VERSION, minimum=VERSION)
    return fields


def _device(value: object, field: str) -> bytes:
    key = cbor.expect_bytes(value, f"{field}.device_key", DEVICE_KEY_BYTES)
    return parse_public_key(key, f"{field}.device_key").data
