/**
 * A Receiver away from the page: decoding never makes a button wait.
 *
 * The first message is `{port, modes}`; blocks of samples come in by that port, events go out as
 * messages of the worker.
 */
import { Receiver } from "./receiver.js";

self.onmessage = ({ data: { port, modes } }) => {
  const receiver = new Receiver({ modes });
  port.onmessage = ({ data: samples }) => {
    for (const heard of receiver.receive(samples)) self.postMessage(heard);
  };
};
