const TURNS = 10_000_000;

/**
 * How long a fixed piece of arithmetic takes now, in milliseconds. Nothing but the processor is in it: if it varies during a run,
 * the machine was shared or slowed down, and rates from different moments cannot be compared.
 */
export const measureArithmetic = (now: () => number = () => performance.now()): number => {
  const began = now();
  let value = 1;
  for (let turn = 0; turn < TURNS; turn++) value = (Math.imul(value, 31) + turn) | 0;
  // The result is used, or the loop could be left out.
  return value === 0.5 ? Number.NaN : now() - began;
};
