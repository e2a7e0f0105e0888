/** One frame, from samples that hold it to its payload. */
import { Decoder } from "./belief.js";
import { frameEnergies } from "./energies.js";
import { frameCode, framePayload } from "./frame.js";
import { fit, symbolStarts } from "./placement.js";
import { softValues } from "./soft-values.js";

/** Belief propagation runs in turn, soft values taken anew between them. */
const ITERATIONS = [8, 8, 8, 8, 30];
/** Symbols by which the windows are moved when decoding fails: the strongest place in a room is
 * not always the best. */
const SHIFTS = [0, -1 / 16, 1 / 16];
/** Checks still broken after a run of iterations, above which it is no frame of this length. */
const BROKEN_SHARE_MAX = 0.75;
/** Nats a symbol under which what was heard is not a frame and decoding is not tried. */
const EVIDENCE_MIN = 0.3;
/** Symbols decoded again in all guesses at one place: long frames get fewer guesses. */
const GUESSED_SYMBOLS_MAX = 1000;
const GUESSES_MAX = 8;
const GUESSED_ELEMENTS = 3;
const GUESS_ITERATIONS = 15;
const GUESS_AGAINST = -30;
const DECODERS_KEPT = 16;
const decoders = new Map();

/**
 * Decode the frame of `length` bytes whose start block lies near sample `startNear` of `samples`
 * and its end block near `endNear`.
 *
 * Gives `{payload, plausible, hopeful, symbolSnr, startSample, endSample}`; payload null when it
 * could not be decoded; `plausible`: tones like a frame's; `hopeful`: the code held in part.
 */
export function demodulate(samples, mode, length, startNear, endNear) {
  const { shape } = frameCode(mode, length);
  let outcome = {
    payload: null,
    plausible: false,
    hopeful: false,
    symbolSnr: 0,
    startSample: startNear,
    endSample: endNear,
  };
  const place = fit(samples, mode, shape, startNear, endNear);
  if (!place) return outcome;
  const known = knownTones(mode, shape);
  for (const shift of SHIFTS) {
    const moved = shift * mode.symbolSamples;
    const starts = symbolStarts(place, mode, shape.symbolCount, moved, samples.length);
    const energies = frameEnergies(samples, mode, starts, place.scale);
    const soft = softValues(energies, known, mode.binCount);
    if (soft.evidence < EVIDENCE_MIN) break;
    const { payload, hopeful } = search(mode, length, energies, known, soft, shift === 0);
    outcome = {
      payload,
      plausible: true,
      hopeful,
      symbolSnr: soft.symbolSnr,
      startSample: starts[0],
      endSample: starts.at(-1) + mode.symbolSamples,
    };
    if (payload || !hopeful) break;
  }
  return outcome;
}

/** The tone of each sync symbol of a frame, -1 at its coded symbols. */
function knownTones(mode, shape) {
  const known = new Int8Array(shape.symbolCount).fill(-1);
  known.set(mode.startTones);
  known.set(mode.endTones, shape.symbolCount - mode.endTones.length);
  return known;
}

/**
 * Decoding in turn with taking soft values, each helping the other: the payload if it was found,
 * and whether it may be there although it was not (`hopeful`).
 */
function search(mode, length, energies, known, firstSoft, mayGuess) {
  const decoder = decoderFor(mode, length);
  let soft = firstSoft;
  let heard = null;
  let decoding = null;
  for (const iterations of ITERATIONS) {
    heard = inCodeOrder(soft.values, mode, length);
    decoding = decoder.decode(heard, iterations);
    if (decoding.valid) {
      return { payload: framePayload(decoding.symbols, mode, length), hopeful: false };
    }
    if (decoding.brokenShare > BROKEN_SHARE_MAX) return { payload: null, hopeful: false };
    const shares = onTheAir(decoding.posterior, mode, length, known.length);
    soft = softValues(energies, known, mode.binCount, shares);
  }
  const payload = mayGuess ? guess(decoder, heard, decoding.posterior, mode, length) : null;
  return { payload, hopeful: true };
}

/**
 * Take the most doubtful symbols as known, one at a time, and decode again: what stops a short
 * frame is mostly one small knot of symbols, and the right guess undoes it.
 */
function guess(decoder, heard, posterior, mode, length) {
  const size = mode.toneCount;
  const count = heard.length / size;
  const guesses = Math.min(Math.max(1, Math.floor(GUESSED_SYMBOLS_MAX / count)), GUESSES_MAX);
  const doubts = Array.from({ length: count }, (_, n) => doubt(posterior, n * size, size));
  for (const symbol of greatest(doubts, guesses)) {
    const row = posterior.subarray(symbol * size, (symbol + 1) * size);
    for (const element of greatest(Array.from(row), GUESSED_ELEMENTS)) {
      const guessed = heard.slice();
      guessed.fill(GUESS_AGAINST, symbol * size, (symbol + 1) * size);
      guessed[symbol * size + element] = 0;
      const decoding = decoder.decode(guessed, GUESS_ITERATIONS);
      const payload = decoding.valid ? framePayload(decoding.symbols, mode, length) : null;
      if (payload) return payload;
    }
  }
  return null;
}

/** Entropy of a row, in nats. */
function doubt(posterior, row, size) {
  let sum = 0;
  for (let e = row; e < row + size; e++) sum -= posterior[e] * Math.log(posterior[e]);
  return sum;
}

/** Places of the greatest values, greatest first. */
function greatest(values, count) {
  const places = values.map((_, place) => place);
  return places.sort((a, b) => values[b] - values[a]).slice(0, count);
}

/** Values by place on the air and tone as values by code symbol and field element. */
function inCodeOrder(aired, mode, length) {
  const { order, white } = frameCode(mode, length);
  const size = mode.toneCount;
  const coded = new Float64Array(order.length * size);
  order.forEach((symbol, j) => {
    const row = (mode.startTones.length + j) * size;
    for (let e = 0; e < size; e++) coded[symbol * size + e] = aired[row + (e ^ white[j])];
  });
  return coded;
}

/** The inverse of inCodeOrder, with empty rows for the sync symbols. */
function onTheAir(coded, mode, length, symbolCount) {
  const { order, white } = frameCode(mode, length);
  const size = mode.toneCount;
  const aired = new Float64Array(symbolCount * size);
  order.forEach((symbol, j) => {
    const row = (mode.startTones.length + j) * size;
    for (let e = 0; e < size; e++) aired[row + (e ^ white[j])] = coded[symbol * size + e];
  });
  return aired;
}

function decoderFor(mode, length) {
  const key = `${mode.name} ${length}`;
  let decoder = decoders.get(key);
  if (!decoder) {
    decoder = new Decoder(frameCode(mode, length).graph, mode.symbolBits);
    if (decoders.size >= DECODERS_KEPT) decoders.delete(decoders.keys().next().value);
    decoders.set(key, decoder);
  }
  return decoder;
}
