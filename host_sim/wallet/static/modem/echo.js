/**
 * Echoes: in a room a tone goes on sounding for many symbols. That echo is noise for the symbols
 * after it, and evidence for the symbol it came from. Its size and decay come from the frame.
 *
 * Tables are flat, a row a symbol and `bins` columns.
 */
const LAGS = 8;
const MEASURED_LAGS = 6;
const GAIN_MIN = 0.004;
const GAIN_MAX = 0.6;
const DECAY_MIN = 0.03 ** (1 / 3.5);
const DECAY_MAX = 0.97;

/**
 * Echo energy one symbol later as a share of the tone's (`gain`), and what is kept a symbol after
 * that (`decay`); measured where a tone has not sounded again since. Gain 0: none to speak of.
 */
export function echoShape(ratio, shares, power, bins) {
  const heard = new Float64Array(MEASURED_LAGS + 1);
  const sent = new Float64Array(MEASURED_LAGS + 1);
  for (let at = 0; at < shares.length; at++) {
    let weight = shares[at];
    for (let lag = 1; lag <= MEASURED_LAGS; lag++) {
      const later = at + lag * bins;
      if (later >= shares.length || weight < 1e-6) break;
      weight *= 1 - shares[later];
      heard[lag] += weight * (ratio[later] - 1);
      sent[lag] += weight * power[at % bins];
    }
  }
  const near = (heard[1] + heard[2]) / Math.max(sent[1] + sent[2], 1e-6);
  const far = (heard[4] + heard[5] + heard[6]) / Math.max(sent[4] + sent[5] + sent[6], 1e-6);
  if (near <= GAIN_MIN) return { gain: 0, decay: 0 };
  // Near lies 1.5 symbols after the tone, far 5: 3.5 between them.
  const decay = Math.max(far / near, 0) ** (1 / 3.5);
  const held = Math.min(Math.max(decay, DECAY_MIN), DECAY_MAX);
  return { gain: Math.min(near, GAIN_MAX) / Math.sqrt(held), decay: held };
}

/** The floor, 1, and the energy that earlier symbols leave over it at each symbol and tone. */
export function echoNoise(lit, shape, bins) {
  const noise = new Float64Array(lit.length).fill(1);
  if (!shape.gain) return noise;
  for (let at = bins; at < lit.length; at++) {
    noise[at] += shape.decay * (noise[at - bins] - 1) + shape.gain * lit[at - bins];
  }
  return noise;
}

/** Adds to `values` what the echoes heard after each symbol say about its tone. */
export function addEchoValues(values, ratio, noise, lit, power, shape, bins) {
  if (!shape.gain) return;
  for (let lag = 1; lag <= LAGS; lag++) {
    const share = shape.gain * shape.decay ** (lag - 1);
    for (let at = 0, later = lag * bins; later < values.length; at++, later++) {
      const without = noise[later] + lit[later] - share * lit[at];
      const added = share * power[at % bins];
      const total = without + added;
      values[at] += (ratio[later] * added) / (without * total) - Math.log(total / without);
    }
  }
}
