/**
 * Microphone samples out of the audio thread, in blocks of BLOCK_SAMPLES.
 *
 * Decoding may take longer than the audio thread can wait, so this only collects; blocks go to the
 * port given with `{port}` (a worker's), else to the node's own. A quantum without input is
 * silence: positions go on counting time. `{stop: true}` ends the processor.
 */
const BLOCK_SAMPLES = 1024;

class MicrophoneProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(BLOCK_SAMPLES);
    this.count = 0;
    this.target = this.port;
    this.stopped = false;
    this.port.onmessage = ({ data }) => {
      if (data.port) this.target = data.port;
      if (data.stop) this.stopped = true;
    };
  }

  process([input], [output]) {
    const heard = input[0];
    const length = heard?.length ?? output[0].length;
    for (let i = 0; i < length; i++) {
      this.block[this.count++] = heard ? heard[i] : 0;
      if (this.count === BLOCK_SAMPLES) this.send();
    }
    return !this.stopped;
  }

  send() {
    this.target.postMessage(this.block, [this.block.buffer]);
    this.block = new Float32Array(BLOCK_SAMPLES);
    this.count = 0;
  }
}

registerProcessor("kumquat-microphone", MicrophoneProcessor);
