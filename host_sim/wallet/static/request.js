// What a terminal asks: by sound, in a QR code, or printed for ever; and the text form of it. Wire
// forms: docs/protocol/money.md, "Request", "Text". A request is unsigned: all of it is signed back.

import { fromBase32, toBase32 } from "./bytes.js";
import { decode, encode, expectArray, expectBytes, expectUint } from "./cbor.js";
import { MAX_CURRENCY, U32 } from "./coupon.js";
import { DecodeError } from "./errors.js";

export const SLOT_S = 60;
export const ASK = "KQR";
export const PRESENTATION = "KQP";
export const ACK = "KQA";
const MAX_SIZE = 32;
const MAX_TEXT_BYTES = 400;
const MAX_PAYEE_CARD = 200;

/** {bytes, terminal, currency, amountMinor, printed}; amountMinor is null in a printed request. */
export function decodeRequest(bytes) {
  const items = expectArray(decode(bytes, "request", MAX_SIZE), "request");
  const kind = items.length ? expectUint(items[0], "request.kind") : 0;
  if (kind !== 1 && kind !== 2) throw new DecodeError("request.kind", "unknown kind of request");
  expectArray(items, "request", kind === 1 ? 6 : 3);
  const terminal = expectUint(items[1], "request.terminal", U32);
  const currency = expectUint(items[2], "request.currency", MAX_CURRENCY);
  if (kind === 2) return { bytes, terminal, currency, amountMinor: null, printed: true };
  const amountMinor = expectUint(items[3], "request.amount");
  expectBytes(items[4], "request.nonce", 8);
  expectUint(items[5], "request.ask", 1);
  return { bytes, terminal, currency, amountMinor, printed: false };
}

/** What a KQR text carries: {request, payeeCard}; payeeCard is null where there is none. */
export function decodeAsk(bytes) {
  const items = expectArray(decode(bytes, "ask", MAX_TEXT_BYTES), "ask", 2);
  const request = expectBytes(items[0], "ask.request");
  const card = expectBytes(items[1], "ask.payee_card");
  if (request.length > MAX_SIZE) throw new DecodeError("ask.request", "too long");
  if (card.length > MAX_PAYEE_CARD) throw new DecodeError("ask.payee_card", "too long");
  return { request: decodeRequest(request), payeeCard: card.length ? card : null };
}

export function encodeAsk(request, payeeCard) {
  return encode([request, payeeCard ?? new Uint8Array(0)]);
}

/** `bytes` as text of one kind, for QR codes and keyboards. */
export function toText(kind, bytes) {
  return kind + toBase32(bytes);
}

/** {kind, bytes} of a line; white space around it is forgiven, nothing else is. */
export function fromText(line) {
  const text = line.trim();
  const [kind, body] = [text.slice(0, 3), text.slice(3)];
  if (![ASK, PRESENTATION, ACK].includes(kind)) {
    throw new DecodeError("text.kind", "does not begin with KQR, KQP or KQA");
  }
  if (body.length > Math.ceil((MAX_TEXT_BYTES * 8) / 5)) throw new DecodeError("text", "too long");
  if (!/^[A-Z2-7]*$/.test(body)) throw new DecodeError("text.body", "not base32 in upper case");
  const bytes = fromBase32(body);
  if (toText(kind, bytes) !== text) throw new DecodeError("text.body", "not the one spelling");
  return { kind, bytes };
}
