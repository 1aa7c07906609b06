import { type Spread, spreadOf } from "./spread.ts";

/** What a number should be, and what it is. Its median counts. */
export type Goal = { readonly name: string; readonly goal: string; readonly value: Spread; readonly unit: string; readonly met: boolean };

/** A number that was measured once stands for its own median. */
export const atMost = (name: string, limit: number, value: Spread | number, unit: string): Goal => {
  const spread = toSpread(value);
  return { name, goal: `≤ ${limit.toLocaleString("en")}`, value: spread, unit, met: spread.median <= limit };
};

/** A number that was measured once stands for its own median. */
export const atLeast = (name: string, limit: number, value: Spread | number, unit: string): Goal => {
  const spread = toSpread(value);
  return { name, goal: `≥ ${limit.toLocaleString("en")}`, value: spread, unit, met: spread.median >= limit };
};

const toSpread = (value: Spread | number): Spread => (typeof value === "number" ? spreadOf([value]) : value);
