/**
 * What a receiver reports: frozen objects, in the order of the samples that caused them.
 *
 * `type` is one of EVENT. Positions count samples from the first one given to the receiver.
 *
 * - carrier-found: `mode`, `startSample`, `snrDb`: the start of a burst was heard clearly.
 * - frame-received: `payload` (Uint8Array of 1 to 255 bytes), `mode`, `snrDb`, `startSample`,
 *   `endSample` (after the last): a whole frame whose checksum holds.
 * - frame-rejected: `reason` (one of REJECT_REASON), `mode`, `endSample`: a burst gave no payload.
 * - signal-quality: `endSample`, `rmsDbfs`, `peakDbfs`: the level, about twice a second.
 * - level: `peak` (1 is full scale): some 12 times a second, for a meter; from microphone.js alone.
 */
export const EVENT = Object.freeze({
  CARRIER_FOUND: "carrier-found",
  FRAME_RECEIVED: "frame-received",
  FRAME_REJECTED: "frame-rejected",
  SIGNAL_QUALITY: "signal-quality",
  LEVEL: "level",
});

export const REJECT_REASON = Object.freeze({
  CHECKSUM: "checksum does not match",
  NO_END: "no end heard",
});

/** A frozen event. */
export function event(type, fields) {
  return Object.freeze({ type, ...fields });
}
