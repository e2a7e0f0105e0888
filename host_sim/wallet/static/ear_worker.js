// Listens off the page's thread: blocks of samples in, {level} and {payload} out.

import { Receiver } from "./modem/receiver.js";

const LEVEL_EVERY_BLOCKS = 4;
let receiver = null;
let [blocks, peak] = [0, 0];

self.onmessage = ({ data }) => {
  if (data instanceof Float32Array) hear(data);
  else receiver = new Receiver({ modes: data.modes, sampleRate: data.sampleRate });
};

function hear(samples) {
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  if (++blocks % LEVEL_EVERY_BLOCKS === 0) {
    self.postMessage({ level: peak });
    peak = 0;
  }
  for (const event of receiver.receive(samples)) {
    // Every event that carries a payload is a frame whose checksum holds.
    if (event.payload instanceof Uint8Array) self.postMessage({ payload: event.payload });
  }
}
