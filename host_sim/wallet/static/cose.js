// COSE_Sign1 as Kumquat writes it (RFC 9052, 4.2 and 4.4): exactly [h'', {}, payload, signature],
// the algorithm following from the key's length and standing in external_aad alone. The twin of
// terminal/crypto/cose.py.

import { join } from "./bytes.js";
import { arrayHead, encode, expectArray, expectBytes, decode, EMPTY_MAP } from "./cbor.js";
import { DecodeError } from "./errors.js";

export const ED25519 = -19;
export const ESP256 = -9;
export const SIGNATURE_SIZE = 64;
const PREFIX = Uint8Array.of(0x84, 0x40, 0xa0);
const ALGORITHM = new Map([[ED25519, Uint8Array.of(0x32)], [ESP256, Uint8Array.of(0x28)]]);

/** [purpose, algorithm, ...parts]: what a signature is for, beyond its payload. */
export function externalAad(purpose, algorithm, ...parts) {
  const body = parts.map(encode);
  return join(arrayHead(2 + parts.length), encode(purpose), ALGORITHM.get(algorithm), ...body);
}

/** The bytes that are signed. */
export function sigStructure(payload, aad) {
  return encode(["Signature1", new Uint8Array(0), aad, payload]);
}

/** The message around a payload and its 64-byte signature. */
export function assemble(payload, signature) {
  return join(PREFIX, encode(payload), encode(signature));
}

/** {payload, signature} of a message, nothing verified. */
export function unpack1(message, field, maxSize) {
  return unpack1Value(decode(message, field, maxSize), field);
}

/** As `unpack1`, for a message that was decoded as part of something larger. */
export function unpack1Value(value, field) {
  const items = expectArray(value, field, 4);
  expectBytes(items[0], `${field}.protected`, 0);
  if (items[1] !== EMPTY_MAP) throw new DecodeError(`${field}.unprotected`, "not an empty map");
  return {
    payload: expectBytes(items[2], `${field}.payload`),
    signature: expectBytes(items[3], `${field}.signature`, SIGNATURE_SIZE),
  };
}
