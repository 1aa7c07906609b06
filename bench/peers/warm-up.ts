/** What is faster than ever before by more than this share is not as fast yet as it will be. */
const STILL_GAINING = 0.05;
/** Once may be a slow moment of the machine. */
const STEADY_TIMES = 2;
/** What never gets steady, on a machine that others use too, is measured all the same. */
const MAX_TIMES = 12;

/**
 * Loads something until it has been no faster twice in a row: a just-in-time compiler takes as long as it takes, on a slow machine minutes.
 * @param load loads it for a while; resolves to the rate
 * @returns the rates, the first time first
 */
export const warmUpUntilSteady = async (load: () => Promise<number>): Promise<readonly number[]> => {
  const rates: number[] = [];
  for (let best = 0, steady = 0; steady < STEADY_TIMES && rates.length < MAX_TIMES;) {
    const rate = await load();
    rates.push(rate);
    steady = rate > best * (1 + STILL_GAINING) ? 0 : steady + 1;
    best = Math.max(best, rate);
  }
  return rates;
};
