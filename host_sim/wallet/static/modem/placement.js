/** Start and end of a frame fitted together, to a fraction of a sample. */
import { hopSamples, toneTables } from "./energies.js";

/** Greatest difference of heard time from sent time: clocks, and a hand that moves. */
export const SCALE_MAX = 0.004;

/** Lags looked at on either side of the rough place, and their number in a symbol. */
const LAGS = 8;
const LAGS_PER_SYMBOL = 32;

/**
 * Where a frame lies, from the rough first samples of its start and end block in `samples`:
 * `{startSample, scale}`, not whole, scale being heard time over sent time; null when the blocks
 * are too far from the layout's distance.
 */
export function fit(samples, mode, shape, startNear, endNear) {
  const between = (mode.startTones.length + shape.codedCount) * mode.symbolSamples;
  const startSample = blockTime(samples, mode, mode.startTones, startNear);
  const scale = (blockTime(samples, mode, mode.endTones, endNear) - startSample) / between;
  const slack = SCALE_MAX + hopSamples(mode) / between;
  return Math.abs(scale - 1) > slack ? null : { startSample, scale };
}

/** First sample of each symbol, moved by `shift` samples and held within the samples there are. */
export function symbolStarts(place, mode, count, shift, sampleCount) {
  const step = mode.symbolSamples * place.scale;
  const last = sampleCount - mode.symbolSamples;
  return Array.from({ length: count }, (_, n) =>
    Math.min(Math.max(Math.round(place.startSample + step * n) + shift, 0), last),
  );
}

/** First sample of a block within a quarter symbol of `near`, by parabola. */
function blockTime(samples, mode, tones, near) {
  const step = mode.symbolSamples / LAGS_PER_SYMBOL;
  const score = new Float64Array(2 * LAGS + 1);
  for (let lag = -LAGS; lag <= LAGS; lag++) {
    score[lag + LAGS] = blockScore(samples, mode, tones, near + step * lag);
  }
  const best = score.indexOf(Math.max(...score));
  const top = Math.min(Math.max(best, 1), 2 * LAGS - 1);
  const bend = score[top - 1] - 2 * score[top] + score[top + 1];
  const shift = bend < 0 ? (score[top - 1] - score[top + 1]) / (2 * bend) : 0;
  return near + step * (top - LAGS + Math.min(Math.max(shift, -1), 1));
}

/** Sum of the tones' amplitudes where a block would begin at `first`. */
function blockScore(samples, mode, tones, first) {
  const width = mode.symbolSamples;
  const [cosines, sines] = tables(mode);
  let score = 0;
  tones.forEach((tone, k) => {
    const start = Math.min(Math.max(first + k * width, 0), samples.length - width);
    let real = 0;
    let imaginary = 0;
    for (let i = 0; i < width; i++) {
      real += samples[start + i] * cosines[tone * width + i];
      imaginary += samples[start + i] * sines[tone * width + i];
    }
    score += Math.hypot(real, imaginary);
  });
  return score;
}

const kept = new Map();

function tables(mode) {
  if (!kept.has(mode.name)) kept.set(mode.name, toneTables(mode, 0));
  return kept.get(mode.name);
}
