/**
 * A Receiver away from the page: decoding never makes a button wait.
 *
 * The first message is `{port, modes}`; blocks of samples come in by that port, events go out as
 * messages of the worker, among them the level.
 */
import { EVENT, event } from "./events.js";
import { Receiver } from "./receiver.js";

const LEVEL_BLOCKS = 4;

self.onmessage = ({ data: { port, modes } }) => {
  const receiver = new Receiver({ modes });
  let [blocks, peak] = [0, 0];
  port.onmessage = ({ data: samples }) => {
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
    if (++blocks % LEVEL_BLOCKS === 0) {
      self.postMessage(event(EVENT.LEVEL, { peak }));
      peak = 0;
    }
    for (const heard of receiver.receive(samples)) self.postMessage(heard);
  };
};
