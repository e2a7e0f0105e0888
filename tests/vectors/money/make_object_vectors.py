"""Writes ed25519.json and p256.json: every signed object, its bytes, and forms to refuse.

    python -m tests.vectors.money.make_object_vectors

Origin: made by our own encoder from the fixed keys named in each file, and checked by two COSE
libraries that we did not write (``tests/terminal/payment/test_vectors.py``). Invalid forms are
spelled with cbor2, which writes what our encoder refuses to write.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cbor2

from terminal.crypto import cose
from terminal.crypto.keys import POLYMORPHIC, SoftwareSigner, parse_public_key, private_signer
from terminal.payment import (
    ack,
    coupon,
    keycert,
    payee,
    permit,
    policy,
    spend,
    stamp,
    text,
    verdict,
)
from terminal.payment.coupon import CouponClass, CouponFields
from terminal.payment.limits import Limits
from terminal.payment.presentation import (
    Numbered,
    alone_presentation,
    bearer_presentation,
    check_code,
    decode_presentation,
    full_presentation,
    spend_digest,
)
from terminal.payment.request import Ask, Request, StaticRequest
from terminal.payment.spend import Spend, mode_of, sign_spend
from terminal.ports import ClockQuality

HERE = Path(__file__).parent
ROLES = ("issuer", "holder", "journal", "verdict", "root", "device", "lane", "payee", "mirror")
NOW = 1_790_000_000
SLOT = NOW // 60
TERMINAL = 123_456
LEAF = hashlib.sha256(b"leaf").digest()
REQUEST = Request(TERMINAL, 156, 1250, bytes(range(1, 9)), Ask.NOTHING)
STATIC = StaticRequest(TERMINAL, 156)
UID = bytes.fromhex("04a1b2c3d4e5f6")


@dataclass(frozen=True)
class World:
    """The keys of one algorithm. The journal's is Ed25519 always."""

    algorithm: str

    def secret(self, role: str) -> bytes:
        return hashlib.sha256(f"kumquat vector key {role}".encode()).digest()

    def signer(self, role: str) -> SoftwareSigner:
        algorithm = "Ed25519" if role in ("journal", "mirror") else self.algorithm
        return private_signer(algorithm, self.secret(role))

    def coupon(self, kind: int = 0, limit_minor: int = 20_000, **changes: Any) -> bytes:
        bearer = kind % 4 == CouponClass.BEARER
        holder = parse_public_key(self.signer("holder").public_key, "holder")
        given: dict[str, Any] = {
            "kind": kind, "issuer": 7, "serial": 77_000_000,
            "holder_key": None if bearer else holder, "limit_minor": limit_minor,
            "currency": 156, "scope": 4660, "not_after_unix_s": NOW + 3 * 86_400,
            "lifetime_h": 720,
        }  # fmt: skip
        return coupon.sign_coupon(CouponFields(**given | changes), self.signer("issuer"))


def signed(
    world: World, what: str, role: str, message: bytes, purpose: str, *parts: Any
) -> dict[str, str]:
    """One COSE message with everything another library needs to verify it."""
    public_key = world.signer(role).public_key
    algorithm = parse_public_key(public_key, role).algorithm
    payload, _ = cose.unpack1(message, what, policy.MAX_SIZE)
    return {
        "what": what,
        "signed_by": role,
        "external_aad": cose.external_aad(purpose, algorithm, *parts).hex(),
        "payload": payload.hex(),
        "message": message.hex(),
        "tagged": cose.to_tagged(message, algorithm).hex(),
        "tagged_polymorphic": cose.to_tagged(message, POLYMORPHIC[algorithm]).hex(),
    }


def spend_message(world: World, slot: int | None) -> dict[str, str]:
    """A spend never travels as a COSE message; this is the one that its receiver rebuilds."""
    digest = coupon.decode_coupon(world.coupon()).digest
    asked = (REQUEST if slot is None else STATIC).encode()
    one = Spend(1250, 1250, mode_of(user_verified=slot is not None, slot=slot))
    signature = sign_spend(one, asked, slot, digest, world.signer("holder"))
    message = cose.assemble(one.encode_payload(), signature)
    what = "spend" if slot is None else "spend in a slot"
    return signed(world, what, "holder", message, spend.PURPOSE, asked, slot, digest)


