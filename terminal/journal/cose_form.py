"""A journal's signed objects as tagged COSE_Sign1, for libraries that know nothing of Kumquat.

Source: RFC 9052, 4.2 and 4.4. On the wire a coupon is untagged and a spend travels as bare fields;
here each is a whole COSE_Sign1 with tag 18 and ``{1: alg}`` unprotected, beside the external data
and the public key it verifies with. All of it follows from the entries and the policies, so a
reader recomputes it and takes nothing on faith.
"""

from __future__ import annotations

from collections.abc import Mapping

from terminal.crypto import cose
from terminal.crypto.keys import PublicKey
from terminal.journal.entry import Entry
from terminal.payment import spend as spends
from terminal.payment.coupon import Coupon
from terminal.payment.presentation import UNSIGNED, Presentation


def tagged(what: str, message: bytes, key: PublicKey, aad: bytes) -> Mapping[str, str]:
    """One object: what it is, the tagged message, its external_aad, its key; all bytes in hex."""
    return {
        "what": what,
        "message": cose.to_tagged(message, key.algorithm).hex(),
        "aad": aad.hex(),
        "key": key.data.hex(),
    }


def cose_objects(
    entry: Entry, presentation: Presentation, coupon: Coupon, issuer_key: PublicKey | None
) -> tuple[Mapping[str, str], ...]:
    """The coupon (where its issuer's key is known) and the spend of one entry."""
    objects = []
    if issuer_key is not None:
        aad = cose.external_aad(coupon.purpose, issuer_key.algorithm)
        objects.append(tagged("coupon", coupon.encode(), issuer_key, aad))
    holder = coupon.fields.holder_key
    if holder is not None and not isinstance(presentation, UNSIGNED):
        aad = cose.external_aad(
            spends.PURPOSE, holder.algorithm, entry.request, entry.slot, coupon.digest
        )
        message = cose.assemble(presentation.spend.encode_payload(), presentation.signature)
        objects.append(tagged("spend", message, holder, aad))
    return tuple(objects)
