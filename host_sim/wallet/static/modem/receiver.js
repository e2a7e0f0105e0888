/**
 * Samples to events, for one mode: `new Receiver({modes: ["counter"], sampleRate: 48000})`, then
 * `receive(samples)` with every block as it comes.
 *
 * One receiver is for one stream. Memory does not grow with the stream, which is worked in steps of
 * STEP_SAMPLES counted from its first sample, whatever the sizes of the blocks that bring it: the
 * events are the same for any division into blocks. A frame is reported at latest 100 ms of stream
 * after its last sample; decoding takes some 20 ms, near the noise a second: keep it off the page's
 * own thread (microphone.js does).
 */
import { ModemError } from "./errors.js";
import { EVENT, event } from "./events.js";
import { History } from "./history.js";
import { Listener } from "./listener.js";
import { findMode, SAMPLE_RATE_HZ } from "./modes.js";

export { ModemError } from "./errors.js";
export { EVENT, REJECT_REASON } from "./events.js";

/** The modes this receiver can hear: the one that carries requests and acks. */
export const HEARD_MODES = Object.freeze(["counter"]);

const STEP_SAMPLES = 1024;
const QUALITY_STEPS = 24;
const FLUSH_SAMPLES = 8 * STEP_SAMPLES;
const SAMPLE_MAX = 16;
const SILENCE_DBFS = -120;

export class Receiver {
  #waiting = new Float32Array(STEP_SAMPLES);
  #waitingCount = 0;
  #squareSum = 0;
  #peak = 0;
  #steps = 0;
  #listener;
  #history;

  /** Begin a stream. A ModemError when a mode cannot be heard or the rate is not 48 kHz. */
  constructor({ modes = ["counter"], sampleRate = SAMPLE_RATE_HZ } = {}) {
    if (!Array.isArray(modes) || modes.length !== 1) {
      throw new ModemError("modes", `must name one of ${HEARD_MODES.join(", ")}`);
    }
    const mode = findMode(modes[0]);
    if (!HEARD_MODES.includes(mode.name)) {
      const heard = HEARD_MODES.join(", ");
      throw new ModemError("modes", `${mode.name} is sent only; heard is ${heard}`);
    }
    if (sampleRate !== SAMPLE_RATE_HZ) {
      throw new ModemError("sampleRate", `must be ${SAMPLE_RATE_HZ}, not ${sampleRate}`);
    }
    this.#listener = new Listener(mode);
    this.#history = new History(this.#listener.spanSamples + FLUSH_SAMPLES);
  }

  /**
   * The events completed by these samples, in order.
   *
   * `samples` is a Float32Array of any length with full scale 1; what is not finite is silence.
   * Anything else throws a ModemError and nothing was taken in.
   */
  receive(samples) {
    if (!(samples instanceof Float32Array)) {
      throw new ModemError("samples", "must be a Float32Array");
    }
    const events = [];
    for (const sample of samples) {
      this.#waiting[this.#waitingCount++] = Number.isFinite(sample)
        ? Math.min(Math.max(sample, -SAMPLE_MAX), SAMPLE_MAX)
        : 0;
      if (this.#waitingCount === STEP_SAMPLES) {
        this.#waitingCount = 0;
        events.push(...this.#step(this.#waiting));
      }
    }
    return events;
  }

  /** The events that silence after the last sample brings; for the end of a recording. */
  flush() {
    return this.receive(new Float32Array(2 * FLUSH_SAMPLES));
  }

  #step(samples) {
    this.#history.add(samples);
    return [...this.#listener.listen(this.#history), ...this.#quality(samples)];
  }

  #quality(samples) {
    for (const sample of samples) {
      this.#squareSum += sample * sample;
      this.#peak = Math.max(this.#peak, Math.abs(sample));
    }
    if (++this.#steps % QUALITY_STEPS) return [];
    const rms = Math.sqrt(this.#squareSum / (QUALITY_STEPS * STEP_SAMPLES));
    const fields = { endSample: this.#history.end, rmsDbfs: dbfs(rms), peakDbfs: dbfs(this.#peak) };
    this.#squareSum = this.#peak = 0;
    return [event(EVENT.SIGNAL_QUALITY, fields)];
  }
}

function dbfs(amplitude) {
  return Math.max(20 * Math.log10(Math.max(amplitude, 1e-9)), SILENCE_DBFS);
}