def a_policy(world: World) -> policy.Policy:
    def key(role: str) -> Any:
        return parse_public_key(world.signer(role).public_key, role)

    limits = Limits(5_000, 3_000, 10_000, 50_000, 100, 5, 7 * 86_400, 2 * 86_400, 2_000, 10, 0, 0)
    window = (NOW - 86_400 * 60, NOW + 86_400 * 30, NOW + 86_400 * 90)
    return policy.Policy(
        version=3, issued_at_unix_s=NOW, not_before_unix_s=NOW, merchant=9, site=4,
        terminal=TERMINAL, name="Wang's Fruit", currency=156, scopes=(4660,), limits=limits,
        issuers=(policy.IssuerKey(7, key("issuer"), 20_000, (4660,), *window, 720),),
        host=policy.HostKeys(key("verdict"), key("mirror"), "host.example/mirror"),
        deny=frozenset({b"denied01", b"denied00"}),
        payee_card=a_payee_card(world),
    )  # fmt: skip


def a_payee_card(world: World) -> bytes:
    card = payee.PayeeCard(TERMINAL, 156, 4660, NOW + 86_400 * 90, "Wang's Fruit 王氏水果")
    return payee.sign_payee_card(card, world.signer("payee"))


def objects(world: World) -> list[dict[str, str]]:
    signer = world.signer
    acked = spend_digest(decode_presentation(presentations(world)["full"]))
    an_ack = ack.Ack(ack.AckStatus.ACCEPTED, 70_000, LEAF)
    a_verdict = verdict.Verdict(
        TERMINAL, 1, 70_000, LEAF, verdict.VerdictStatus.SETTLED, verdict.VerdictReason.NONE, NOW
    )
    journal_key = parse_public_key(signer("journal").public_key, "journal")
    cert = keycert.KeyCert(
        keycert.KeyRole.JOURNAL, TERMINAL, 1, journal_key, NOW + 86_400 * 365, 9000
    )
    a_stamp = stamp.Stamp(4, 2, 70_000, NOW, ClockQuality.RTC, 1)
    acked_bytes = ack.sign_ack(an_ack, TERMINAL, acked, signer("journal"))
    stamped = stamp.sign_stamp(a_stamp, UID, signer("lane"))
    return [
        signed(world, "coupon", "issuer", world.coupon(), coupon.PURPOSE),
        signed(world, "coupon, attested", "issuer", world.coupon(12), coupon.PURPOSE),
        signed(world, "coupon, bearer", "issuer", world.coupon(1), coupon.PURPOSE),
        signed(world, "coupon, permit", "issuer", world.coupon(2), coupon.PURPOSE),
        spend_message(world, None),
        spend_message(world, SLOT),
        signed(world, "ack", "journal", acked_bytes, ack.PURPOSE, TERMINAL, acked),
        signed(world, "verdict", "verdict", verdict.sign_verdict(a_verdict, signer("verdict")),
               verdict.PURPOSE),
        signed(world, "keycert", "device", keycert.sign_keycert(cert, signer("device")),
               keycert.PURPOSE),
        signed(world, "stamp", "lane", stamped, stamp.PURPOSE, stamp.bearer_digest(UID)),
        signed(world, "payee", "payee", a_payee_card(world), payee.PURPOSE),
        signed(world, "permit by number", "issuer", a_permit(world), permit.PURPOSE),
        signed(world, "policy", "root", policy.sign_policy(a_policy(world), signer("root")),
               policy.PURPOSE),
    ]  # fmt: skip


