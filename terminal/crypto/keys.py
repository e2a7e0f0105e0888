"""Public keys as they stand on the wire, and signers over raw private keys.

32 bytes are an Ed25519 key (RFC 8032, 5.1.5), 33 a compressed P-256 point (SEC 1, 2.3.3). The
algorithm is a property of the key and never negotiated; its number is COSE's fully specified one
(RFC 9864): -19 Ed25519, -9 ESP256 (ECDSA with P-256 and SHA-256).

Invariant: a ``PublicKey`` that exists is canonical and not of small order, and on its curve unless
it is merely claimed, in which case no signature under it verifies before it is shown to be. An
Ed25519 key of small order verifies a signature over anything, so it never becomes an object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from terminal.errors import DecodeError, SignatureInvalid

ED25519: Final = -19
ESP256: Final = -9
POLYMORPHIC: Final = {ED25519: -8, ESP256: -7}
"""The older numbers (EdDSA, ES256) that RFC 9864 deprecates, for libraries that know only those."""
KEY_SIZES: Final = (32, 33)
SIGNATURE_SIZE: Final = 64
ALGORITHM_NAMES: Final = {"Ed25519": ED25519, "P-256": ESP256}
"""What a key store calls them."""

_P: Final = 2**255 - 19  # the field of Curve25519, RFC 7748, 4.1
_D: Final = -121665 * pow(121666, -1, _P) % _P  # edwards25519, RFC 8032, 5.1
_SMALL_ORDER_Y: Final = frozenset(
    {
        0,  # order 4
        1,  # order 1
        _P - 1,  # order 2
        # order 8, the remaining four points (two y, either sign of x)
        0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    }
)
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ECDSA: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)  # RFC 6979


@dataclass(frozen=True, slots=True, eq=False)
class PublicKey:
    """A key that can verify. Equal when its bytes are equal. Made by ``parse_public_key`` only."""

    data: bytes
    algorithm: int
    """COSE algorithm number: ``ED25519`` or ``ESP256``."""
    _key: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey

    def verify(self, signature: bytes, message: bytes) -> None:
        """Check a 64-byte signature.

        Raises:
            SignatureInvalid: it does not verify, whatever is wrong with it.
        """
        if len(signature) != SIGNATURE_SIZE:
            raise SignatureInvalid("the signature does not have 64 bytes")
        try:
            if isinstance(self._key, ed25519.Ed25519PublicKey):
                self._key.verify(signature, message)
            else:
                self._key.verify(_to_der(signature), message, _ECDSA)
        except InvalidSignature:
            raise SignatureInvalid("the signature does not verify") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self.data == other.data

    def __hash__(self) -> int:
        return hash(self.data)


def parse_public_key(data: bytes, field: str) -> PublicKey:
    """The key spelled by 32 (Ed25519) or 33 (P-256) bytes.

    Raises:
        DecodeError: naming ``field``; another length, not canonical, off the curve, small order.
    """
    key = claimed_public_key(data, field)
    require_on_curve(key, field)
    return key


def claimed_public_key(data: bytes, field: str) -> PublicKey:
    """As ``parse_public_key``, for a key whose signature is checked at once.

    Whether 32 bytes are on the curve costs as much as a signature check, and the signature check
    finds it out by itself: an Ed25519 key off the curve verifies nothing (RFC 8032, 5.1.7). Where
    the signature fails, ``require_on_curve`` tells a damaged key from a wrong signature.

    Raises:
        DecodeError: naming ``field``; another length, not canonical, small order.
    """
    if len(data) == 32:
        _check_spelling(data, field)
        return PublicKey(data, ED25519, ed25519.Ed25519PublicKey.from_public_bytes(data))
    if len(data) == 33 and data[0] in (2, 3):
        try:
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)
        except ValueError:
            raise DecodeError(field, "not a point of P-256") from None
        return PublicKey(data, ESP256, point)
    raise DecodeError(field, "neither an Ed25519 nor a compressed P-256 key")


def _check_spelling(data: bytes, field: str) -> None:
    y = int.from_bytes(data, "little") & ((1 << 255) - 1)
    if y >= _P:
        raise DecodeError(field, "Ed25519 key is not canonical")
    if y in _SMALL_ORDER_Y:
        raise DecodeError(field, "Ed25519 key of small order")


def require_on_curve(key: PublicKey, field: str) -> None:
    """Refuse an Ed25519 key that is no point; a P-256 key was one when it was read.

    Raises:
        DecodeError: naming ``field``.
    """
    if key.algorithm != ED25519:
        return
    y = int.from_bytes(key.data, "little") & ((1 << 255) - 1)
    # x^2 = u / v has a root exactly when u * v is a square (Euler's criterion); v is never 0
    y2 = y * y % _P
    if pow((y2 - 1) * (_D * y2 + 1) % _P, (_P - 1) // 2, _P) != 1:
        raise DecodeError(field, "Ed25519 key is not on the curve")


def algorithm_of(public_key: bytes) -> int:
    """The COSE algorithm number that the length of a public key fixes.

    Raises:
        DecodeError: neither 32 nor 33 bytes.
    """
    if len(public_key) not in KEY_SIZES:
        raise DecodeError("key", "neither an Ed25519 nor a compressed P-256 key")
    return ED25519 if len(public_key) == 32 else ESP256


def _to_der(signature: bytes) -> bytes:
    return encode_dss_signature(
        int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    )


class SoftwareSigner:
    """A ``terminal.ports.Signer`` over a private key in memory; its repr shows the public half.

    ``secret`` is the 32-byte RFC 8032 seed, or the P-256 scalar, big-endian, 1 .. n - 1.

    Raises:
        ValueError: the secret does not fit the algorithm.
    """

    __slots__ = ("_key", "_public")

    def __init__(self, algorithm: str, secret: bytes) -> None:
        if algorithm not in ALGORITHM_NAMES:
            raise ValueError(f"{algorithm!r} is no algorithm of a key")
        if len(secret) != 32:
            raise ValueError("a private key has 32 bytes")
        self._key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
        if algorithm == "Ed25519":
            self._key = ed25519.Ed25519PrivateKey.from_private_bytes(secret)
            self._public = self._key.public_key().public_bytes_raw()
        else:
            self._key = ec.derive_private_key(_scalar(secret), ec.SECP256R1())
            self._public = self._key.public_key().public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
            )

    @property
    def public_key(self) -> bytes:
        return self._public

    def sign(self, message: bytes) -> bytes:
        """64 bytes; the same message always gives the same signature."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(message)
        r, s = decode_dss_signature(self._key.sign(message, _ECDSA))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def __repr__(self) -> str:
        return f"SoftwareSigner({self._public.hex()})"


def _scalar(secret: bytes) -> int:
    value = int.from_bytes(secret, "big")
    if not 1 <= value < _P256_ORDER:
        raise ValueError("a P-256 private key is 1 .. n - 1")
    return value


def private_signer(algorithm: str, random_bytes_32: bytes) -> SoftwareSigner:
    """A signer from 32 random bytes, whatever the algorithm.

    For P-256 the bytes are reduced into 1 .. n - 1 where they fall outside (chance 2^-32).
    """
    if algorithm == "P-256" and len(random_bytes_32) == 32:
        value = int.from_bytes(random_bytes_32, "big") % (_P256_ORDER - 1) + 1
        return SoftwareSigner(algorithm, value.to_bytes(32, "big"))
    return SoftwareSigner(algorithm, random_bytes_32)
