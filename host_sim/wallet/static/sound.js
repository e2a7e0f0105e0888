// The phone's mouth and ear: plays a payload as a burst, and hears frames through getUserMedia with
// everything off that a phone does to voices. Web Audio at 48 kHz, the modem's own rate.

import { modulate, MODES } from "./modem/transmitter.js";
import { WalletError } from "./errors.js";

export const MODE_NAMES = Object.freeze(Object.keys(MODES));
export const HEARD_MODE = "counter";
const SAMPLE_RATE_HZ = 48_000;
/** Half of full scale: a phone's speaker distorts before its converter clips. */
const GAIN = 0.5;
const MICROPHONE = Object.freeze({
  audio: {
    echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1,
    sampleRate: SAMPLE_RATE_HZ,
  },
});

export class Sound {
  #context = null;
  #ear = null;
  #speaking = null;

  get isListening() {
    return this.#ear !== null;
  }

  /**
   * Call it in what a press of a button begins: browsers let nothing sound before. Long buffers: a
   * tenth of a second more is not noticed, while a gap in a burst costs the whole of it.
   */
  async wake() {
    this.#context ??= new AudioContext({ sampleRate: SAMPLE_RATE_HZ, latencyHint: "playback" });
    if (this.#context.state !== "running") await this.#context.resume();
    return this.#context;
  }

  /**
   * Hear until `hush`: `onFrame(payload)` for each frame, `onLevel(peak)` some times a second.
   * Raises WalletError when there is no microphone, or it is not given.
   */
  async listen(onFrame, onLevel) {
    if (this.#ear) return;
    const context = await this.wake();
    const stream = await microphone();
    try {
      await context.audioWorklet.addModule("/static/capture_worklet.js");
      this.#ear = hearing(context, stream, onFrame, onLevel);
    } catch (error) {
      for (const track of stream.getTracks()) track.stop();
      throw error;
    }
  }

  hush() {
    this.#ear?.close();
    this.#ear = null;
  }

  /** Play `payload` to its end; resolves to how many seconds it sounded. */
  async say(payload, modeName) {
    const context = await this.wake();
    this.stop();
    const samples = modulate(payload, modeName);
    const buffer = context.createBuffer(1, samples.length, SAMPLE_RATE_HZ);
    buffer.copyToChannel(samples, 0);
    const burst = new AudioBufferSourceNode(context, { buffer });
    burst.connect(new GainNode(context, { gain: GAIN })).connect(context.destination);
    this.#speaking = burst;
    await new Promise((resolve) => {
      burst.onended = resolve;
      burst.start();
    });
    return samples.length / SAMPLE_RATE_HZ;
  }

  stop() {
    this.#speaking?.stop();
    this.#speaking = null;
  }
}

async function microphone() {
  if (!navigator.mediaDevices) throw new WalletError("error.no_microphone");
  try {
    return await navigator.mediaDevices.getUserMedia(MICROPHONE);
  } catch (error) {
    const denied = error.name === "NotAllowedError" || error.name === "SecurityError";
    throw new WalletError(denied ? "error.microphone_denied" : "error.no_microphone");
  }
}

function hearing(context, stream, onFrame, onLevel) {
  const worker = new Worker("/static/ear_worker.js", { type: "module" });
  worker.postMessage({ modes: [HEARD_MODE], sampleRate: context.sampleRate });
  worker.onmessage = ({ data }) => (data.payload ? onFrame(data.payload) : onLevel(data.level));
  const source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
  const capture = new AudioWorkletNode(context, "capture", { channelCount: 1, channelCountMode: "explicit" });
  capture.port.onmessage = ({ data }) => worker.postMessage(data, [data.buffer]);
  // A node that leads nowhere is not run everywhere; through a gain of nothing it is.
  source.connect(capture).connect(new GainNode(context, { gain: 0 })).connect(context.destination);
  return {
    close() {
      source.disconnect();
      capture.disconnect();
      worker.terminate();
      for (const track of stream.getTracks()) track.stop();
    },
  };
}
