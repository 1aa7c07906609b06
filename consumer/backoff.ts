export type BackoffOptions = {
  readonly firstMs: number;
  readonly mostMs: number;
  /** From 0 up to 1. */
  readonly random?: (() => number) | undefined;
};

/** A pause that grows with each failure in a row. */
export type Backoff = {
  /** How long to wait before the next attempt, in milliseconds. */
  nextMs(): number;
  /** An attempt succeeded: the next failure begins with the first pause again. */
  reset(): void;
};

/** Doubles from the first pause to the longest; each is cut by up to half at random, so that many consumers do not return at once. */
export const createBackoff = ({ firstMs, mostMs, random = Math.random }: BackoffOptions): Backoff => {
  let ceiling = firstMs;
  return {
    nextMs() {
      const milliseconds = ceiling * (1 - random() / 2);
      ceiling = Math.min(ceiling * 2, mostMs);
      return milliseconds;
    },
    reset() {
      ceiling = firstMs;
    },
  };
};
