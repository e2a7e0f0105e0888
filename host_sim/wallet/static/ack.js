// An ack: the terminal's signed word to the payer that the sale is in its journal. Wire form:
// docs/protocol/money.md, "Ack".

import { decode, expectArray, expectBytes, expectUint } from "./cbor.js";
import { unpack1 } from "./cose.js";
import { verify1 } from "./keys.js";

export const PURPOSE = "kumquat.ack.1";
export const DECLINED = 0;
export const ACCEPTED = 1;
export const ALREADY_PAID = 2;
const MAX_SIZE = 128;

/** {bytes, status, index, leaf}; nothing is verified. */
export function decodeAck(bytes) {
  const { payload } = unpack1(bytes, "ack", MAX_SIZE);
  const items = expectArray(decode(payload, "ack.payload", MAX_SIZE), "ack.payload", 3);
  return {
    bytes,
    status: expectUint(items[0], "ack.status", ALREADY_PAID),
    index: expectUint(items[1], "ack.index"),
    leaf: expectBytes(items[2], "ack.leaf", 32),
  };
}

/** Raises SignatureInvalid unless this terminal's journal key signed it for this spend. */
export async function verifyAck(bytes, journalKey, terminal, spendDigest) {
  await verify1(journalKey, bytes, "ack", MAX_SIZE, PURPOSE, terminal, spendDigest);
}
