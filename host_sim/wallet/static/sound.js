// The phone's mouth and ear as the wallet needs them: one payload out, frames and a level in. The
// modem itself, player and microphone with it, is in modem/ and knows nothing of wallets.

import { WalletError } from "./errors.js";
import { EVENT } from "./modem/events.js";
import { listen, NOT_ALLOWED } from "./modem/microphone.js";
import { openAudio, play } from "./modem/player.js";
import { ModemError, modulate, MODES } from "./modem/transmitter.js";

export const MODE_NAMES = Object.freeze(Object.keys(MODES));
export const HEARD_MODE = "counter";

export class Sound {
  #context = null;
  #ear = null;
  #speaking = null;

  /** Call it in what a press of a button begins: browsers let nothing sound before. */
  async wake() {
    this.#context ??= openAudio();
    try {
      const context = await this.#context;
      if (context.state !== "running") await context.resume(); // a phone that slept suspends it
      return context;
    } catch (error) {
      this.#context = null;
      throw error;
    }
  }

  /**
   * Hear until `hush`: `onFrame(payload)` for each frame, `onLevel(peak)` some times a second.
   * Raises WalletError when there is no microphone, or it is not given.
   */
  async listen(onFrame, onLevel) {
    if (this.#ear) return;
    const context = await this.wake();
    const onEvent = (heard) => {
      if (heard.type === EVENT.FRAME_RECEIVED) onFrame(heard.payload);
      if (heard.type === EVENT.LEVEL) onLevel(heard.peak);
    };
    try {
      this.#ear = await listen(context, onEvent, [HEARD_MODE]);
    } catch (error) {
      throw inTheWalletsWords(error);
    }
  }

  hush() {
    this.#ear?.stop();
    this.#ear = null;
  }

  /** Play `payload` to its end, or until `stop`. */
  async say(payload, modeName) {
    const context = await this.wake();
    this.stop();
    this.#speaking = new AbortController();
    await play(context, modulate(payload, modeName), { signal: this.#speaking.signal });
  }

  stop() {
    this.#speaking?.abort();
    this.#speaking = null;
  }
}

function inTheWalletsWords(error) {
  if (!(error instanceof ModemError) || error.field !== "microphone") return error;
  const denied = error.problem === NOT_ALLOWED;
  return new WalletError(denied ? "error.microphone_denied" : "error.no_microphone");
}
