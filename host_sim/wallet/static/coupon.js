// A coupon: the issuer's word that the holder of a key may spend up to a limit. Wire form:
// docs/protocol/money.md, "Coupon". Nothing is verified here: terminals know the issuers.

import { sha256 } from "./bytes.js";
import { decode, expectArray, expectBytes, expectUint } from "./cbor.js";
import { unpack1, unpack1Value } from "./cose.js";
import { DecodeError } from "./errors.js";
import { checkPublicKey } from "./keys.js";

export const U16 = 0xffff;
export const U32 = 0xffffffff;
export const MAX_CURRENCY = 999;
export const HOLDER_BOUND = 0;
export const BEARER = 1;
const MAX_SIZE = 141;
const HOUR_S = 3600;

/** {bytes, payload, kind, issuer, serial, key, limitMinor, currency, scope, notBefore, notAfter}. */
export function decodeCoupon(bytes) {
  const { payload } = unpack1(bytes, "coupon", MAX_SIZE);
  return { bytes, ...fieldsOf(payload) };
}

/** As `decodeCoupon`, for one that was decoded as part of a presentation. */
export function couponFromValue(value) {
  return fieldsOf(unpack1Value(value, "coupon").payload);
}

function fieldsOf(payload) {
  const items = expectArray(decode(payload, "coupon.payload", MAX_SIZE), "coupon.payload", 9);
  const fields = {
    payload,
    kind: expectUint(items[0], "coupon.kind", 15),
    issuer: expectUint(items[1], "coupon.issuer", U16),
    serial: expectUint(items[2], "coupon.serial", U32),
    key: items[3] === null ? null : expectBytes(items[3], "coupon.key", 32, 33),
    limitMinor: expectUint(items[4], "coupon.limit"),
    currency: expectUint(items[5], "coupon.currency", MAX_CURRENCY),
    scope: expectUint(items[6], "coupon.scope", U32),
    notAfter: expectUint(items[7], "coupon.not_after", U32),
    lifetimeH: expectUint(items[8], "coupon.lifetime", U16),
  };
  check(fields);
  return { ...fields, notBefore: fields.notAfter - HOUR_S * fields.lifetimeH };
}

function check({ kind, key, limitMinor, notAfter, lifetimeH }) {
  const bearer = (kind & 3) === BEARER;
  if ((kind & 3) === 3) throw new DecodeError("coupon.kind", "no such class");
  if (bearer && key !== null) throw new DecodeError("coupon.key", "a bearer coupon has none");
  if (bearer && kind > 3) throw new DecodeError("coupon.kind", "nobody holds a bearer coupon");
  if (bearer && limitMinor < 1) throw new DecodeError("coupon.limit", "worth nothing");
  if (!bearer && key === null) throw new DecodeError("coupon.key", "missing");
  if (key !== null) checkPublicKey(key, "coupon.key");
  if (notAfter < HOUR_S * lifetimeH) throw new DecodeError("coupon.lifetime", "begins before 1970");
}

/** "issuer/serial", as the host prints it. */
export function nameOf(coupon) {
  return `${coupon.issuer}/${coupon.serial}`;
}

/** SHA-256 of the payload as it came. */
export function digestOf(coupon) {
  return sha256(coupon.payload);
}
