"""The page's own CBOR, COSE and presentations against the vectors that hold for everybody."""

from __future__ import annotations

from typing import Any

import pytest

from terminal.crypto.keys import parse_public_key
from terminal.money import CURRENCIES
from terminal.payment.coupon import decode_coupon
from terminal.payment.spend import Spend, verify_spend
from tests.host_sim.wallet.phones import IN_BROWSER, Phone, vectors

pytestmark = IN_BROWSER
P256 = vectors("p256")
DECODE = """
const decoders = {
  coupon: (await at("coupon")).decodeCoupon,
  request: (await at("request")).decodeRequest,
  presentation: (await at("presentation")).decodePresentation,
};
"""


def test_every_message_has_the_same_bytes_here(phone: Phone) -> None:
    found = phone.run(
        """const { decode, encode } = await at("cbor");
        const { assemble, sigStructure, unpack1 } = await at("cose");
        return given[0].map((one) => {
          const { payload, signature } = unpack1(fromHex(one.message), "m", 70000);
          const value = decode(payload, "p", 70000);
          return { payload: toHex(payload), again: toHex(encode(value)),
                   message: toHex(assemble(payload, signature)),
                   size: sigStructure(payload, fromHex(one.external_aad)).length };
        });""",
        P256["objects"],
    )
    for one, made in zip(P256["objects"], found, strict=True):
        assert made["payload"] == made["again"] == one["payload"], one["what"]
        assert made["message"] == one["message"], one["what"]


def test_every_presentation_is_rebuilt_byte_for_byte(phone: Phone) -> None:
    found = phone.run(
        """const { alonePresentation, checkCode, decodePresentation, fullPresentation, modeOf,
          spendAad, spendDigest, spendPayload } = await at("presentation");
        const { decodeCoupon, digestOf } = await at("coupon");
        const { toText } = await at("request");
        const [file] = given;
        const coupon = decodeCoupon(fromHex(file.objects[0].message));
        const outcome = {};
        for (const name of ["full", "alone", "slot"]) {
          const bytes = fromHex(file.presentations[name].bytes);
          const { spend, signature } = decodePresentation(bytes);
          const slot = name === "slot" ? file.slot : null;
          const digest = await spendDigest(coupon, spend);
          outcome[name] = {
            bytes: toHex(name === "alone" ? alonePresentation(coupon, spend, signature)
              : fullPresentation(coupon.bytes, spend, signature)),
            text: toText("KQP", bytes), spend_digest: toHex(digest), check_code: checkCode(digest),
            mode: modeOf(name === "slot", slot) === spend.mode,
            payload: toHex(spendPayload(spend)),
            aad: toHex(spendAad(fromHex(name === "slot" ? file.static : file.request), slot,
              await digestOf(coupon))),
          };
        }
        outcome.digest = toHex(await digestOf(coupon));
        return outcome;""",
        P256,
    )
    assert found["digest"] == P256["coupon_digest"]
    spends = {one["what"]: one for one in P256["objects"]}
    for name in ("full", "alone", "slot"):
        made, wanted = found[name], P256["presentations"][name]
        for key in ("bytes", "text", "spend_digest", "check_code"):
            assert made[key] == wanted[key], (name, key)
        spend = spends["spend in a slot" if name == "slot" else "spend"]
        assert (made["payload"], made["aad"]) == (spend["payload"], spend["external_aad"])
        assert made["mode"]


def test_what_the_page_signs_verifies_on_the_terminal(phone: Phone) -> None:
    public_key, signature, from_minor, amount_minor, mode = phone.run(
        """const [file] = given;
        const { makeKey, sign } = await at("keys");
        const { decodePresentation, spendAad, spendPayload } = await at("presentation");
        const key = await makeKey();
        const { spend } = decodePresentation(fromHex(file.presentations.full.bytes));
        const aad = spendAad(fromHex(file.request), null, fromHex(file.coupon_digest));
        const signature = await sign(key.privateKey, spendPayload(spend), aad);
        return [toHex(key.publicKey), toHex(signature), spend.fromMinor, spend.amountMinor,
          spend.mode];""",
        P256,
    )
    verify_spend(
        Spend(from_minor, amount_minor, mode),
        bytes.fromhex(signature),
        holder_key=parse_public_key(bytes.fromhex(public_key), "holder key"),
        request_bytes=bytes.fromhex(P256["request"]),
        slot=None,
        coupon_digest=bytes.fromhex(P256["coupon_digest"]),
    )


