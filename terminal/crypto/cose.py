"""COSE_Sign1 as Kumquat writes it: untagged, both headers empty, the context outside the message.

Source: RFC 9052, sections 4.2 and 4.4. A message is exactly ``[h'', {}, payload, signature]``. The
algorithm follows from the key's length and is authenticated as element 1 of ``external_aad``, whose
element 0 is the purpose, so a signature made for one purpose verifies for no other.

Invariant: a message has one spelling. Protected is the empty byte string, never an encoded empty
map; unprotected, which nothing signs, is the empty map.
"""

from __future__ import annotations

from typing import Final

from terminal.crypto import cbor
from terminal.crypto.keys import ED25519, ESP256, SIGNATURE_SIZE, PublicKey, algorithm_of
from terminal.errors import DecodeError
from terminal.ports import Signer

MAX_SIZE: Final = 65_536
"""Largest message taken where the caller names no smaller limit: a policy with a long deny list."""
_PREFIX: Final = b"\x84\x40\xa0"  # array(4), h'', {}
_SIGNATURE_HEAD: Final = b"\x58\x40"  # bstr of 64
_SIGNATURE1: Final = b"\x84\x6aSignature1\x40"  # array(4), context, body_protected h''
_ALGORITHM: Final = {ED25519: b"\x32", ESP256: b"\x28"}  # -19 and -9, the only negative numbers
_HEADER: Final = {**_ALGORITHM, -8: b"\x27", -7: b"\x26"}
_TAGGED: Final = b"\xd2\x84\x40\xa1\x01"  # tag 18, array(4), h'', {1:


def external_aad(purpose: str, algorithm: int, *parts: object) -> bytes:
    """``[purpose, algorithm, *parts]``: what a signature is for, beyond its payload."""
    body = b"".join([cbor.encode(part) for part in parts])
    head = cbor.array_head(2 + len(parts))
    return head + cbor.encode(purpose) + _ALGORITHM[algorithm] + body


def sig_structure(payload: bytes, aad: bytes) -> bytes:
    """The bytes that are signed (RFC 9052, section 4.4)."""
    return _SIGNATURE1 + cbor.encode(aad) + cbor.encode(payload)


def assemble(payload: bytes, signature: bytes) -> bytes:
    """The message around a payload and its 64-byte signature."""
    if len(signature) != SIGNATURE_SIZE:
        raise ValueError("a signature has 64 bytes")
    return _PREFIX + cbor.encode(payload) + _SIGNATURE_HEAD + signature


def sign1(signer: Signer, payload: bytes, aad: bytes) -> bytes:
    """Sign ``payload`` in the context ``aad`` (from ``external_aad``); the message."""
    return assemble(payload, signer.sign(sig_structure(payload, aad)))


def sign1_for(signer: Signer, payload: bytes, purpose: str, *parts: object) -> bytes:
    """``sign1`` with the context built from the signer's own algorithm."""
    algorithm = algorithm_of(signer.public_key)
    return sign1(signer, payload, external_aad(purpose, algorithm, *parts))


def unpack1(message: bytes, field: str, max_size: int = MAX_SIZE) -> tuple[bytes, bytes]:
    """Payload and signature of a message, nothing verified.

    Raises:
        DecodeError: naming ``field``; not exactly the one form.
    """
    return unpack1_value(cbor.decode(message, field, max_size), field)


def unpack1_value(value: object, field: str) -> tuple[bytes, bytes]:
    """As ``unpack1``, for a message that was decoded as part of something larger."""
    items = cbor.expect_array(value, field, 4)
    cbor.expect_bytes(items[0], f"{field}.protected", 0)
    cbor.expect_empty_map(items[1], f"{field}.unprotected")
    payload = cbor.expect_bytes(items[2], f"{field}.payload")
    return payload, cbor.expect_bytes(items[3], f"{field}.signature", SIGNATURE_SIZE)


def verify1(key: PublicKey, message: bytes, aad: bytes, field: str = "message") -> bytes:
    """The payload of a message that ``key`` signed in the context ``aad``.

    Raises:
        DecodeError: not exactly the one form.
        SignatureInvalid: it does not verify.
    """
    payload, signature = unpack1(message, field)
    key.verify(signature, sig_structure(payload, aad))
    return payload


def verify1_for(key: PublicKey, message: bytes, field: str, purpose: str, *parts: object) -> bytes:
    """``verify1`` with the context built from the key's own algorithm."""
    return verify1(key, message, external_aad(purpose, key.algorithm, *parts), field)


def to_tagged(message: bytes, algorithm: int) -> bytes:
    """The export form: tag 18 and ``{1: algorithm}`` unprotected, so that any library verifies.

    The header is a hint that nothing signs; ``external_aad`` still carries the algorithm that is
    signed. ``algorithm`` may be a polymorphic number (``keys.POLYMORPHIC``) for older libraries.

    Raises:
        DecodeError: ``message`` is not the untagged form, or ``algorithm`` none of ours.
    """
    unpack1(message, "message")
    if algorithm not in _HEADER:
        raise DecodeError("algorithm", f"{algorithm} is none of ours")
    return _TAGGED + _HEADER[algorithm] + message[len(_PREFIX) :]
