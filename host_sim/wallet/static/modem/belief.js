/**
 * Belief propagation for a code whose symbols stand in two checks each.
 *
 * Declercq and Fossorier, "Decoding algorithms for nonbinary LDPC codes over GF(q)", IEEE Trans.
 * Commun. 55 (2007): the convolution at a check is a product under the Walsh-Hadamard transform.
 * Tables are flat, a row a symbol (or an edge) and a column a field element. Edge 2 n is symbol n
 * at its near check, edge 2 n + 1 at its far one.
 */
import { field } from "./galois.js";

const LEAST_PROBABILITY = 1e-9;

export class Decoder {
  #field;
  #count;
  #edges;
  #toCheck;

  /** For a graph of `buildGraph`. */
  constructor(graph, symbolBits) {
    this.#field = field(symbolBits);
    this.#count = graph.symbolCount;
    this.#edges = Array.from({ length: graph.parityCount }, () => []);
    const { size, power, times } = this.#field;
    // Where element e of an edge's symbol lies in the check's own order: at e times coefficient.
    this.#toCheck = new Uint8Array(2 * this.#count * size);
    for (let n = 0; n < this.#count; n++) {
      this.#edges[graph.near[n]].push(2 * n);
      this.#edges[graph.far[n]].push(2 * n + 1);
      const coefficients = [1, power[graph.exponent[n]]];
      coefficients.forEach((coefficient, end) => {
        const row = (2 * n + end) * size;
        for (let e = 0; e < size; e++) this.#toCheck[row + e] = times(coefficient, e);
      });
    }
  }

  /**
   * Decode natural log likelihoods, any offset a row: `{symbols, valid, brokenShare, posterior}`;
   * `brokenShare` is the checks that do not hold, of all.
   */
  decode(logLikelihood, iterationsMax) {
    const { size } = this.#field;
    const channel = likelihoods(logLikelihood, size);
    const toChecks = new Float64Array(2 * channel.length);
    for (let n = 0; n < this.#count; n++) {
      const row = channel.subarray(n * size, (n + 1) * size);
      normalise(row);
      toChecks.set(row, 2 * n * size);
      toChecks.set(row, (2 * n + 1) * size);
    }
    const posterior = channel.slice();
    let symbols = this.#decide(posterior);
    let brokenShare = this.#brokenShare(symbols);
    for (let done = 0; brokenShare > 0 && done < iterationsMax; done++) {
      const fromChecks = this.#checks(toChecks);
      this.#symbols(channel, fromChecks, toChecks, posterior);
      symbols = this.#decide(posterior);
      brokenShare = this.#brokenShare(symbols);
    }
    return { symbols, valid: brokenShare === 0, brokenShare, posterior };
  }

  /** Messages back from the checks, in the symbols' own element order. */
  #checks(toChecks) {
    const { size } = this.#field;
    const spectrum = new Float64Array(toChecks.length);
    for (let row = 0; row < toChecks.length; row += size) {
      for (let e = 0; e < size; e++) spectrum[row + this.#toCheck[row + e]] = toChecks[row + e];
      transform(spectrum, row, size);
    }
    const others = new Float64Array(toChecks.length);
    for (const edges of this.#edges) multiplyOthers(edges, spectrum, others, size);
    for (let row = 0; row < others.length; row += size) {
      transform(others, row, size);
      for (let e = 0; e < size; e++) {
        const back = others[row + this.#toCheck[row + e]];
        spectrum[row + e] = Math.max(back, LEAST_PROBABILITY * size);
      }
    }
    return spectrum;
  }

  /** The next messages to the checks, and the posterior. */
  #symbols(channel, fromChecks, toChecks, posterior) {
    const { size } = this.#field;
    for (let n = 0; n < this.#count; n++) {
      const near = 2 * n * size;
      const far = near + size;
      for (let e = 0; e < size; e++) {
        const heard = channel[n * size + e];
        toChecks[near + e] = heard * fromChecks[far + e];
        toChecks[far + e] = heard * fromChecks[near + e];
        posterior[n * size + e] = toChecks[near + e] * fromChecks[near + e];
      }
      normalise(toChecks.subarray(near, near + size));
      normalise(toChecks.subarray(far, far + size));
      normalise(posterior.subarray(n * size, (n + 1) * size));
    }
  }

  #decide(posterior) {
    const { size } = this.#field;
    const symbols = new Uint8Array(this.#count);
    for (let n = 0; n < this.#count; n++) {
      let best = 0;
      for (let e = 1; e < size; e++) {
        if (posterior[n * size + e] > posterior[n * size + best]) best = e;
      }
      symbols[n] = best;
    }
    return symbols;
  }

  #brokenShare(symbols) {
    const { size } = this.#field;
    const broken = this.#edges.filter((edges) =>
      edges.reduce((sum, edge) => sum ^ this.#toCheck[edge * size + symbols[edge >> 1]], 0),
    );
    return broken.length / this.#edges.length;
  }
}

function likelihoods(logLikelihood, size) {
  const channel = new Float64Array(logLikelihood.length);
  for (let row = 0; row < channel.length; row += size) {
    const top = Math.max(...logLikelihood.subarray(row, row + size));
    for (let e = row; e < row + size; e++) {
      channel[e] = Math.max(Math.exp(logLikelihood[e] - top), LEAST_PROBABILITY);
    }
  }
  return channel;
}

/** Makes the row sum to 1 and holds every element above zero. */
function normalise(row) {
  let sum = 0;
  for (let e = 0; e < row.length; e++) sum += row[e] = Math.max(row[e], 1e-30);
  for (let e = 0; e < row.length; e++) row[e] = Math.max(row[e] / sum, LEAST_PROBABILITY);
}

/** Into the row of each edge of a check, the product of the rows of its other edges. */
function multiplyOthers(edges, spectrum, others, size) {
  for (let e = 0; e < size; e++) {
    let before = 1;
    for (const edge of edges) {
      others[edge * size + e] = before;
      before *= spectrum[edge * size + e];
    }
    let behind = 1;
    for (let i = edges.length - 1; i >= 0; i--) {
      const at = edges[i] * size + e;
      others[at] *= behind;
      behind *= spectrum[at];
    }
  }
}

/** The Walsh-Hadamard transform of one row, in place. */
function transform(table, row, size) {
  for (let half = 1; half < size; half *= 2) {
    for (let block = row; block < row + size; block += 2 * half) {
      for (let at = block; at < block + half; at++) {
        const other = table[at + half];
        table[at + half] = table[at] - other;
        table[at] += other;
      }
    }
  }
}
