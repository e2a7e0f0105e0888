"""A stamp: an entry lane's signed word that something came in, where, when, and of what class.

Wire form: ``docs/protocol/money.md``, "Stamp". It is bound to the holder's key or the card's UID
by its signature's context, so it is worth nothing with another. What a stay costs is not its say.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from terminal.crypto import cbor, cose
from terminal.crypto.keys import PublicKey
from terminal.payment.coupon import U16, U32
from terminal.ports import ClockQuality, Signer

PURPOSE: Final = "kumquat.stamp.1"
MAX_SIZE: Final = 112


@dataclass(frozen=True, slots=True)
class Stamp:
    """Site u32, lane u16, index in the lane's journal, time and its quality, vehicle class."""

    site: int
    lane: int
    index: int
    time_unix_s: int
    quality: ClockQuality
    vehicle_class: int

    def __post_init__(self) -> None:
        cbor.expect_uint(self.site, "stamp.site", U32)
        cbor.expect_uint(self.lane, "stamp.lane", U16)
        cbor.expect_uint(self.index, "stamp.index")
        cbor.expect_uint(self.time_unix_s, "stamp.time")
        cbor.expect_uint(self.vehicle_class, "stamp.class", 255)

    def encode(self) -> bytes:
        """The CBOR array that the lane signs."""
        place = (self.site, self.lane, self.index, self.time_unix_s)
        return cbor.encode((*place, int(self.quality), self.vehicle_class))


def bearer_digest(key_or_uid: bytes) -> bytes:
    """SHA-256 of the holder's public key or of the card's UID: whom a stamp is bound to."""
    return hashlib.sha256(key_or_uid).digest()


def sign_stamp(stamp: Stamp, key_or_uid: bytes, signer: Signer) -> bytes:
    """The lane's signed stamp for one holder key or card UID."""
    return cose.sign1_for(signer, stamp.encode(), PURPOSE, bearer_digest(key_or_uid))


def decode_stamp(data: bytes) -> Stamp:
    """Read a stamp; nothing is verified.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    payload, _ = cose.unpack1(data, "stamp", MAX_SIZE)
    items = cbor.expect_array(cbor.decode(payload, "stamp.payload", MAX_SIZE), "stamp.payload", 6)
    quality = cbor.expect_enum(items[4], "stamp.quality", ClockQuality)
    return Stamp(
        site=cbor.expect_uint(items[0], "stamp.site", U32),
        lane=cbor.expect_uint(items[1], "stamp.lane", U16),
        index=cbor.expect_uint(items[2], "stamp.index"),
        time_unix_s=cbor.expect_uint(items[3], "stamp.time"),
        quality=quality,
        vehicle_class=cbor.expect_uint(items[5], "stamp.class", 255),
    )


def verify_stamp(data: bytes, key: PublicKey, key_or_uid: bytes) -> Stamp:
    """A stamp that this lane's key signed for this holder key or card UID.

    Raises:
        DecodeError: naming the first field that is wrong.
        SignatureInvalid: another lane, or another's stamp.
    """
    stamp = decode_stamp(data)
    cose.verify1_for(key, data, "stamp", PURPOSE, bearer_digest(key_or_uid))
    return stamp
