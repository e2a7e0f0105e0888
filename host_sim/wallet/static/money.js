// Amounts are integers in minor units; people read letters and a point. The exponents are part of
// what was signed: the twin of the frozen table in terminal/money.py, which a test holds equal.

import { WalletError } from "./errors.js";

export const CURRENCIES = new Map([
  [36, ["AUD", 2]], [48, ["BHD", 3]], [124, ["CAD", 2]], [156, ["CNY", 2]], [208, ["DKK", 2]],
  [344, ["HKD", 2]], [356, ["INR", 2]], [360, ["IDR", 2]], [376, ["ILS", 2]], [392, ["JPY", 0]],
  [404, ["KES", 2]], [410, ["KRW", 0]], [414, ["KWD", 3]], [446, ["MOP", 2]], [458, ["MYR", 2]],
  [484, ["MXN", 2]], [554, ["NZD", 2]], [566, ["NGN", 2]], [578, ["NOK", 2]], [608, ["PHP", 2]],
  [702, ["SGD", 2]], [704, ["VND", 0]], [710, ["ZAR", 2]], [752, ["SEK", 2]], [756, ["CHF", 2]],
  [764, ["THB", 2]], [784, ["AED", 2]], [818, ["EGP", 2]], [826, ["GBP", 2]], [840, ["USD", 2]],
  [901, ["TWD", 2]], [949, ["TRY", 2]], [978, ["EUR", 2]], [985, ["PLN", 2]], [986, ["BRL", 2]],
]);

/** {letters, digits}: "CNY" and "12.50". A currency that is not in the table is not guessed at. */
export function moneyParts(amountMinor, currency) {
  const known = CURRENCIES.get(currency);
  if (!known) throw new WalletError("error.currency", { number: currency });
  const [letters, exponent] = known;
  const text = String(amountMinor).padStart(exponent + 1, "0");
  const at = text.length - exponent;
  return { letters, digits: exponent ? `${text.slice(0, at)}.${text.slice(at)}` : text };
}

export function formatAmount(amountMinor, currency) {
  const { letters, digits } = moneyParts(amountMinor, currency);
  return `${letters} ${digits}`;
}

/** Minor units of "12.5", typed with a point; WalletError otherwise. */
export function parseAmount(text, currency) {
  const exponent = (CURRENCIES.get(currency) ?? ["", 0])[1];
  const match = /^(\d{1,12})(?:\.(\d{1,3}))?$/.exec(text.trim());
  const decimals = match?.[2] ?? "";
  if (!match || decimals.length > exponent) throw new WalletError("error.amount");
  const amountMinor = Number(match[1] + decimals.padEnd(exponent, "0"));
  if (amountMinor < 1) throw new WalletError("error.amount");
  return amountMinor;
}
