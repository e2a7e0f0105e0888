/**
 * Order on the air and whitening: neighbours in the code are far apart in time, and no payload
 * makes a monotone (docs/protocol/acoustic.md, section 5).
 */
import { Draws } from "./draws.js";

/** Element j is the code symbol sent at place j: j * stride mod N. */
export function airOrder(symbolCount) {
  let stride = Math.ceil((618 * symbolCount) / 1000);
  while (commonFactor(stride, symbolCount) !== 1) stride++;
  return Uint16Array.from({ length: symbolCount }, (_, j) => (j * stride) % symbolCount);
}

/** Field elements added to the symbols in the order on the air. */
export function whitening(modeNumber, length, symbolCount, size) {
  const draws = new Draws(0x5eed0000 + modeNumber * 256 + length);
  return Uint8Array.from({ length: symbolCount }, () => draws.below(size));
}

function commonFactor(a, b) {
  while (b) [a, b] = [b, a % b];
  return a;
}
