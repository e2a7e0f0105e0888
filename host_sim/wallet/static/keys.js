// Keys: a non-extractable P-256 key for each coupon (Web Cryptography API; the private half never
// exists as bytes), and public keys as they stand on the wire: 32 bytes Ed25519 (RFC 8032, 5.1.5)
// or 33 bytes P-256 (SEC 1, 2.3.3). Signatures are r || s, 64 bytes. The twin of
// terminal/crypto/keys.py.

import { DecodeError, SignatureInvalid } from "./errors.js";
import { ED25519, ESP256, externalAad, sigStructure, unpack1 } from "./cose.js";

const ECDSA = Object.freeze({ name: "ECDSA", namedCurve: "P-256" });
const SIGNING = Object.freeze({ name: "ECDSA", hash: "SHA-256" });

const P256 = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n; // SP 800-186, 3.2.1.3
const P256_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const P25519 = 2n ** 255n - 19n; // RFC 7748, 4.1
const D25519 = modulo(-121665n * power(121666n, P25519 - 2n, P25519), P25519);
const SMALL_ORDER_Y = new Set([
  0n, 1n, P25519 - 1n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
]);

function modulo(value, prime) {
  return ((value % prime) + prime) % prime;
}

function power(base, exponent, prime) {
  let [result, square] = [1n, modulo(base, prime)];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}

function integer(bytes) {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function bigEndian(value) {
  return Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * (31 - at))) & 255n));
}

/** Refuse what is no key: wrong length, off the curve, not canonical, of small order. */
export function checkPublicKey(data, field) {
  if (data.length === 33 && (data[0] === 2 || data[0] === 3)) pointOf(data, field);
  else if (data.length === 32) checkEd25519(data, field);
  else throw new DecodeError(field, "neither an Ed25519 nor a compressed P-256 key");
  return data;
}

/** The uncompressed point, 65 bytes, of a compressed one. */
function pointOf(data, field) {
  const x = integer(data.slice(1));
  const square = modulo(x * x * x - 3n * x + P256_B, P256);
  const root = power(square, (P256 + 1n) / 4n, P256);
  if (x >= P256 || (root * root) % P256 !== square) throw new DecodeError(field, "not a point of P-256");
  const y = (root & 1n) === BigInt(data[0] & 1) ? root : P256 - root;
  return Uint8Array.of(4, ...data.slice(1), ...bigEndian(y));
}

function checkEd25519(data, field) {
  const reversed = Uint8Array.from(data).reverse();
  reversed[0] &= 0x7f;
  const y = integer(reversed);
  if (y >= P25519) throw new DecodeError(field, "not canonical");
  if (SMALL_ORDER_Y.has(y)) throw new DecodeError(field, "small order");
  const numerator = modulo(y * y - 1n, P25519);
  const denominator = modulo(D25519 * y * y + 1n, P25519);
  const square = numerator * power(denominator, P25519 - 2n, P25519);
  if (power(square, (P25519 - 1n) / 2n, P25519) !== 1n) throw new DecodeError(field, "not on the curve");
}

/** {privateKey, publicKey}: a CryptoKey that signs and cannot be read, and 33 bytes. */
export async function makeKey() {
  const pair = await crypto.subtle.generateKey(ECDSA, false, ["sign", "verify"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const publicKey = Uint8Array.of(2 + (point[64] & 1), ...point.slice(1, 33));
  return { privateKey: pair.privateKey, publicKey };
}

/** r || s over the Sig_structure, 64 bytes. */
export async function sign(privateKey, payload, aad) {
  const signed = await crypto.subtle.sign(SIGNING, privateKey, sigStructure(payload, aad));
  return new Uint8Array(signed);
}

/** Raises SignatureInvalid unless `publicKey` signed `payload` for [purpose, alg, ...parts]. */
export async function verify(publicKey, signature, payload, purpose, ...parts) {
  checkPublicKey(publicKey, "key");
  const edwards = publicKey.length === 32;
  const aad = externalAad(purpose, edwards ? ED25519 : ESP256, ...parts);
  const raw = edwards ? publicKey : pointOf(publicKey, "key");
  const algorithm = edwards ? { name: "Ed25519" } : ECDSA;
  const key = await crypto.subtle.importKey("raw", raw, algorithm, true, ["verify"]);
  const how = edwards ? algorithm : SIGNING;
  const right = await crypto.subtle.verify(how, key, signature, sigStructure(payload, aad));
  if (!right) throw new SignatureInvalid(`${purpose} does not verify`);
}

/** As `verify` for a whole COSE_Sign1 message; its payload. */
export async function verify1(publicKey, message, field, maxSize, purpose, ...parts) {
  const { payload, signature } = unpack1(message, field, maxSize);
  await verify(publicKey, signature, payload, purpose, ...parts);
  return payload;
}
