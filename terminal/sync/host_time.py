"""Host-signed time: what may correct a terminal's clock, in either direction.

``COSE_Sign1 [time]`` by the host's verdict key, aad ``["kumquat.time.1", alg, origin, nonce]``. The
nonce is the terminal's own of this dialogue, so an old statement cannot set a clock back.
"""

from __future__ import annotations

from typing import Final

from terminal.crypto import cbor, cose
from terminal.crypto.keys import PublicKey
from terminal.ports import Signer

PURPOSE: Final = "kumquat.time.1"
MAX_TIME_UNIX_S: Final = 2**32 - 1


def sign_host_time(unix_s: int, origin: str, nonce: bytes, signer: Signer) -> bytes:
    """The host's statement of the time to one terminal in one dialogue."""
    return cose.sign1_for(signer, cbor.encode([unix_s]), PURPOSE, origin, nonce)


def verify_host_time(message: bytes, key: PublicKey, origin: str, nonce: bytes) -> int:
    """The time in Unix seconds.

    Raises:
        DecodeError: not exactly the one form.
        SignatureInvalid: another key, terminal or dialogue.
    """
    payload = cose.verify1_for(key, message, "time", PURPOSE, origin, nonce)
    items = cbor.expect_array(cbor.decode(payload, "time", len(payload)), "time", 1)
    return cbor.expect_uint(items[0], "time.unix_s", MAX_TIME_UNIX_S)
