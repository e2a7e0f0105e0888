// The wallet's rules (docs/protocol/money.md, "Balance"; docs/protocol/wallet.md), the same as the
// Python phone's:
// - A balance only moves forward: the interval of a new spend begins where the last one ended. It is
//   stored before it is signed, and the signature before it leaves.
// - A request has one answer. The same request gives the same bytes, after a crash too; the only
//   other spelling is the full one, when a terminal says *coupon unknown here*.
// - A spend goes alone only to a terminal that acknowledged this coupon before.
// Invariant: no two different intervals of a coupon that were ever signed overlap, whatever number
// of tabs is open.

import { same, sha256, toHex } from "./bytes.js";
import { encode } from "./cbor.js";
import { ALREADY_PAID, decodeAck, DECLINED, verifyAck } from "./ack.js";
import { decodeCoupon, digestOf, HOLDER_BOUND, nameOf } from "./coupon.js";
import { SignatureInvalid, WalletError } from "./errors.js";
import { makeKey, sign } from "./keys.js";
import { trustedName } from "./payee.js";
import {
  alonePresentation, checkCode, fullPresentation, modeOf, spendAad, spendDigest, spendPayload,
} from "./presentation.js";
import { SLOT_S } from "./request.js";

const LOCK = "kumquat-wallet-spend";
const MAX_KEYS = 200;
/** How far back an ack may reach. */
const RECENT_PAYMENTS = 8;

export class Wallet {
  /** `payeeKey`: the host's, 32 or 33 bytes, or null; `journalKeys`: by terminal, what is known. */
  constructor(store, { payeeKey = null, journalKeys = new Map() } = {}) {
    this.store = store;
    this.payeeKey = payeeKey;
    this.journalKeys = journalKeys;
  }

  /** The public half, 33 bytes, of a key for a coupon to come: one that waits, or a new one. */
  keyForNextCoupon() {
    return navigator.locks.request(LOCK, async () => {
      const [keys, coupons] = [await this.store.keys(), await this.store.coupons()];
      const taken = new Set(coupons.map((coupon) => toHex(coupon.publicKey)));
      const waiting = keys.find((key) => !taken.has(key.id));
      if (waiting) return waiting.publicKey;
      if (keys.length >= MAX_KEYS) throw new WalletError("error.keys_full");
      const key = await makeKey();
      await this.store.addKey(key);
      return key.publicKey;
    });
  }

  /** Take a coupon in; taking the same one in again changes nothing. */
  receive(bytes) {
    return navigator.locks.request(LOCK, async () => {
      const coupon = decodeCoupon(bytes);
      if ((coupon.kind & 3) !== HOLDER_BOUND) throw new WalletError("error.coupon_class");
      if (!(await this.store.key(coupon.key))) throw new WalletError("error.coupon_key");
      for (const held of await this.holdings()) {
        const [sameKey, sameName] = [same(held.coupon.key, coupon.key), held.id === nameOf(coupon)];
        if (sameKey && sameName && same(held.coupon.payload, coupon.payload)) return held;
        if (sameKey) throw new WalletError("error.key_taken");
        if (sameName) throw new WalletError("error.coupon_name");
      }
      await this.store.addCoupon(nameOf(coupon), bytes, coupon.key);
      return this.#holding(nameOf(coupon));
    });
  }

  /** Every coupon in the order they came: {id, coupon, nextMinor, remainingMinor}. */
  async holdings() {
    const rows = await this.store.coupons();
    return rows.sort((one, other) => one.number - other.number).map(holdingOf);
  }

