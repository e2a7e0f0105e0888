/**
 * Bursts to the speaker, sample for sample.
 *
 * The context runs at the modem's own rate, so the page never resamples; what a device of another
 * rate does comes after.
 */
import { ModemError } from "./errors.js";
import { SAMPLE_RATE_HZ } from "./modes.js";

/** Half of full scale: a phone's speaker distorts before its converter clips. */
export const GAIN = 0.5;

/**
 * What the browser is asked to buffer: a tenth of a second more is not noticed, while a gap in a
 * burst costs the whole of it. In seconds, because "playback" is 21 ms in desktop Chromium.
 */
const BUFFER_S = 0.1;

/**
 * An AudioContext at 48 kHz, running. Call it from a button's handler: browsers keep sound silent
 * until a person has acted. A ModemError when there is no sound or no such rate.
 */
export async function openAudio() {
  let context;
  try {
    context = new AudioContext({ sampleRate: SAMPLE_RATE_HZ, latencyHint: BUFFER_S });
  } catch (error) {
    throw new ModemError("audio", `cannot run at ${SAMPLE_RATE_HZ} Hz`, error);
  }
  if (context.sampleRate !== SAMPLE_RATE_HZ) {
    await context.close();
    throw new ModemError("audio", `runs at ${context.sampleRate} Hz, not ${SAMPLE_RATE_HZ}`);
  }
  await context.resume();
  return context;
}

/**
 * Play one burst (a Float32Array of `modulate`); resolves when its last sample was handed to the
 * device, or when `signal` (an AbortSignal) cut it off. `gain` above 0, at most 1.
 */
export async function play(context, samples, { gain = GAIN, signal = null } = {}) {
  if (!(samples instanceof Float32Array) || samples.length === 0) {
    throw new ModemError("samples", "must be a Float32Array, not empty");
  }
  if (!(gain > 0 && gain <= 1)) throw new ModemError("gain", "must be above 0 and at most 1");
  await context.resume();
  if (signal?.aborted) return;
  const buffer = context.createBuffer(1, samples.length, SAMPLE_RATE_HZ);
  buffer.copyToChannel(samples.map((sample) => gain * sample), 0);
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  await new Promise((resolve) => {
    source.onended = resolve;
    source.start();
    signal?.addEventListener("abort", () => source.stop(), { once: true });
  });
  source.disconnect();
}
