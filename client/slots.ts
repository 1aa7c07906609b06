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
      if (used >= count) await new Promise<void>((resolve) => queue.push(resolve));
      const mayWait = queue.length === 0 && waiting < count / 2;
      used += 1;
      waiting += Number(mayWait);
      return {
        mayWait,
        release() {
          used -= 1;
          waiting -= Number(mayWait);
          queue.shift()?.();
        },
      };
    },
  };
};
