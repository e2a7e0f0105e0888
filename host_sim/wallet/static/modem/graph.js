/**
 * The code's graph: every symbol joins two checks (docs/protocol/acoustic.md, section 4).
 *
 * Symbol n joins check near[n] with coefficient 1 and far[n] with x^exponent[n]. The information
 * symbols come first, then the parity symbols, which form a ring through all checks.
 */
import { Draws } from "./draws.js";

/** The graph of a frame of this size; parityCount at least 3. */
export function buildGraph(symbolBits, informationCount, parityCount) {
  const symbolCount = informationCount + parityCount;
  const near = new Uint16Array(symbolCount);
  const far = new Uint16Array(symbolCount);
  const exponent = new Uint8Array(symbolCount);
  const draws = new Draws(informationCount * 65536 + parityCount * 256 + symbolBits);
  const order = (1 << symbolBits) - 1;
  const degree = new Array(parityCount).fill(2);
  const neighbours = degree.map((_, c) => [
    (c + 1) % parityCount,
    (c + parityCount - 1) % parityCount,
  ]);
  for (let k = 0; k < informationCount; k++) {
    near[k] = degree.indexOf(Math.min(...degree));
    const farthest = farthestFrom(neighbours, near[k]);
    const least = Math.min(...farthest.map((c) => degree[c]));
    const choices = farthest.filter((c) => degree[c] === least);
    far[k] = choices[draws.below(choices.length)];
    exponent[k] = draws.below(order);
    neighbours[near[k]].push(far[k]);
    neighbours[far[k]].push(near[k]);
    degree[near[k]] += 1;
    degree[far[k]] += 1;
  }
  for (let c = 0; c < parityCount; c++) {
    near[informationCount + c] = c;
    far[informationCount + c] = (c + 1) % parityCount;
    exponent[informationCount + c] = c === parityCount - 1 ? 1 : 0;
  }
  return { informationCount, parityCount, symbolCount, near, far, exponent };
}

/** The checks at the greatest distance from `start`, in rising order. */
function farthestFrom(neighbours, start) {
  const seen = new Uint8Array(neighbours.length);
  seen[start] = 1;
  let frontier = [start];
  for (;;) {
    const following = [];
    for (const c of frontier) {
      for (const other of neighbours[c]) {
        if (seen[other]) continue;
        seen[other] = 1;
        following.push(other);
      }
    }
    if (!following.length) return frontier.sort((a, b) => a - b);
    frontier = following;
  }
}
