type BackoffOptions = {
  readonly firstMs: number;
  readonly mostMs: number;
  /** How much of a pause is left to chance, from 0 to 1. All of it spreads best those who were cut off at the same moment. */
  readonly jitter?: number | undefined;
  /** From 0 up to 1. */
  readonly random?: (() => number) | undefined;
};

/** Pauses between attempts, which grow with each failure in a row. */
export type Backoff = {
  /** How long to wait before the next attempt, in milliseconds. */
  nextMs(): number;
  /** An attempt succeeded: the next failure starts with the first pause again. */
  reset(): void;
};

/** Doubles the pause up to the longest. Each is shortened at random, by up to half if nothing else is said, so that many consumers do not return at once. */
export const createBackoff = ({ firstMs, mostMs, jitter = 0.5, random = Math.random }: BackoffOptions): Backoff => {
  let ceiling = firstMs;
  return {
    nextMs() {
      const milliseconds = ceiling * (1 - random() * jitter);
      ceiling = Math.min(ceiling * 2, mostMs);
      return milliseconds;
    },
    reset() {
      ceiling = firstMs;
    },
  };
};
