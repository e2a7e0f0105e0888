/**
 * Correlation with every tone of a mode.
 *
 * An energy is the squared magnitude of the correlation over one symbol. Tables are flat, row by
 * row: one row a window, one column a bin.
 */
export const HOPS_PER_SYMBOL = 8;

/** Distance between the windows the listener looks at. */
export function hopSamples(mode) {
  return mode.symbolSamples / HOPS_PER_SYMBOL;
}

/** Energies of every window that starts on a hop, from a stream of whole hops. */
export class SlidingEnergies {
  #bins;
  #hop;
  #width;
  #cosines;
  #sines;
  #real;
  #imaginary;
  #place = 0;

  constructor(mode) {
    this.#bins = mode.binCount;
    this.#hop = hopSamples(mode);
    [this.#cosines, this.#sines] = toneTables(mode, 0);
    // One row for each hop of a symbol: a hop's place in the symbol fixes its phase.
    this.#real = new Float64Array(HOPS_PER_SYMBOL * this.#bins);
    this.#imaginary = new Float64Array(HOPS_PER_SYMBOL * this.#bins);
    this.#width = mode.symbolSamples;
  }

  /** Energies of the windows that end with each new hop. */
  add(samples) {
    const count = samples.length / this.#hop;
    const energies = new Float64Array(count * this.#bins);
    for (let n = 0; n < count; n++) {
      this.#correlate(samples, n * this.#hop);
      this.#total(energies, n * this.#bins);
    }
    return energies;
  }

  /** Correlation of one hop, in the place of the hop a symbol earlier. */
  #correlate(samples, first) {
    const bins = this.#bins;
    const phase = this.#place * this.#hop;
    for (let b = 0; b < bins; b++) {
      const row = b * this.#width + phase;
      let real = 0;
      let imaginary = 0;
      for (let i = 0; i < this.#hop; i++) {
        real += samples[first + i] * this.#cosines[row + i];
        imaginary += samples[first + i] * this.#sines[row + i];
      }
      this.#real[this.#place * bins + b] = real;
      this.#imaginary[this.#place * bins + b] = imaginary;
    }
    this.#place = (this.#place + 1) % HOPS_PER_SYMBOL;
  }

  #total(energies, row) {
    const bins = this.#bins;
    for (let b = 0; b < bins; b++) {
      let real = 0;
      let imaginary = 0;
      for (let k = b; k < HOPS_PER_SYMBOL * bins; k += bins) {
        real += this.#real[k];
        imaginary += this.#imaginary[k];
      }
      energies[row + b] = real * real + imaginary * imaginary;
    }
  }
}

/**
 * Energies of the symbols that start at these samples, a row each.
 *
 * `scale`: heard time over sent time; all tones are shifted by what the middle of the band needs.
 */
export function frameEnergies(samples, mode, starts, scale) {
  const { symbolSamples: width, binCount: bins, firstCycle } = mode;
  const middle = firstCycle + bins / 2;
  const [cosines, sines] = toneTables(mode, middle * (1 / scale - 1));
  const energies = new Float64Array(starts.length * bins);
  starts.forEach((start, n) => {
    const window = samples.subarray(start, start + width);
    for (let b = 0; b < bins; b++) {
      let real = 0;
      let imaginary = 0;
      for (let i = 0, at = b * width; i < width; i++, at++) {
        real += window[i] * cosines[at];
        imaginary += window[i] * sines[at];
      }
      energies[n * bins + b] = real * real + imaginary * imaginary;
    }
  });
  return energies;
}

/** cos and sin of each bin over one symbol, a row a bin, all shifted by so many cycles. */
export function toneTables(mode, shiftCycles) {
  const { symbolSamples: width, binCount: bins, firstCycle } = mode;
  const cosines = new Float64Array(bins * width);
  const sines = new Float64Array(bins * width);
  for (let b = 0; b < bins; b++) {
    const step = (2 * Math.PI * (firstCycle + b + shiftCycles)) / width;
    for (let i = 0; i < width; i++) {
      cosines[b * width + i] = Math.cos(step * i);
      sines[b * width + i] = Math.sin(step * i);
    }
  }
  return [cosines, sines];
}

/** Signal over noise from 0 to half the sample rate, in dB, for tone energy over noise. */
export function bandSnrDb(symbolSnr, mode) {
  return 10 * Math.log10(Math.max((2 * symbolSnr) / mode.symbolSamples, 1e-12));
}
