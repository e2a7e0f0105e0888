/**
 * Payload bytes to samples: one tone at a time, whole cycles a symbol, so the phase never jumps.
 *
 * The format is docs/protocol/acoustic.md. The samples are those of the terminal's own transmitter
 * within one unit in the last place of a float32 (6e-8): only the last bit of a cosine may differ.
 */
import { ModemError } from "./errors.js";
import { frameBins } from "./frame.js";
import { findMode, PAYLOAD_BYTES_MAX } from "./modes.js";

export { ModemError } from "./errors.js";
export { MODES, PAYLOAD_BYTES_MAX, SAMPLE_RATE_HZ } from "./modes.js";

/**
 * The burst that carries `payload`: a Float32Array at 48 kHz, peak at most 1.
 *
 * `payload` is a Uint8Array of 1 to 255 bytes, `modeName` a key of MODES; anything else throws a
 * ModemError.
 */
export function modulate(payload, modeName) {
  const mode = findMode(modeName);
  if (!(payload instanceof Uint8Array)) {
    throw new ModemError("payload", "must be a Uint8Array");
  }
  if (payload.length < 1 || payload.length > PAYLOAD_BYTES_MAX) {
    throw new ModemError("payload", `must have 1 to ${PAYLOAD_BYTES_MAX} bytes`);
  }
  const bins = frameBins(payload, mode);
  const width = mode.symbolSamples;
  const cosines = Float64Array.from({ length: width }, (_, i) =>
    Math.cos((2 * Math.PI * i) / width),
  );
  const burst = new Float32Array(bins.length * width);
  bins.forEach((bin, n) => {
    const cycles = mode.firstCycle + bin;
    for (let i = 0; i < width; i++) burst[n * width + i] = cosines[(cycles * i) % width];
  });
  soften(burst, cosines, bins, mode);
  return burst;
}

/** The first and last samples rise and fall as a raised cosine, before rounding to float32. */
function soften(burst, cosines, bins, mode) {
  const { rampSamples, symbolSamples: width, firstCycle } = mode;
  const first = firstCycle + bins[0];
  const last = firstCycle + bins.at(-1);
  for (let i = 0; i < rampSamples; i++) {
    const gain = 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / rampSamples);
    burst[i] = gain * cosines[(first * i) % width];
    burst[burst.length - 1 - i] = gain * cosines[(last * (width - 1 - i)) % width];
  }
}
