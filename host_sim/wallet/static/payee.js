// Whom the screen names: only whom the host named, in a signed payee card for this very terminal.
// Wire form: docs/protocol/money.md, "Payee card". A request may come from anybody's loudspeaker,
// so a name in any other shape is never shown.

import { decode, expectArray, expectText, expectUint } from "./cbor.js";
import { unpack1 } from "./cose.js";
import { MAX_CURRENCY, U32 } from "./coupon.js";
import { DecodeError, SignatureInvalid } from "./errors.js";
import { verify1 } from "./keys.js";

export const PURPOSE = "kumquat.payee.1";
/** The most that is paid to a payee whom the host did not name. */
export const UNKNOWN_PAYEE_CAP_MINOR = 20_000;
const MAX_SIZE = 200;
const MAX_NAME_BYTES = 64;

export function decodePayeeCard(bytes) {
  const { payload } = unpack1(bytes, "payee", MAX_SIZE);
  const items = expectArray(decode(payload, "payee.payload", MAX_SIZE), "payee.payload", 5);
  return {
    terminal: expectUint(items[0], "payee.terminal", U32),
    currency: expectUint(items[1], "payee.currency", MAX_CURRENCY),
    scope: expectUint(items[2], "payee.scope", U32),
    notAfter: expectUint(items[3], "payee.not_after", U32),
    name: expectText(items[4], "payee.name", MAX_NAME_BYTES),
  };
}

/** The name on a card that `payeeKey` signed for this request's terminal, or null. */
export async function trustedName(cardBytes, payeeKey, request, nowUnixS) {
  if (!cardBytes || !payeeKey) return null;
  try {
    const card = decodePayeeCard(cardBytes);
    await verify1(payeeKey, cardBytes, "payee", MAX_SIZE, PURPOSE);
    const same = card.terminal === request.terminal && card.currency === request.currency;
    return same && card.notAfter >= nowUnixS ? card.name : null;
  } catch (error) {
    if (error instanceof DecodeError || error instanceof SignatureInvalid) return null;
    if (error instanceof DOMException) return null; // a browser without this algorithm
    throw error;
  }
}