def presentations(world: World) -> dict[str, bytes]:
    asked, holder = REQUEST.encode(), world.signer("holder")
    static, slot_mode = STATIC.encode(), mode_of(user_verified=True, slot=SLOT)
    given = world.coupon()
    return {
        "full": full_presentation(given, 1250, 1250, 0, asked, None, holder),
        "alone": alone_presentation(given, 1250, 1250, 0, asked, None, holder),
        "slot": full_presentation(given, 1250, 1250, slot_mode, static, SLOT, holder),
        "bearer": bearer_presentation(world.coupon(1)),
    }


def a_permit(world: World) -> bytes:
    fields = permit.numbered(
        UID, TERMINAL, issuer=7, serial=77_000_001, limit_minor=20_000, currency=156, scope=4660,
        not_after_unix_s=NOW + 86_400, lifetime_h=96,
    )  # fmt: skip
    return permit.sign_permit(fields, world.signer("issuer"))


def by_number(world: World) -> dict[str, Any]:
    """A card's number, as the terminal writes it down; no carrier brings it."""
    taken = Numbered(permit.decode_permit(a_permit(world)), 1250, 1250)
    return {"number": UID.hex(), "terminal": TERMINAL, **described(taken.encode())}


def described(data: bytes) -> dict[str, Any]:
    one = decode_presentation(data)
    name = [one.coupon_id.issuer, one.coupon_id.serial, one.spend.from_minor]
    return {
        "bytes": data.hex(),
        "size": len(data),
        "spend_id": [*name, one.spend.amount_minor],
        "spend_digest": spend_digest(one).hex(),
        "check_code": check_code(data),
        "text": text.to_text(text.PRESENTATION, data),
    }


def respelled(message: bytes, at: int, value: Any) -> bytes:
    """A COSE message with one field of its payload replaced (the signature left as it was)."""
    items = cbor2.loads(message)
    payload = cbor2.loads(items[2])
    payload[at : at + 1] = [] if value is ... else [value]
    return cbor2.dumps([b"", {}, cbor2.dumps(payload), items[3]])


