type BackoffOptions = {
  readonly firstMs: number;
  readonly mostMs: number;
  /** From 0 up to 1. */
  readonly random?: (() => number) | undefined;
};

/** Pauses between attempts, which grow with each failure in a row. */
type Backoff = {
  /** How long to wait before the next attempt, in milliseconds. */
  nextMs(): number;
  /** An attempt succeeded: the next failure starts with the first pause again. */
  reset(): void;
};

/** Doubles the pause up to the longest. Each is shortened at random by up to half, so that many consumers do not return at once. */
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
