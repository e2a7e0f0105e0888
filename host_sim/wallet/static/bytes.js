// Byte strings: hex, base32 (RFC 4648, 6), comparison, joining, SHA-256.

import { DecodeError } from "./errors.js";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export function toHex(data) {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fromHex(text, field) {
  const digits = text.replace(/\s+/g, "").toLowerCase();
  if (!/^([0-9a-f]{2})+$/.test(digits)) throw new DecodeError(field, "not hex");
  return Uint8Array.from(digits.match(/../g), (pair) => Number.parseInt(pair, 16));
}

export function toBase32(data) {
  let [text, held, bits] = ["", 0, 0];
  for (const byte of data) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(held >> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits ? text + BASE32[(held << (5 - bits)) & 31] : text;
}

/** The caller compares with `toBase32` of the result, so that there is one spelling. */
export function fromBase32(text) {
  const data = new Uint8Array(Math.floor((text.length * 5) / 8));
  let [at, held, bits] = [0, 0, 0];
  for (const letter of text) {
    held = (held << 5) | BASE32.indexOf(letter);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      data[at++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return data;
}

export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function same(one, other) {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

export async function sha256(data) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}
