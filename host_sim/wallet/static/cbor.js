// The deterministic subset of CBOR that everything signed is written in (RFC 8949, 4.2.1): unsigned
// integers to 2^53 - 1, byte strings, text, arrays, null and the empty map. The twin of
// terminal/crypto/cbor.py. Invariant: encode(decode(data)) equals data for whatever is accepted.

import { join } from "./bytes.js";
import { DecodeError } from "./errors.js";

export const EMPTY_MAP = Object.freeze({ map: "empty" });
export const MAX_UINT = Number.MAX_SAFE_INTEGER;
export const MAX_DEPTH = 8;
const [UINT, BYTES, TEXT, ARRAY] = [0, 2, 3, 4];
const NULL = 0xf6;
const MAP_OF_NOTHING = 0xa0;

/** The one spelling of a number, Uint8Array, string, null, EMPTY_MAP, or an array of them. */
export function encode(value) {
  if (value === null) return Uint8Array.of(NULL);
  if (value === EMPTY_MAP) return Uint8Array.of(MAP_OF_NOTHING);
  if (value instanceof Uint8Array) return join(head(BYTES, value.length), value);
  if (Array.isArray(value)) return join(head(ARRAY, value.length), ...value.map(encode));
  if (typeof value === "string") {
    const text = new TextEncoder().encode(value);
    return join(head(TEXT, text.length), text);
  }
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError("no place in our CBOR");
  return head(UINT, value);
}

/** What stands before the items of an array, for arrays joined from encoded items. */
export function arrayHead(count) {
  return head(ARRAY, count);
}

function head(major, argument) {
  const first = major << 5;
  if (argument < 24) return Uint8Array.of(first | argument);
  const size = argument < 0x100 ? 1 : argument < 0x10000 ? 2 : argument < 0x100000000 ? 4 : 8;
  const data = new Uint8Array(1 + size);
  data[0] = first | (24 + Math.log2(size));
  for (let at = size, left = argument; at > 0; at--, left = Math.floor(left / 256)) {
    data[at] = left % 256;
  }
  return data;
}

/** The value spelled by the whole of `data`; a DecodeError naming `field` otherwise. */
export function decode(data, field, maxSize) {
  if (data.length > maxSize) {
    throw new DecodeError(field, `${data.length} bytes where at most ${maxSize} are allowed`);
  }
  const [value, end] = item(data, 0, 0, field);
  if (end !== data.length) throw new DecodeError(field, `${data.length - end} bytes after the end`);
  return value;
}

function item(data, at, depth, field) {
  if (at >= data.length) throw new DecodeError(field, "cut short");
  if (data[at] === NULL) return [null, at + 1];
  if (data[at] === MAP_OF_NOTHING) return [EMPTY_MAP, at + 1];
  const major = data[at] >> 5;
  if (![UINT, BYTES, TEXT, ARRAY].includes(major)) {
    throw new DecodeError(field, `byte ${data[at]} begins a type that is not allowed`);
  }
  const [argument, start] = argumentAt(data, at, field);
  if (major === UINT) return [argument, start];
  if (argument > data.length - start) throw new DecodeError(field, "cut short");
  if (major === ARRAY) return arrayAt(data, start, argument, depth, field);
  const content = data.slice(start, start + argument);
  return [major === BYTES ? content : textOf(content, field), start + argument];
}

function argumentAt(data, at, field) {
  const short = data[at] & 0x1f;
  if (short < 24) return [short, at + 1];
  if (short > 27) throw new DecodeError(field, "indefinite or reserved length");
  const size = 1 << (short - 24);
  const end = at + 1 + size;
  if (end > data.length) throw new DecodeError(field, "cut short");
  const argument = data.slice(at + 1, end).reduce((sum, byte) => sum * 256 + byte, 0);
  if (argument < (size === 1 ? 24 : 2 ** (4 * size))) {
    throw new DecodeError(field, "not the shortest spelling");
  }
  if (argument > MAX_UINT) throw new DecodeError(field, "integer above 2^53 - 1");
  return [argument, end];
}

function arrayAt(data, start, count, depth, field) {
  if (depth >= MAX_DEPTH) throw new DecodeError(field, `nested deeper than ${MAX_DEPTH}`);
  const items = [];
  let at = start;
  for (let number = 0; number < count; number++) {
    const [value, end] = item(data, at, depth + 1, field);
    items.push(value);
    at = end;
  }
  return [items, at];
}

function textOf(content, field) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw new DecodeError(field, "not UTF-8");
  }
}

/** `value` if it is an array (of exactly `size` items, where given). */
export function expectArray(value, field, size = null) {
  if (!Array.isArray(value)) throw new DecodeError(field, "not an array");
  if (size !== null && value.length !== size) {
    throw new DecodeError(field, `array of ${value.length} where ${size} items belong`);
  }
  return value;
}

/** `value` if it is an integer from `minimum` to `maximum`, both included. */
export function expectUint(value, field, maximum = MAX_UINT, minimum = 0) {
  if (typeof value !== "number") throw new DecodeError(field, "not an integer");
  if (value < minimum || value > maximum) {
    throw new DecodeError(field, `${value} is not within ${minimum} .. ${maximum}`);
  }
  return value;
}

/** `value` if it is a byte string of one of `sizes` (any, where none is given). */
export function expectBytes(value, field, ...sizes) {
  if (!(value instanceof Uint8Array)) throw new DecodeError(field, "not a byte string");
  if (sizes.length && !sizes.includes(value.length)) {
    throw new DecodeError(field, `${value.length} bytes where ${sizes.join(" or ")} belong`);
  }
  return value;
}

/** `value` if it is printable text of at most `maxBytes` bytes: people decide by it. */
export function expectText(value, field, maxBytes) {
  if (typeof value !== "string") throw new DecodeError(field, "not text");
  if (new TextEncoder().encode(value).length > maxBytes) throw new DecodeError(field, "too long");
  // As Python's str.isprintable: no control, format, surrogate, private, unassigned or separator.
  if (/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(value)) {
    throw new DecodeError(field, "text with characters that do not print");
  }
  return value;
}
