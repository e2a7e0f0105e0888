/**
 * ln I0(x), the modified Bessel function of order 0, for x >= 0, within 2e-7.
 *
 * Abramowitz and Stegun, Handbook of Mathematical Functions, 9.8.1 and 9.8.2.
 */
const SMALL = [1, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.0360768, 0.0045813];
const LARGE = [
  0.39894228, 0.01328592, 0.00225319, -0.00157565, 0.00916281, -0.02057706, 0.02635537,
  -0.01647633, 0.00392377,
];
const EDGE = 3.75;

export function logBessel(x) {
  if (x < EDGE) return Math.log(polynomial(SMALL, (x / EDGE) ** 2));
  return x - 0.5 * Math.log(x) + Math.log(polynomial(LARGE, EDGE / x));
}

function polynomial(coefficients, x) {
  let value = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) value = value * x + coefficients[i];
  return value;
}
