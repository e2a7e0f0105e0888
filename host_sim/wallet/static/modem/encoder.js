/**
 * Information symbols to coded symbols: the parity ring makes encoding a running sum
 * (docs/protocol/acoustic.md, section 4).
 */
import { field } from "./galois.js";

/** All symbols of the frame, the information first, for a graph of `buildGraph`. */
export function encode(graph, symbolBits, information) {
  const { informationCount, parityCount, near, far, exponent } = graph;
  const { size, power, times } = field(symbolBits);
  const sums = new Uint8Array(parityCount);
  for (let k = 0; k < informationCount; k++) {
    sums[near[k]] ^= information[k];
    sums[far[k]] ^= times(power[exponent[k]], information[k]);
  }
  const total = sums.reduce((sum, value) => sum ^ value, 0);
  // The last parity symbol p solves total = (1 + x) p.
  let last = 0;
  while (last < size && times(1 ^ 2, last) !== total) last++;
  const coded = new Uint8Array(graph.symbolCount);
  coded.set(information);
  let running = times(2, last);
  for (let c = 0; c < parityCount; c++) {
    running ^= sums[c];
    coded[informationCount + c] = running;
  }
  return coded;
}