  async #holding(id) {
    return holdingOf(await this.store.coupon(id));
  }

  /**
   * The coupon that would pay: valid, in that currency, large enough, the first to expire.
   * Raises WalletError where there is none.
   */
  async choose(currency, amountMinor, nowUnixS) {
    const able = (await this.holdings()).filter(({ coupon, remainingMinor }) =>
      coupon.currency === currency && remainingMinor >= amountMinor &&
      coupon.notBefore <= nowUnixS && nowUnixS <= coupon.notAfter);
    if (!able.length) throw new WalletError("error.no_coupon");
    return able.reduce((one, other) => other.coupon.notAfter < one.coupon.notAfter ? other : one);
  }

  /** The answer to a request, stored first and then released. `request` is from decodeRequest. */
  pay(request, { nowUnixS, amountMinor = request.amountMinor, full = false }) {
    return navigator.locks.request(LOCK, async () => {
      if (!Number.isSafeInteger(amountMinor) || amountMinor < 1) {
        throw new WalletError("error.amount");
      }
      const slot = request.printed ? Math.floor(nowUnixS / SLOT_S) : null;
      const digest = await sha256(encode([request.bytes, slot, amountMinor]));
      let answer = await this.store.answer(digest);
      const repeated = Boolean(answer?.signature);
      answer ??= await this.#reserve(request, slot, amountMinor, digest, full, nowUnixS);
      if (full && !answer.full) {
        await this.store.forget(answer.terminal, answer.coupon);
        answer = await this.store.spellOut(answer.number);
      }
      return this.#release(await this.#signed(answer), repeated);
    });
  }

  async #reserve(request, slot, amountMinor, digest, full, nowUnixS) {
    const { id, coupon, nextMinor } = await this.choose(request.currency, amountMinor, nowUnixS);
    const { terminal, currency } = request;
    const alone = !full && (await this.store.isKnown(terminal, id));
    const spend = { fromMinor: nextMinor, amountMinor, mode: modeOf(false, slot) };
    const question = {
      digest, request: request.bytes, slot, terminal, currency, coupon: id, spend, full: !alone,
      signature: null, ack: null, ackVerified: false, unixS: nowUnixS,
    };
    return this.store.reserve(question, coupon.limitMinor);
  }

  /** The answer with its signature, made now where a crash cut it off. */
  async #signed(answer) {
    if (answer.signature) return answer;
    const { coupon } = await this.#holding(answer.coupon);
    const key = await this.store.key(coupon.key);
    const aad = spendAad(answer.request, answer.slot, await digestOf(coupon));
    const signature = await sign(key.privateKey, spendPayload(answer.spend), aad);
    return this.store.keepSignature(answer.number, signature);
  }

  async #release(answer, repeated) {
    const { coupon } = await this.#holding(answer.coupon);
    const { spend, signature } = answer;
    const presentation = answer.full
      ? fullPresentation(coupon.bytes, spend, signature)
      : alonePresentation(coupon, spend, signature);
    const digest = await spendDigest(coupon, spend);
    return { ...answer, presentation, spendDigest: digest, code: checkCode(digest), repeated };
  }

  /**
   * Take a terminal's ack for a recent payment: {ack, payment, verified}. With the terminal's
   * journal key it is verified; without it, it is believed to answer the last payment, which at
   * worst costs a *coupon unknown here*. Raises SignatureInvalid, WalletError, DecodeError.
   */
  async hearAck(bytes) {
    const ack = decodeAck(bytes);
    const recent = await this.payments(RECENT_PAYMENTS);
    if (!recent.length) throw new WalletError("error.nothing_paid");
    const verified = this.journalKeys.has(recent[0].terminal);
    const payment = verified ? await this.#answered(bytes, recent) : recent[0];
    await this.store.keepAck(payment.number, bytes, verified);
    if (ack.status !== DECLINED) await this.store.know(payment.terminal, payment.coupon);
    return { ack, payment, verified, accepted: ack.status !== DECLINED, again: ack.status === ALREADY_PAID };
  }

  async #answered(bytes, recent) {
    for (const payment of recent) {
      const key = this.journalKeys.get(payment.terminal);
      try {
        if (key) await verifyAck(bytes, key, payment.terminal, payment.spendDigest);
      } catch (error) {
        if (error instanceof SignatureInvalid) continue;
        throw error;
      }
      if (key) return payment;
    }
    throw new SignatureInvalid("the ack answers none of the recent payments");
  }

  /** The name to show for a request: from a card just read or kept; null: *unknown payee*. */
  async payeeName(request, cardBytes, nowUnixS) {
    const slot = `payee-card-${request.terminal}-${request.currency}`;
    for (const card of [cardBytes, await this.store.kept(slot)]) {
      const name = await trustedName(card, this.payeeKey, request, nowUnixS);
      if (name === null) continue;
      if (card === cardBytes) await this.store.keep(slot, card);
      return name;
    }
    return null;
  }

  /** The last payments that were released, newest first. */
  async payments(count = 50) {
    const signed = (await this.store.answers(count)).filter((answer) => answer.signature);
    return Promise.all(signed.map((answer) => this.#release(answer, true)));
  }
}

function holdingOf(row) {
  const coupon = decodeCoupon(row.bytes);
  const { id, nextMinor } = row;
  return { id, coupon, nextMinor, remainingMinor: coupon.limitMinor - nextMinor };
}
