"""What a terminal keeps of its enrolment besides keys and policy: who it is, under whose root.

A deterministic CBOR array ``[1, origin, root key, journal certificate, [certificates], host url]``.
Nothing in it is secret; every certificate verifies under the root.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from terminal.crypto import cbor
from terminal.crypto.keys import KEY_SIZES, PublicKey, parse_public_key
from terminal.errors import DecodeError
from terminal.sync.origin import Origin, parse_origin

VERSION: Final = 1
MAX_SIZE: Final = 4096
MAX_CERTS: Final = 16
MAX_CERT_SIZE: Final = 256
MAX_URL_CHARS: Final = 300
MAX_ORIGIN_CHARS: Final = 96


@dataclass(frozen=True, slots=True)
class EnrolmentRecord:
    """One terminal's place at one host."""

    origin: Origin
    root_key: PublicKey
    journal_cert: bytes
    certs: tuple[bytes, ...]
    host_url: str

    def encode(self) -> bytes:
        """As kept in the state directory."""
        return cbor.encode(
            (
                VERSION,
                str(self.origin),
                self.root_key.data,
                self.journal_cert,
                self.certs,
                self.host_url,
            )
        )


def decode_record(data: bytes) -> EnrolmentRecord:
    """The record in these bytes.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    items = cbor.expect_array(cbor.decode(data, "enrolment", MAX_SIZE), "enrolment", 6)
    if cbor.expect_uint(items[0], "enrolment.version") != VERSION:
        raise DecodeError("enrolment.version", "made by another version of this software")
    root = cbor.expect_bytes(items[2], "enrolment.root_key", KEY_SIZES)
    certs = cbor.expect_array(items[4], "enrolment.certs")
    if len(certs) > MAX_CERTS:
        raise DecodeError("enrolment.certs", f"more than {MAX_CERTS}")
    return EnrolmentRecord(
        origin=parse_origin(cbor.expect_text(items[1], "enrolment.origin", MAX_ORIGIN_CHARS)),
        root_key=parse_public_key(root, "enrolment.root_key"),
        journal_cert=_certificate(items[3], "enrolment.journal_cert"),
        certs=tuple(_certificate(cert, "enrolment.certs") for cert in certs),
        host_url=cbor.expect_text(items[5], "enrolment.host_url", MAX_URL_CHARS),
    )


def _certificate(value: object, name: str) -> bytes:
    return cbor.expect_bytes(value, name, max_size=MAX_CERT_SIZE)
