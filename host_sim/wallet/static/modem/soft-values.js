/**
 * Soft values: how likely each tone is at each symbol, given what was heard of all of them.
 *
 * A tone in noise is Rician (Proakis, Digital Communications, 5.4): with z the energy over noise, s
 * its steady and v its fading part, the log likelihood against noise alone is
 * ln I0(2 sqrt(s z) / (1+v)) + (z v - s) / (1+v) - ln(1+v). Level, steadiness and echo come from
 * the frame itself. Tables are flat, a row a symbol and `bins` columns; `known[n]` is the tone of a
 * sync symbol, -1 where any tone may be.
 */
import { logBessel } from "./bessel.js";
import { addEchoValues, echoNoise, echoShape } from "./echo.js";
import { median } from "./median.js";

/** Trusting one symbol more than this makes strong frames fail. */
const SYMBOL_SNR_MAX = 60;
const ROUNDS = 2;
const STEADY_SHARES = [1, 0.8, 0.5];
const FIRST_STEADY_SHARE = 0.7;
const LEVEL_WEIGHTS = [0.7, 20];
const FLOOR_WEIGHT = 60;
const FLOOR_NEIGHBOURS = 4;
/** Least floor as a share of what a symbol brings: no symbol counts for more than 30 dB. */
const FLOOR_SHARE = 1e-3;
const ENERGY_MIN = 1e-20;
const POWER_MIN = 0.3;

/**
 * Soft values of a frame: `{values, evidence, symbolSnr}`, where `values` are log likelihoods,
 * `evidence` the nats a symbol by which tones in noise explain the frame better than noise alone.
 *
 * `decoded`: how likely each tone is by the decoder's account, if there is one.
 */
export function softValues(energies, known, bins, decoded = null) {
  const ratio = overFloor(energies, bins);
  let shares = decoded ?? firstShares(ratio, known, bins);
  let best = null;
  for (let round = decoded ? 1 : ROUNDS; round > 0; round--) {
    settleKnown(shares, known, bins);
    best = { symbolSnr: meanLevel(ratio, shares), ...refined(ratio, shares, known, bins) };
    if (round > 1) shares = softmax(best.values, known, bins);
  }
  return best;
}

function refined(ratio, shares, known, bins) {
  const power = tonePower(ratio, shares, bins);
  const lit = shares.map((share, at) => share * power[at % bins]);
  const shape = echoShape(ratio, shares, power, bins);
  const noise = echoNoise(lit, shape, bins);
  const tried = STEADY_SHARES.map((steady) => {
    const values = rician(ratio, noise, power, steady, bins);
    return { values, evidence: evidenceOf(values, known, bins) };
  });
  const best = tried.reduce((one, other) => (other.evidence > one.evidence ? other : one));
  addEchoValues(best.values, ratio, noise, lit, power, shape, bins);
  return best;
}

/** Energies over the noise of their tone: the median over the frame, drawn to the neighbours'. */
function overFloor(energies, bins) {
  const rows = energies.length / bins;
  const total = energies.reduce((sum, value) => sum + value, 0);
  const least = (FLOOR_SHARE * total) / rows + ENERGY_MIN;
  const own = new Float64Array(bins);
  const column = new Float64Array(rows);
  for (let b = 0; b < bins; b++) {
    for (let n = 0; n < rows; n++) column[n] = energies[n * bins + b];
    own[b] = median(column) / -Math.log(1 - (0.5 * bins) / (bins - 1)) + least;
  }
  const weight = rows / (rows + FLOOR_WEIGHT);
  const floor = own.map((value, b) => weight * value + (1 - weight) * around(own, b));
  return energies.map((value, at) => value / floor[at % bins]);
}

function around(values, middle) {
  let sum = 0;
  for (let b = middle - FLOOR_NEIGHBOURS; b <= middle + FLOOR_NEIGHBOURS; b++) {
    sum += values[Math.min(Math.max(b, 0), values.length - 1)];
  }
  return sum / (2 * FLOOR_NEIGHBOURS + 1);
}

function firstShares(ratio, known, bins) {
  const rows = ratio.length / bins;
  const level = ratio.reduce((sum, value) => sum + value, 0) / rows - bins;
  const power = new Float64Array(bins).fill(Math.max(level, POWER_MIN));
  const noise = new Float64Array(ratio.length).fill(1);
  return softmax(rician(ratio, noise, power, FIRST_STEADY_SHARE, bins), known, bins);
}

function rician(ratio, noise, power, steadyShare, bins) {
  const values = new Float64Array(ratio.length);
  for (let at = 0; at < ratio.length; at++) {
    const expected = Math.min(power[at % bins] / noise[at], SYMBOL_SNR_MAX);
    const steady = steadyShare * expected;
    const fading = expected - steady;
    const z = ratio[at] / noise[at];
    const bessel = logBessel((2 * Math.sqrt(steady * z)) / (1 + fading));
    values[at] = bessel + (z * fading - steady) / (1 + fading) - Math.log(1 + fading);
  }
  return values;
}

/** Sync symbols are what they are. */
function settleKnown(shares, known, bins) {
  known.forEach((tone, n) => {
    if (tone < 0) return;
    shares.fill(0, n * bins, (n + 1) * bins);
    shares[n * bins + tone] = 1;
  });
}

function softmax(values, known, bins) {
  const shares = new Float64Array(values.length);
  for (let row = 0; row < values.length; row += bins) {
    const among = values.subarray(row, row + bins);
    const top = Math.max(...among);
    let sum = 0;
    for (let b = 0; b < bins; b++) sum += shares[row + b] = Math.exp(among[b] - top);
    for (let b = 0; b < bins; b++) shares[row + b] /= sum;
  }
  settleKnown(shares, known, bins);
  return shares;
}

/** Mean over symbols of the log of the mean likelihood of their possible tones. */
function evidenceOf(values, known, bins) {
  let evidence = 0;
  known.forEach((tone, n) => {
    if (tone >= 0) {
      evidence += values[n * bins + tone];
      return;
    }
    const among = values.subarray(n * bins, (n + 1) * bins);
    const top = Math.max(...among);
    let sum = 0;
    for (const value of among) sum += Math.exp(value - top);
    evidence += top + Math.log(sum / bins);
  });
  return evidence / known.length;
}

function meanLevel(ratio, shares) {
  let heard = 0;
  let count = 0;
  for (let at = 0; at < shares.length; at++) {
    heard += shares[at] * (ratio[at] - 1);
    count += shares[at];
  }
  return Math.max(heard / count, POWER_MIN);
}

/**
 * Expected symbol SNR of each tone: what was heard of it, drawn towards the mean level, as strongly
 * as the tones are alike (empirical Bayes).
 */
function tonePower(ratio, shares, bins) {
  const level = meanLevel(ratio, shares);
  const count = new Float64Array(bins);
  const heard = new Float64Array(bins);
  for (let at = 0; at < shares.length; at++) {
    count[at % bins] += shares[at];
    heard[at % bins] += shares[at] * (ratio[at] - 1);
  }
  const single = 1 + 2 * level;
  let spread = -single * bins;
  let symbols = 0;
  for (let b = 0; b < bins; b++) {
    spread += count[b] * (heard[b] / Math.max(count[b], 0.1) - level) ** 2;
    symbols += count[b];
  }
  const [least, most] = LEVEL_WEIGHTS;
  const weight = Math.min(Math.max(single / Math.max(spread / symbols, 1e-3), least), most);
  return heard.map((sum, b) => Math.max((sum + weight * level) / (count[b] + weight), POWER_MIN));
}
