/** A turn to ask the server something. */
export type Slot = {
  /** Whether the server may be asked to wait with its answer. */
  readonly mayWait: boolean;
  release(): void;
};

/** A bounded number of exchanges at once. */
export type Slots = { take(): Promise<Slot> };

/**
 * A server that waits with its answer keeps a connection busy, and a browser has six of them. So at most half of the exchanges wait, and none
 * while others queue: among many requests some are told at once, and the others ask from time to time.
 */
export const createSlots = (count: number): Slots => {
  const queue: (() => void)[] = [];
  let used = 0;
  let waiting = 0;

  return {
    async take() {
      // Whoever releases a slot hands it over to the next, so that nobody can come between.
      if (used < count) used += 1;
      else await new Promise<void>((resolve) => queue.push(resolve));
      const mayWait = queue.length === 0 && waiting < count / 2;
      if (mayWait) waiting += 1;
      return {
        mayWait,
        release() {
          if (mayWait) waiting -= 1;
          const next = queue.shift();
          if (next === undefined) used -= 1;
          else next();
        },
      };
    },
  };
};