@pytest.mark.parametrize("name", ["p256", "ed25519"])
def test_forms_that_must_be_refused_are_refused_for_the_same_field(phone: Phone, name: str) -> None:
    wrong: list[dict[str, Any]] = vectors(name)["invalid"]
    mine = [one for one in wrong if one["decoder"] in ("coupon", "request", "presentation")]
    found = phone.run(
        DECODE
        + """return given[0].map((one) => {
          try { decoders[one.decoder](fromHex(one.bytes)); return null; }
          catch (error) { return error.field ?? String(error); }
        });""",
        mine,
    )
    assert {one["what"]: field for one, field in zip(mine, found, strict=True)} == {
        one["what"]: one["field"] for one in mine
    }


def test_names_keys_and_acks_are_believed_only_with_their_signature(phone: Phone) -> None:
    for file in (P256, vectors("ed25519")):
        by_name = {one["what"]: one for one in file["objects"]}
        name, other, acked, damaged = phone.run(
            """const [file, payee, ack] = given;
            const { trustedName } = await at("payee");
            const { verifyAck } = await at("ack");
            const { decodeRequest } = await at("request");
            const request = decodeRequest(fromHex(file.request));
            const key = fromHex(file.keys.payee.public);
            const digest = fromHex(file.presentations.full.spend_digest);
            const journal = fromHex(file.keys.journal.public);
            const said = async (bytes) => verifyAck(bytes, journal, request.terminal, digest)
              .then(() => "verified", (error) => error.name);
            const bent = fromHex(ack); bent[bent.length - 1] ^= 1;
            return [
              await trustedName(fromHex(payee), key, request, file.now_unix_s),
              await trustedName(fromHex(payee), fromHex(file.keys.device.public), request, 0),
              await said(fromHex(ack)), await said(bent),
            ];""",
            file,
            by_name["payee"]["message"],
            by_name["ack"]["message"],
        )
        assert name == "Wang's Fruit 王氏水果"
        assert other is None
        assert (acked, damaged) == ("verified", "SignatureInvalid")


def test_a_bad_public_key_never_becomes_a_key(phone: Phone) -> None:
    keys = vectors("keys")
    found = phone.run(
        """const { checkPublicKey } = await at("keys");
        return given[0].map((hex) => {
          try { checkPublicKey(hex ? fromHex(hex, "key") : new Uint8Array(0), "key"); return true; }
          catch (error) { return false; }
        });""",
        [one["key"] for one in (*keys["refused"], *keys["accepted"])],
    )
    assert found == [False] * len(keys["refused"]) + [True] * len(keys["accepted"])


def test_a_key_made_here_is_a_key_and_cannot_be_read(phone: Phone) -> None:
    public_key, extractable = phone.run(
        """const { makeKey } = await at("keys");
        const key = await makeKey();
        return [toHex(key.publicKey), key.privateKey.extractable];"""
    )
    assert len(parse_public_key(bytes.fromhex(public_key), "key").data) == 33
    assert extractable is False


def test_the_key_that_is_kept_for_a_coupon_signs_and_leaves_in_no_format(phone: Phone) -> None:
    public_key = decode_coupon(phone.buy()).fields.holder_key
    assert public_key is not None
    said = phone.run(
        """const { privateKey } = await (await openWallet()).store.key(fromHex(given[0]));
        const leaves = (format) => crypto.subtle.exportKey(format, privateKey).then(
          () => "left", (error) => error.name);
        const { type, extractable, usages } = privateKey;
        return [type, extractable, usages, await Promise.all(["pkcs8", "jwk"].map(leaves))];""",
        public_key.data.hex(),
    )
    assert said == ["private", False, ["sign"], ["InvalidAccessError"] * 2]


def test_the_table_of_currencies_is_the_terminals(phone: Phone) -> None:
    found = phone.run("""return [...(await at("money")).CURRENCIES];""")
    wanted = [[one.number, [one.letters, one.exponent]] for one in CURRENCIES.values()]
    assert found == wanted


def test_every_language_has_every_word_with_the_same_places(phone: Phone) -> None:
    tables = phone.run(
        """const { LANGUAGES } = await at("words");
        const places = (text) => (text.match(/\\{\\w+\\}/g) ?? []).sort().join();
        return Object.values(LANGUAGES).map(({ table }) =>
          Object.fromEntries(Object.entries(table).map(([key, text]) => [key, places(text)])));"""
    )
    assert tables[0] == tables[1]


def test_a_coupon_is_read_as_the_terminal_reads_it(phone: Phone) -> None:
    message = bytes.fromhex(P256["objects"][0]["message"])
    wanted = decode_coupon(message)
    found = phone.run(
        """const { decodeCoupon, nameOf } = await at("coupon");
        const one = decodeCoupon(fromHex(given[0]));
        return [nameOf(one), one.limitMinor, one.currency, one.notAfter, one.notBefore];""",
        message.hex(),
    )
    fields = wanted.fields
    name = f"{wanted.id.issuer}/{wanted.id.serial}"
    times = [fields.not_after_unix_s, fields.not_before_unix_s]
    assert found == [name, fields.limit_minor, fields.currency, *times]
