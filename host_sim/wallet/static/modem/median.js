/** The middle value of some numbers, or the mean of the two in the middle; sorts its argument. */
export function median(values) {
  values.sort();
  const middle = values.length >> 1;
  return values.length % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}
