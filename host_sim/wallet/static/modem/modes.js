/**
 * The modes: every number a transmitter and a receiver must agree on, one frozen row each.
 *
 * From docs/protocol/acoustic.md, section 1. A symbol is one tone with a whole number of cycles.
 */
import { ModemError } from "./errors.js";

export const SAMPLE_RATE_HZ = 48000;
export const PAYLOAD_BYTES_MAX = 255;

const START_32 = Object.freeze([5, 21, 11, 29, 1, 15, 25, 9]);
const END_32 = Object.freeze([18, 2, 26, 12, 30, 8, 22, 4]);
const START_16 = Object.freeze([3, 11, 6, 14, 1, 8, 13, 5]);
const END_16 = Object.freeze([9, 2, 12, 4, 15, 7, 10, 0]);

function mode(name, number, numbers) {
  const narrow = numbers.symbolBits === 4;
  const row = {
    name,
    number,
    symbolBits: 5,
    combCount: 1,
    parityRule: [4, 43, 100],
    rampSamples: 48,
    startTones: narrow ? START_16 : START_32,
    endTones: narrow ? END_16 : END_32,
    ...numbers,
  };
  row.toneCount = 1 << row.symbolBits;
  row.binCount = row.toneCount * row.combCount;
  Object.freeze(row.parityRule);
  return Object.freeze(row);
}

/** Every mode by its name. Read-only. */
export const MODES = Object.freeze({
  counter: mode("counter", 1, { symbolSamples: 256, firstCycle: 6 }),
  fast: mode("fast", 2, { symbolSamples: 128, firstCycle: 3 }),
  robust: mode("robust", 3, {
    symbolSamples: 384,
    symbolBits: 4,
    firstCycle: 8,
    combCount: 3,
    parityRule: [0, 9, 4],
  }),
  inaudible: mode("inaudible", 4, { symbolSamples: 480, firstCycle: 160, rampSamples: 480 }),
});

/** The mode of that name; a ModemError when there is none. */
export function findMode(name) {
  if (typeof name !== "string" || !Object.hasOwn(MODES, name)) {
    throw new ModemError("mode", `unknown; there are ${Object.keys(MODES).join(", ")}`);
  }
  return MODES[name];
}
