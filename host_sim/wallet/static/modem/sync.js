/**
 * Finding a burst in the stream: scores of the start and the end tones at every hop, their peaks.
 *
 * A score is the sum, over the eight tones of a block, of each tone's amplitude over the root mean
 * square of all tones, both over the noise floor.
 */
import { hopSamples, HOPS_PER_SYMBOL, SlidingEnergies } from "./energies.js";
import { median } from "./median.js";

/** Least score of a peak that may be a block, and of a start that is told at once. */
export const PEAK_SCORE_MIN = 12.5;
export const CARRIER_SCORE_MIN = 17;
/** A peak is the greatest value within so many hops on either side. */
const PEAK_REACH = 4;
/** Share of the old noise floor kept at each step. */
const FLOOR_MEMORY = 0.9;
/** Least floor as a share of what is heard: silence between strong bursts leaves no shape. */
const FLOOR_SHARE = 0.01;
const ENERGY_MIN = 1e-9;
const RATIO_MIN = 1e-6;
/** A few loud symbols must not pass for a whole block. */
const AMPLITUDE_MAX = 4;

/** Start and end peaks of a stream in one mode of a single comb. */
export class BlockFinder {
  #mode;
  #sliding;
  #blocks;
  #span;
  #amplitudes;
  #floor = null;
  #nextHop = 1 - HOPS_PER_SYMBOL;

  constructor(mode) {
    this.#mode = mode;
    this.#sliding = new SlidingEnergies(mode);
    this.#blocks = [mode.startTones, mode.endTones].map((tones) => ({
      tones,
      scores: new Float64Array(2 * PEAK_REACH),
    }));
    this.#span = HOPS_PER_SYMBOL * (mode.startTones.length - 1);
    this.#amplitudes = new Float64Array(this.#span * mode.binCount);
  }

  /** Start and end peaks that these whole hops settle: two arrays of `{hop, score, symbolSnr}`. */
  add(samples) {
    const count = samples.length / hopSamples(this.#mode);
    const fresh = this.#shares(this.#sliding.add(samples), count);
    const run = new Float64Array(this.#amplitudes.length + fresh.length);
    run.set(this.#amplitudes);
    run.set(fresh, this.#amplitudes.length);
    this.#amplitudes = run.slice(fresh.length);
    const first = this.#nextHop - this.#span - 2 * PEAK_REACH;
    this.#nextHop += count;
    return this.#blocks.map((block) => {
      const scores = new Float64Array(2 * PEAK_REACH + count);
      scores.set(block.scores);
      for (let n = 0; n < count; n++) {
        scores[2 * PEAK_REACH + n] = this.#score(run, n, block.tones);
      }
      block.scores = scores.slice(count);
      return this.#peaks(scores, first);
    });
  }

  /** Each tone's amplitude over that of all, at every window. */
  #shares(energies, count) {
    const bins = this.#mode.binCount;
    const floor = this.#noiseFloor(energies, count);
    const amplitudes = new Float64Array(energies.length);
    for (let row = 0; row < energies.length; row += bins) {
      let level = 0;
      for (let b = 0; b < bins; b++) level += energies[row + b] / bins;
      let mean = 0;
      for (let b = 0; b < bins; b++) {
        const ratio = energies[row + b] / (floor[b] + FLOOR_SHARE * level + ENERGY_MIN);
        amplitudes[row + b] = ratio;
        mean += ratio / bins;
      }
      for (let b = 0; b < bins; b++) {
        const amplitude = Math.sqrt(amplitudes[row + b] / (mean + RATIO_MIN));
        amplitudes[row + b] = Math.min(amplitude, AMPLITUDE_MAX);
      }
    }
    return amplitudes;
  }

  /** The floor to use for these windows; then takes them into account. */
  #noiseFloor(energies, count) {
    const bins = this.#mode.binCount;
    const step = HOPS_PER_SYMBOL / 2;
    const here = new Float64Array(bins);
    const column = new Float64Array(Math.ceil(count / step));
    for (let b = 0; b < bins; b++) {
      for (let n = 0; n < column.length; n++) column[n] = energies[n * step * bins + b];
      here[b] = median(column) / Math.LN2;
    }
    const mean = here.reduce((sum, value) => sum + value, 0) / bins;
    const floor = this.#floor ?? new Float64Array(bins).fill(mean);
    this.#floor = floor.map((old, b) => FLOOR_MEMORY * old + (1 - FLOOR_MEMORY) * here[b]);
    return floor;
  }

  #score(amplitudes, row, tones) {
    const bins = this.#mode.binCount;
    let score = 0;
    tones.forEach((tone, k) => {
      score += amplitudes[(row + HOPS_PER_SYMBOL * k) * bins + tone];
    });
    return score;
  }

  #peaks(scores, first) {
    const peaks = [];
    for (let n = PEAK_REACH; n < scores.length - PEAK_REACH; n++) {
      if (scores[n] < PEAK_SCORE_MIN || !isPeak(scores, n)) continue;
      const share = (scores[n] / this.#mode.startTones.length) ** 2;
      peaks.push({
        hop: first + n,
        score: scores[n],
        symbolSnr: symbolSnr(share, this.#mode.binCount),
      });
    }
    return peaks;
  }
}

function isPeak(scores, n) {
  for (let reach = 1; reach <= PEAK_REACH; reach++) {
    if (scores[n - reach] >= scores[n] || scores[n + reach] > scores[n]) return false;
  }
  return true;
}

/** Tone energy over noise that explains a tone's share of the mean energy. */
function symbolSnr(share, tones) {
  const held = Math.min(share, 0.99 * tones);
  return (tones * Math.max(held - 1, 0)) / (tones - held);
}
