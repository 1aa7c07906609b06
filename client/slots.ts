/** A turn to ask the server something. */
export type Slot = {
  /** How long the server may be asked to wait with its answer, in s. */
  readonly waitSeconds: number;
  /** @param hasPaid whether the answer is what the wait was for */
  release(hasPaid: boolean): void;
};

/** A bounded number of exchanges at once. */
export type Slots = {
  /**
   * @param waitSeconds how long the caller would like the server to wait
   * @param operation what is sent, if the exchange sends something
   */
  take(waitSeconds: number, operation?: string): Promise<Slot>;
};

/** The shortest wait that a server can be asked for. Most replies need far less. */
const BRIEF_SECONDS = 1;

/**
 * A server that waits with its answer keeps a connection busy, and a browser has six of them. So at most half of the exchanges wait long, and
 * none of them while others queue. What is sent meanwhile waits briefly, since a quick reply then needs no second exchange. The client learns
 * how many requests of an operation may do so at once: a wait that has paid adds one, a wait in vain halves them. So slow operations soon
 * leave the connections to the others.
 */
export const createSlots = (count: number): Slots => {
  const queue: (() => void)[] = [];
  /** Brief waits of an operation: how many there may be, and how many there are. */
  const brief = new Map<string | undefined, { room: number; used: number }>([[undefined, { room: 0, used: 0 }]]);
  let used = 0;
  let long = 0;

  return {
    async take(waitSeconds, operation) {
      // Whoever releases a slot hands it over to the next, so that nobody can come between.
      // The first ones yield too, so that they see who queues behind them.
      await (used < count ? void (used += 1) : new Promise<void>((resolve) => queue.push(resolve)));
      const own = brief.get(operation) ?? { room: count, used: 0 };
      brief.set(operation, own);
      const isLong = waitSeconds > 0 && queue.length === 0 && long < count / 2;
      const isBrief = waitSeconds > 0 && !isLong && own.used < own.room;
      if (isLong) long += 1;
      if (isBrief) own.used += 1;
      return {
        waitSeconds: isLong ? waitSeconds : isBrief ? BRIEF_SECONDS : 0,
        release(hasPaid) {
          if (isLong) long -= 1;
          if (isBrief) own.used -= 1;
          // One goes on trying, unless it would keep the only connection busy.
          if (operation !== undefined && (isLong || isBrief))
            own.room = hasPaid ? Math.min(count, own.room + 1) : Math.max(Math.min(1, count - 1), own.room >> 1);
          const next = queue.shift();
          if (next === undefined) used -= 1;
          else next();
        },
      };
    },
  };
};
