/** The end of one of many calls that were made as one: its place among them, and how it ended. */
export type Ended<Result> = { readonly index: number } & PromiseSettledResult<Result>;

/** Told of calls that have ended while others of the same have not. */
export type TellEarly<Result> = (ended: readonly Ended<Result>[]) => void | Promise<void>;

/**
 * Waits for many calls that were made as one. What ends in one go is told together: through `tellEarly` while others are under way, and as the
 * result when the last have ended. So a single call is one exchange, and a reply does not wait for those that were asked for with it. Never rejects.
 */
export const endTogether = <Result>(calls: readonly Promise<Result>[], tellEarly: TellEarly<Result>): Promise<readonly Ended<Result>[]> =>
  new Promise((resolve) => {
    const told: Promise<void>[] = [];
    let missing = calls.length;
    let together: Ended<Result>[] = [];

    const tell = (): void => {
      const ended = together;
      together = [];
      // Whoever made the calls may end what listens once it has the result, so that comes last. If it has gone away before, nobody is to be told.
      if (missing === 0) void Promise.all(told).then(() => resolve(ended));
      else told.push(Promise.resolve(tellEarly(ended)).catch(() => {}));
    };
    const end = (ended: Ended<Result>): void => {
      missing--;
      // Promises that are settled in one go have their turns before a microtask that the first of them queues.
      if (together.push(ended) === 1) queueMicrotask(tell);
    };
    for (const [index, call] of calls.entries()) {
      call.then(
        (value) => end({ index, status: "fulfilled", value }),
        (reason: unknown) => end({ index, status: "rejected", reason }),
      );
    }
  });
