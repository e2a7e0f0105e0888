/**
 * Arithmetic in GF(2^m), m = 4 or 5: elements are integers, addition is exclusive or.
 *
 * Primitive polynomials x^4+x+1 and x^5+x^2+1, generator x (the number 2). Element e has the bits
 * of its polynomial, the constant term lowest.
 */
const POLYNOMIALS = new Map([
  [4, 0b10011],
  [5, 0b100101],
]);
const FIELDS = new Map();

/**
 * The field of 2^bits elements, computed once: `size`, `order` (elements other than zero),
 * `power` (the generator to the i, 0 <= i < 2 order) and `times(a, b)`.
 */
export function field(bits) {
  if (!FIELDS.has(bits)) FIELDS.set(bits, build(bits));
  return FIELDS.get(bits);
}

function build(bits) {
  const size = 1 << bits;
  const order = size - 1;
  const power = new Uint8Array(2 * order);
  const log = new Uint8Array(size);
  let element = 1;
  for (let i = 0; i < 2 * order; i++) {
    power[i] = element;
    if (i < order) log[element] = i;
    element <<= 1;
    if (element & size) element ^= POLYNOMIALS.get(bits);
  }
  const times = (a, b) => (a && b ? power[log[a] + log[b]] : 0);
  return Object.freeze({ bits, size, order, power, times });
}
