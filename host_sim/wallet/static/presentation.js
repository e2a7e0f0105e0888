// A presentation: what this phone answers, coupon and spend or the spend alone; the exact bytes of
// docs/protocol/money.md, "Spend". The twin of terminal/payment/{spend,presentation}.py.

import { join, sha256 } from "./bytes.js";
import { decode, encode, expectArray, expectBytes, expectUint, MAX_UINT } from "./cbor.js";
import { ESP256, externalAad, SIGNATURE_SIZE } from "./cose.js";
import { BEARER, couponFromValue, U16, U32 } from "./coupon.js";
import { DecodeError } from "./errors.js";

export const PURPOSE = "kumquat.spend.1";
export const MAX_SIZE = 255;
const MAX_MODE = 17;
const [FULL, ALONE, WHOLE] = [1, 2, 3];

/** `mode` bit 0: the device verified its user; above it the slot mod 8, plus 1; 0 for a nonce. */
export function modeOf(userVerified, slot) {
  return (userVerified ? 1 : 0) | (slot === null ? 0 : ((slot % 8) + 1) << 1);
}

export function spendPayload({ fromMinor, amountMinor, mode }) {
  return encode([fromMinor, amountMinor, mode]);
}

/** What a P-256 holder signs besides the spend. */
export function spendAad(requestBytes, slot, couponDigest) {
  return externalAad(PURPOSE, ESP256, requestBytes, slot, couponDigest);
}

export function fullPresentation(couponBytes, spend, signature) {
  return join(Uint8Array.of(0x86, FULL), couponBytes, ...spendParts(spend, signature));
}

export function alonePresentation({ issuer, serial }, spend, signature) {
  const id = [encode(issuer), encode(serial)];
  return join(Uint8Array.of(0x87, ALONE), ...id, ...spendParts(spend, signature));
}

function spendParts({ fromMinor, amountMinor, mode }, signature) {
  return [fromMinor, amountMinor, mode, signature].map(encode);
}

/** SHA-256 over the spend's identity and payload: what an ack answers. */
export function spendDigest({ issuer, serial }, spend) {
  return sha256(encode([issuer, serial, spendPayload(spend)]));
}

/** The three digits that both screens show. */
export function checkCode(digest) {
  const number = digest.slice(0, 8).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return String(number % 1000n).padStart(3, "0");
}

/** {kind, issuer, serial, spend, signature}; nothing is verified. */
export function decodePresentation(bytes) {
  const items = expectArray(decode(bytes, "presentation", MAX_SIZE), "presentation");
  const kind = items.length ? expectUint(items[0], "presentation.kind", WHOLE) : 0;
  if (kind === FULL) return decodeFull(expectArray(items, "presentation", 6));
  if (kind === ALONE) return decodeAlone(expectArray(items, "presentation", 7));
  if (kind === WHOLE) return decodeBearer(expectArray(items, "presentation", 2));
  throw new DecodeError("presentation.kind", "unknown kind of presentation");
}

function decodeFull(items) {
  const coupon = couponFromValue(items[1]);
  if ((coupon.kind & 3) === BEARER) {
    throw new DecodeError("presentation.coupon", "a bearer coupon has no holder to sign a spend");
  }
  return { kind: "full", issuer: coupon.issuer, serial: coupon.serial, ...decodeSpend(items.slice(2)) };
}

function decodeAlone(items) {
  const issuer = expectUint(items[1], "spend.issuer", U16);
  const serial = expectUint(items[2], "spend.serial", U32);
  return { kind: "alone", issuer, serial, ...decodeSpend(items.slice(3)) };
}

function decodeBearer(items) {
  const { kind, issuer, serial, limitMinor } = couponFromValue(items[1]);
  if ((kind & 3) !== BEARER) {
    throw new DecodeError("presentation.coupon", "only a bearer coupon goes without a spend");
  }
  const spend = { fromMinor: 0, amountMinor: limitMinor, mode: 0 };
  return { kind: "bearer", issuer, serial, spend, signature: null };
}

function decodeSpend([from, amount, mode, signature]) {
  const spend = {
    fromMinor: expectUint(from, "spend.from"),
    amountMinor: expectUint(amount, "spend.amount", MAX_UINT, 1),
    mode: expectUint(mode, "spend.mode", MAX_MODE),
  };
  if (spend.fromMinor > MAX_UINT - spend.amountMinor) {
    throw new DecodeError("spend.amount", "ends above 2^53 - 1");
  }
  return { spend, signature: expectBytes(signature, "spend.signature", SIGNATURE_SIZE) };
}
