/**
 * A frame: payload and checksum as coded symbols between the two sync blocks.
 *
 * The length is not sent: it is what lies between start and end tones, since every length has its
 * own number of symbols (docs/protocol/acoustic.md, sections 2 to 6).
 */
import { checksum } from "./crc32.js";
import { encode } from "./encoder.js";
import { buildGraph } from "./graph.js";
import { airOrder, whitening } from "./interleave.js";

const CRC_BYTES = 4;
const CODES_KEPT = 32;
const codes = new Map();

/** How many symbols a payload of `length` bytes takes in a mode. */
export function layout(mode, length) {
  const informationCount = Math.ceil((8 * (length + CRC_BYTES)) / mode.symbolBits);
  const [base, numerator, denominator] = mode.parityRule;
  const parityCount = base + Math.ceil((informationCount * numerator) / denominator);
  const codedCount = informationCount + parityCount;
  const symbolCount = mode.startTones.length + codedCount + mode.endTones.length;
  return { length, informationCount, parityCount, codedCount, symbolCount };
}

/** What a frame of `length` bytes needs, built once and kept: layout, graph, order, whitening. */
export function frameCode(mode, length) {
  const key = `${mode.name} ${length}`;
  let code = codes.get(key);
  if (!code) {
    const shape = layout(mode, length);
    code = {
      shape,
      graph: buildGraph(mode.symbolBits, shape.informationCount, shape.parityCount),
      order: airOrder(shape.codedCount),
      white: whitening(mode.number, length, shape.codedCount, mode.toneCount),
    };
    if (codes.size >= CODES_KEPT) codes.delete(codes.keys().next().value);
    codes.set(key, code);
  }
  return code;
}

/** Every tone of the burst in order, each from 0 to toneCount - 1. */
export function frameTones(payload, mode) {
  const { graph, order, white } = frameCode(mode, payload.length);
  const coded = encode(graph, mode.symbolBits, information(payload, mode));
  const aired = Array.from(order, (symbol, j) => coded[symbol] ^ white[j]);
  return [...mode.startTones, ...aired, ...mode.endTones];
}

/** Every bin of the burst in order: bin b has firstCycle + b cycles in a symbol. */
export function frameBins(payload, mode) {
  const tones = frameTones(payload, mode);
  const coded = tones.length - mode.endTones.length;
  const blockStarts = [0, mode.startTones.length, coded];
  return tones.map((tone, n) => {
    const start = blockStarts.findLast((first) => first <= n);
    return mode.combCount * tone + ((n - start) % mode.combCount);
  });
}

/** The information symbols of a payload and its checksum, most significant bit first. */
function information(payload, mode) {
  const { informationCount } = layout(mode, payload.length);
  const text = new Uint8Array(payload.length + CRC_BYTES + 1);
  text.set(payload);
  new DataView(text.buffer).setUint32(payload.length, checksum(mode.number, payload));
  return Uint8Array.from({ length: informationCount }, (_, k) => bitsAt(text, k, mode.symbolBits));
}

function bitsAt(text, symbol, symbolBits) {
  const first = symbol * symbolBits;
  const byte = first >> 3;
  const two = (text[byte] << 8) | (text[byte + 1] ?? 0);
  return (two >> (16 - (first & 7) - symbolBits)) & ((1 << symbolBits) - 1);
}

/** The payload in decoded code symbols, or null when padding or checksum is wrong. */
export function framePayload(symbols, mode, length) {
  const { informationCount } = layout(mode, length);
  const text = new Uint8Array(length + CRC_BYTES + 1);
  for (let k = 0; k < informationCount; k++) {
    const first = k * mode.symbolBits;
    const two = symbols[k] << (16 - (first & 7) - mode.symbolBits);
    text[first >> 3] |= two >> 8;
    text[(first >> 3) + 1] |= two & 0xff;
  }
  const payload = text.slice(0, length);
  const received = new DataView(text.buffer).getUint32(length);
  const padded = text[length + CRC_BYTES] === 0;
  return padded && received === checksum(mode.number, payload) ? payload : null;
}
