/** How much may be in flight at once. */
type InFlightLimits = { readonly maxRecords: number; readonly maxBytes: number };

/** Counts what is in flight, so that whoever adds more can wait for room. */
export type InFlightLimiter = {
  enter(bytes: number): void;
  leave(bytes: number): void;
  /** Resolves once both counts are below their limits, or the signal aborts. */
  room(signal: AbortSignal): Promise<void>;
  /** Resolves once nothing is in flight, or the signal aborts. */
  empty(signal: AbortSignal): Promise<void>;
  readonly records: number;
  /** How much of the limits is taken: 1 where there is no room. */
  readonly fullness: number;
};

/** A limiter that starts empty. A record larger than `maxBytes` can still enter, alone. */
export const createInFlightLimiter = ({ maxRecords, maxBytes }: InFlightLimits): InFlightLimiter => {
  let records = 0;
  let bytes = 0;
  let waiting: { readonly until: () => boolean; readonly resolve: () => void }[] = [];
  const hasRoom = (): boolean => records === 0 || (records < maxRecords && bytes < maxBytes);
  const isEmpty = (): boolean => records === 0;
  const wait = (until: () => boolean, signal: AbortSignal): Promise<void> =>
    until() || signal.aborted
      ? Promise.resolve()
      : new Promise((resolve) => {
          const waiter = { until: () => until() || signal.aborted, resolve };
          waiting.push(waiter);
          signal.addEventListener("abort", release, { once: true });
        });
  const release = (): void => {
    const free = waiting.filter(({ until }) => until());
    if (free.length === 0) return;
    waiting = waiting.filter((waiter) => !free.includes(waiter));
    for (const { resolve } of free) resolve();
  };

  return {
    enter(more) {
      records += 1;
      bytes += more;
    },
    leave(less) {
      records -= 1;
      bytes -= less;
      release();
    },
    room: (signal) => wait(hasRoom, signal),
    empty: (signal) => wait(isEmpty, signal),
    get records() {
      return records;
    },
    get fullness() {
      return Math.max(records / maxRecords, bytes / maxBytes);
    },
  };
};
