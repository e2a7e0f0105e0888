/** The phone's ear: its microphone, unprocessed, into a Receiver in a worker. */
import { ModemError } from "./errors.js";
import { SAMPLE_RATE_HZ } from "./modes.js";

/** Made for speech, these take tones for noise. */
const PROCESSING = ["echoCancellation", "noiseSuppression", "autoGainControl"];

export const NOT_ALLOWED = "is not allowed";

/**
 * Listen until `stop()` is called on the result. `context` is that of `openAudio`; `onEvent` gets
 * each of the receiver's events (see events.js). `processing` of the result names the voice
 * processing that the browser did not turn off.
 *
 * A ModemError when the page may not use the microphone or there is none.
 */
export async function listen(context, onEvent, modes = ["counter"]) {
  const stream = await openStream();
  try {
    await context.audioWorklet.addModule(new URL("./modem-worklet.js", import.meta.url));
    return connect(context, stream, onEvent, modes);
  } catch (error) {
    for (const track of stream.getTracks()) track.stop();
    throw error;
  }
}

async function openStream() {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new ModemError("microphone", "needs a page opened over HTTPS");
  }
  const wanted = Object.fromEntries(PROCESSING.map((name) => [name, false]));
  const audio = { ...wanted, channelCount: 1, sampleRate: SAMPLE_RATE_HZ };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    const denied = error.name === "NotAllowedError" || error.name === "SecurityError";
    throw new ModemError("microphone", denied ? NOT_ALLOWED : "was not found", error);
  }
}

function connect(context, stream, onEvent, modes) {
  const worker = new Worker(new URL("./receiver-worker.js", import.meta.url), { type: "module" });
  const { port1, port2 } = new MessageChannel();
  worker.onmessage = ({ data }) => onEvent(data);
  worker.postMessage({ port: port1, modes }, [port1]);
  const source = context.createMediaStreamSource(stream);
  const ear = new AudioWorkletNode(context, "kumquat-microphone", {
    channelCount: 1,
    channelCountMode: "explicit",
  });
  ear.port.postMessage({ port: port2 }, [port2]);
  // The ear's output is silent; without a way to the speaker some browsers do not run it.
  source.connect(ear).connect(context.destination);
  const settings = stream.getAudioTracks()[0].getSettings();
  return {
    processing: PROCESSING.filter((name) => settings[name] === true),
    stop() {
      ear.port.postMessage({ stop: true });
      source.disconnect();
      ear.disconnect();
      for (const track of stream.getTracks()) track.stop();
      worker.terminate();
    },
  };
}
