"""The wallet's rules in a real browser: one answer a request, intervals that never overlap."""

from __future__ import annotations

import time
from typing import Any

from terminal.payment.ack import Ack, AckStatus, sign_ack
from terminal.payment.coupon import CouponId
from terminal.payment.presentation import (
    Alone,
    Full,
    check_code,
    decode_presentation,
    spend_digest,
)
from terminal.payment.request import SLOT_S, StaticRequest
from terminal.payment.spend import verify_spend
from tests.host_sim.wallet.phones import IN_BROWSER, JOURNAL, TERMINAL, Phone, a_request

pytestmark = IN_BROWSER
PAY = """
const { decodeRequest } = await at("request");
const wallet = await openWallet(given[1] ?? {});
const pay = async (hex, more = {}) => {
  const made = await wallet.pay(decodeRequest(fromHex(hex)), { nowUnixS: now(), ...more });
  return { bytes: toHex(made.presentation), code: made.code, repeated: made.repeated };
};
const refused = (promise) => promise.then(() => null, (error) => error.key ?? String(error));
"""


def test_the_terminal_takes_what_the_page_answers(phone: Phone) -> None:
    coupon = phone.buy()
    request = a_request()
    made = phone.run(PAY + "return pay(given[0]);", request.encode().hex())
    data = bytes.fromhex(made["bytes"])
    presentation = decode_presentation(data)
    assert isinstance(presentation, Full)
    assert presentation.coupon.encode() == coupon
    holder = presentation.coupon.fields.holder_key
    assert holder is not None
    verify_spend(
        presentation.spend, presentation.signature, holder_key=holder,
        request_bytes=request.encode(), slot=None, coupon_digest=presentation.coupon.digest,
    )  # fmt: skip
    assert (presentation.spend.from_minor, presentation.spend.amount_minor) == (0, 1_250)
    assert made["code"] == check_code(data)


def test_the_same_request_gives_the_same_bytes_after_a_restart_too(phone: Phone) -> None:
    phone.buy()
    request = a_request().encode().hex()
    first = phone.run(PAY + "return pay(given[0]);", request)
    phone.open()
    again = phone.run(PAY + "return Promise.all([pay(given[0]), pay(given[0])]);", request)
    assert [one["bytes"] for one in (first, *again)] == [first["bytes"]] * 3
    assert [one["repeated"] for one in (first, *again)] == [False, True, True]


def test_a_cut_between_the_interval_and_the_signature_signs_the_same_interval(
    phone: Phone,
) -> None:
    phone.buy()
    reserved = a_request(300)
    later, held = phone.run(
        PAY
        + """const { sha256 } = await at("bytes");
        const { encode } = await at("cbor");
        const request = decodeRequest(fromHex(given[0]));
        const digest = await sha256(encode([request.bytes, null, request.amountMinor]));
        const spend = { fromMinor: 0, amountMinor: request.amountMinor, mode: 0 };
        await wallet.store.reserve({ digest, request: request.bytes, slot: null,
          terminal: request.terminal, currency: 156, coupon: "9/1", spend, full: true,
          signature: null, ack: null, ackVerified: false, unixS: now() }, 20000);
        return [await pay(given[2]), await pay(given[0])];""",
        reserved.encode().hex(),
        {},
        a_request(500).encode().hex(),
    )
    spends = [decode_presentation(bytes.fromhex(one["bytes"])).spend for one in (later, held)]
    assert [(one.from_minor, one.amount_minor) for one in spends] == [(300, 500), (0, 300)]


def test_two_tabs_never_sign_intervals_that_overlap(phone: Phone) -> None:
    phone.buy(limit_minor=100_000)
    other = Phone(phone.page.context.new_page(), phone.url)
    other.page.goto(phone.url)
    requests = [a_request(100 + number).encode().hex() for number in range(40)]
    start = int((time.time() + 1) * 1000)
    script = (
        PAY
        + """
    await new Promise((resolve) => setTimeout(resolve, given[2] - Date.now()));
    return Promise.all(given[0].map((request) => pay(request)));"""
    )
    # Both tabs begin at the same moment: the first is started without waiting for its end.
    phone.run(
        f"window.answers = (async () => {{ {script} }})();", requests, {}, start,
    )  # fmt: skip
    theirs: list[dict[str, Any]] = other.run(script, list(reversed(requests)), {}, start)
    mine: list[dict[str, Any]] = phone.page.evaluate("window.answers")
    assert [one["bytes"] for one in mine] == [one["bytes"] for one in reversed(theirs)]
    spends = [decode_presentation(bytes.fromhex(one["bytes"])).spend for one in mine]
    end = 0
    for spend in sorted(spends, key=lambda one: one.from_minor):
        assert spend.from_minor == end
        end += spend.amount_minor
    assert end == sum(range(100, 140))


