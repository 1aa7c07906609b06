/** A number that was measured several times. */
export type Spread = { readonly median: number; readonly min: number; readonly max: number };

/**
 * The median of some numbers and how far they are apart.
 * @throws TypeError if there are none.
 */
export const spreadOf = (values: readonly number[]): Spread => {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  const upper = sorted[Math.ceil((sorted.length - 1) / 2)];
  if (min === undefined || max === undefined || lower === undefined || upper === undefined)
    throw new TypeError("Expected at least one value, got none");
  return { median: (lower + upper) / 2, min, max };
};

/**
 * The least of the values that so many percent of them do not exceed.
 * @throws TypeError if there are none.
 */
export const percentileOf = (values: readonly number[], percent: number): number => {
  const value = values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil((values.length * percent) / 100) - 1)];
  if (value === undefined) throw new TypeError("Expected at least one value, got none");
  return value;
};