def invalid(world: World) -> list[dict[str, str]]:
    given, made = world.coupon(), presentations(world)
    full, short = cbor2.loads(made["full"]), cbor2.loads(made["alone"])
    request = cbor2.loads(REQUEST.encode())
    cases: list[tuple[str, str, bytes, str]] = [
        ("coupon", "class 3", respelled(given, 0, 3), "coupon.kind"),
        ("coupon", "kind 16", respelled(given, 0, 16), "coupon.kind"),
        ("coupon", "kind true", respelled(given, 0, True), "coupon.payload"),
        ("coupon", "issuer 65536", respelled(given, 1, 65_536), "coupon.issuer"),
        ("coupon", "serial 2^32", respelled(given, 2, 2**32), "coupon.serial"),
        ("coupon", "no key", respelled(given, 3, None), "coupon.key"),
        ("coupon", "key of 31 bytes", respelled(given, 3, bytes(31)), "coupon.key"),
        ("coupon", "key of small order", respelled(given, 3, b"\1" + bytes(31)), "coupon.key"),
        ("coupon", "negative limit", respelled(given, 4, -1), "coupon.payload"),
        ("coupon", "limit 2^53", respelled(given, 4, 2**53), "coupon.payload"),
        ("coupon", "limit 1.0", respelled(given, 4, 1.0), "coupon.payload"),
        ("coupon", "currency 1000", respelled(given, 5, 1000), "coupon.currency"),
        ("coupon", "scope as text", respelled(given, 6, "4660"), "coupon.scope"),
        ("coupon", "begins before 1970", respelled(given, 7, 3600), "coupon.lifetime"),
        ("coupon", "lifetime missing", respelled(given, 8, ...), "coupon.payload"),
        ("coupon", "bearer with a key", respelled(given, 0, 1), "coupon.key"),
        ("coupon", "bearer attested", respelled(world.coupon(1), 0, 5), "coupon.kind"),
        ("coupon", "bearer of nothing", respelled(world.coupon(1), 4, 0), "coupon.limit"),
        ("coupon", "tagged", cbor2.loads(b"\xd2" + given) and b"\xd2" + given, "coupon"),
        ("coupon", "a byte after the end", given + b"\0", "coupon"),
        ("coupon", "cut short", given[:-1], "coupon"),
        ("presentation", "kind 5", cbor2.dumps([5, *full[1:]]), "presentation.kind"),
        ("presentation", "empty array", b"\x80", "presentation.kind"),
        ("presentation", "no array", b"\x01", "presentation"),
        ("presentation", "amount 0", cbor2.dumps([*full[:3], 0, *full[4:]]), "spend.amount"),
        ("presentation", "mode 18", cbor2.dumps([*full[:4], 18, full[5]]), "spend.mode"),
        ("presentation", "interval ends above 2^53 - 1",
         cbor2.dumps([*full[:2], 2**53 - 1, *full[3:]]), "spend.amount"),
        ("presentation", "signature of 63", cbor2.dumps([*full[:5], bytes(63)]),
         "spend.signature"),
        ("presentation", "signature as text", cbor2.dumps([*full[:5], "s"]), "spend.signature"),
        ("presentation", "alone, issuer 65536", cbor2.dumps([2, 65_536, *short[2:]]),
         "spend.issuer"),
        ("presentation", "alone, one field more", cbor2.dumps([*short, 0]), "presentation"),
        ("presentation", "holder-bound without a spend", b"\x82\x03" + given,
         "presentation.coupon"),
        ("presentation", "bearer coupon with a spend",
         cbor2.dumps([1, cbor2.loads(world.coupon(1)), *full[2:]]), "presentation.coupon"),
        ("presentation", "protected header h'a0'",
         cbor2.dumps([1, [b"\xa0", *full[1][1:]], *full[2:]]), "coupon.protected"),
        ("presentation", "256 bytes", bytes(256), "presentation"),
        ("request", "kind 3", cbor2.dumps([3, *request[1:]]), "request.kind"),
        ("request", "nonce of 7", cbor2.dumps([*request[:4], bytes(7), 0]), "request.nonce"),
        ("request", "ask 2", cbor2.dumps([*request[:5], 2]), "request.ask"),
        ("request", "terminal 2^32", cbor2.dumps([1, 2**32, *request[2:]]), "request.terminal"),
        ("request", "static with an amount", cbor2.dumps([2, TERMINAL, 156, 5]), "request"),
        ("request", "amount in more bytes than it needs",
         bytes.fromhex("86011a0001e240189c1a000004e2480102030405060708") + b"\0", "request"),
    ]  # fmt: skip
    return [
        {"decoder": decoder, "what": what, "bytes": data.hex(), "field": field}
        for decoder, what, data, field in cases
    ]


def vectors(algorithm: str) -> dict[str, Any]:
    world = World(algorithm)
    card = a_payee_card(world)
    asked = text.ask_bytes(REQUEST.encode(), card)
    return {
        "origin": " ".join((__doc__ or "").split("Origin:")[1].split()),
        "algorithm": algorithm,
        "now_unix_s": NOW,
        "slot": SLOT,
        "keys": {
            role: {
                "secret": world.secret(role).hex(),
                "public": world.signer(role).public_key.hex(),
            }
            for role in ROLES
        },
        "request": REQUEST.encode().hex(),
        "static": STATIC.encode().hex(),
        "ask": {"bytes": asked.hex(), "text": text.to_text(text.ASK, asked)},
        "coupon_digest": coupon.decode_coupon(world.coupon()).digest.hex(),
        "objects": objects(world),
        "presentations": {name: described(data) for name, data in presentations(world).items()},
        "by_number": by_number(world),
        "invalid": invalid(world),
    }


def main() -> None:
    for name, algorithm in (("ed25519", "Ed25519"), ("p256", "P-256")):
        content = json.dumps(vectors(algorithm), indent=1, ensure_ascii=False)
        (HERE / f"{name}.json").write_text(content + "\n", "utf-8")


if __name__ == "__main__":
    main()