def test_two_tabs_without_the_browsers_lock_still_cannot_take_one_interval_twice(
    phone: Phone,
) -> None:
    phone.buy()
    outcome = phone.run(
        """const { Store } = await at("store");
        const stores = [await Store.open(), await Store.open()];
        const question = (number) => ({ digest: Uint8Array.of(number), coupon: "9/1",
          spend: { fromMinor: 0, amountMinor: 500, mode: 0 }, signature: null });
        return Promise.all(stores.map((store, number) =>
          store.reserve(question(number), 20000).then(() => "taken", (error) => error.key)));"""
    )
    assert sorted(outcome) == ["error.balance_moved", "taken"]


def test_more_than_the_coupon_holds_is_refused_and_nothing_moves(phone: Phone) -> None:
    phone.buy(limit_minor=1_000)
    refused, left = phone.run(
        PAY
        + """const said = await refused(pay(given[0]));
        return [said, (await wallet.holdings())[0].remainingMinor];""",
        a_request(1_001).encode().hex(),
    )
    assert (refused, left) == ("error.no_coupon", 1_000)


def test_only_an_acknowledged_coupon_goes_alone_and_is_spelled_out_on_demand(
    phone: Phone,
) -> None:
    phone.buy()
    first = phone.run(PAY + "return pay(given[0]);", a_request().encode().hex())
    answered = decode_presentation(bytes.fromhex(first["bytes"]))
    ack = sign_ack(Ack(AckStatus.ACCEPTED, 5, bytes(32)), TERMINAL, spend_digest(answered), JOURNAL)
    forged = sign_ack(Ack(AckStatus.ACCEPTED, 5, bytes(32)), TERMINAL, bytes(32), JOURNAL)
    known, alone, full, refused = phone.run(
        PAY
        + """wallet.journalKeys = new Map([[given[2], fromHex(given[3])]]);
        const wrong = await wallet.hearAck(fromHex(given[5])).catch((error) => error.name);
        const heard = await wallet.hearAck(fromHex(given[4]));
        const alone = await pay(given[0]);
        return [heard.verified, alone, await pay(given[0], { full: true }), wrong];""",
        a_request(777).encode().hex(), {}, TERMINAL, JOURNAL.public_key.hex(), ack.hex(),
        forged.hex(),
    )  # fmt: skip
    assert (known, refused) == (True, "SignatureInvalid")
    short, long = (decode_presentation(bytes.fromhex(one["bytes"])) for one in (alone, full))
    assert isinstance(short, Alone)
    assert isinstance(long, Full)
    assert (short.coupon_id, short.spend, short.signature) == (
        CouponId(9, 1), long.spend, long.signature,
    )  # fmt: skip


def test_a_printed_code_is_answered_for_its_minute(phone: Phone) -> None:
    phone.buy()
    static = StaticRequest(TERMINAL, 156)
    moment = int(time.time())
    made = phone.run(
        PAY + "return pay(given[0], { nowUnixS: given[2], amountMinor: 450 });",
        static.encode().hex(), {}, moment,
    )  # fmt: skip
    presentation = decode_presentation(bytes.fromhex(made["bytes"]))
    assert isinstance(presentation, Full)
    holder = presentation.coupon.fields.holder_key
    assert holder is not None
    verify_spend(
        presentation.spend, presentation.signature, holder_key=holder,
        request_bytes=static.encode(), slot=moment // SLOT_S,
        coupon_digest=presentation.coupon.digest,
    )  # fmt: skip


def test_a_coupon_of_another_key_is_refused(phone: Phone) -> None:
    foreign = phone.buy().hex()
    taken = phone.run(PAY + "return refused(wallet.receive(fromHex(given[0])));", foreign)
    assert taken is None
    phone.page.evaluate("indexedDB.deleteDatabase('kumquat-wallet')")
    phone.open()
    said = phone.run(PAY + "return refused(wallet.receive(fromHex(given[0])));", foreign)
    assert said == "error.coupon_key"


def test_a_shake_is_several_jerks_to_and_fro_and_a_step_is_none(phone: Phone) -> None:
    shaken, step, slow, one_way = phone.run(
        """const { ShakeDetector } = await at("shake");
        const feel = (jerks) => {
          const detector = new ShakeDetector();
          return jerks.filter(([x, ms]) => detector.feel({ x, y: 1, z: null }, ms)).length;
        };
        return [
          feel([[20, 0], [-20, 150], [20, 300], [-20, 450], [5, 500]]),
          feel([[25, 0], [-8, 300], [25, 1200]]),
          feel([[20, 0], [-20, 600], [20, 1200], [-20, 1800]]),
          feel([[20, 0], [20, 50], [20, 100], [20, 150]]),
        ];"""
    )
    assert (shaken, step, slow, one_way) == (1, 0, 0, 0)
