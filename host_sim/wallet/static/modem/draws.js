/**
 * A stream of small numbers both ends agree on: the generator of docs/protocol/acoustic.md,
 * section 3. Not for secrets.
 */
const MULTIPLIER = 1664525;
const INCREMENT = 1013904223;

export class Draws {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** The next number from 0 to limit - 1, limit at most 65536. */
  below(limit) {
    this.#state = (Math.imul(this.#state, MULTIPLIER) + INCREMENT) >>> 0;
    return (this.#state >>> 16) % limit;
  }
}
