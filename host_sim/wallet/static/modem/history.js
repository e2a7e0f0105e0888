/** The last `capacity` samples of a stream, found by their position from its start. */
export class History {
  #ring;

  constructor(capacity) {
    this.#ring = new Float32Array(capacity);
    /** Position after the last sample. */
    this.end = 0;
  }

  /** Append; at most the capacity at once. */
  add(samples) {
    const place = this.end % this.#ring.length;
    const first = Math.min(samples.length, this.#ring.length - place);
    this.#ring.set(samples.subarray(0, first), place);
    this.#ring.set(samples.subarray(first), 0);
    this.end += samples.length;
  }

  /** A copy of the samples from `start` to before `stop`; silence where none are left. */
  read(start, stop) {
    const result = new Float32Array(stop - start);
    const first = Math.max(start, 0, this.end - this.#ring.length);
    const last = Math.min(stop, this.end);
    for (let n = first; n < last; n++) result[n - start] = this.#ring[n % this.#ring.length];
    return result;
  }
}
