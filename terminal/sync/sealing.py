"""Sealing: a request's payload under the journal key, bound to its path and origin.

``[origin, COSE_Sign1 payload]`` with aad ``["kumquat.sync.1", alg, path, origin]``. Replaying a
sealed request does no harm, since everything behind these paths is idempotent; nobody but the
holder of the journal key can write to that journal at the host.
"""

from __future__ import annotations

from typing import Final

from terminal.crypto import cose
from terminal.crypto.keys import PublicKey
from terminal.ports import Signer
from terminal.sync.exchange import HostRequest
from terminal.sync.messages import Sealed

PURPOSE: Final = "kumquat.sync.1"


def seal(path: str, origin: str, payload: bytes, signer: Signer) -> HostRequest:
    """The request that carries ``payload`` to ``path``."""
    message = cose.sign1_for(signer, payload, PURPOSE, path, origin)
    return HostRequest("POST", path, Sealed(origin, message).encode())


def unseal(sealed: Sealed, path: str, key: PublicKey) -> bytes:
    """The payload that the origin's journal key sealed for this path.

    Raises:
        DecodeError: not exactly the one form.
        SignatureInvalid: another key, path or origin.
    """
    return cose.verify1_for(key, sealed.message, "sealed.message", PURPOSE, path, sealed.origin)
