/** How much may be under way at once. */
export type WindowOptions = { readonly maxRecords: number; readonly maxBytes: number };

/** Counts records under way, so that whoever reads further ones can wait until there is room. */
export type Window = {
  enter(bytes: number): void;
  leave(bytes: number): void;
  /** Resolves while fewer than the most records and bytes are under way, or once the signal aborts. */
  room(signal: AbortSignal): Promise<void>;
  /** Resolves once nothing is under way, or the signal aborts. */
  empty(signal: AbortSignal): Promise<void>;
  readonly records: number;
};

/** A window that starts empty. One record may be larger than `maxBytes`: it then goes alone. */
export const createWindow = ({ maxRecords, maxBytes }: WindowOptions): Window => {
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
  };
};
