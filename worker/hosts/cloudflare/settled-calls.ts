/** A call of a batch that has ended: its index in the batch, and how it ended. */
export type SettledCall<Result> = { readonly index: number } & PromiseSettledResult<Result>;

/** Receives the calls of a batch that have ended while others of it have not. */
export type ReportSettled<Result> = (settled: readonly SettledCall<Result>[]) => void | Promise<void>;

/**
 * Waits for the calls of a batch, and passes on together those that end in one turn: to `report` while others are pending, and as the
 * result when the last have ended. So a batch of one is one exchange, and no call waits for those that it shares the batch with. Never rejects.
 */
export const settleTogether = <Result>(
  calls: readonly Promise<Result>[],
  report: ReportSettled<Result>,
): Promise<readonly SettledCall<Result>[]> =>
  new Promise((resolve) => {
    const reports: Promise<void>[] = [];
    let pending = calls.length;
    let together: SettledCall<Result>[] = [];

    const pass = (): void => {
      const settled = together;
      together = [];
      // The result comes after all reports, since the caller may stop listening once it has it. A caller who has gone away gets no reports.
      if (pending === 0) void Promise.all(reports).then(() => resolve(settled));
      else reports.push(Promise.resolve(report(settled)).catch(() => {}));
    };
    const settle = (call: SettledCall<Result>): void => {
      pending--;
      // Promises that settle in one turn run their callbacks before a microtask that the first of them queues.
      if (together.push(call) === 1) queueMicrotask(pass);
    };
    for (const [index, call] of calls.entries()) {
      call.then(
        (value) => settle({ index, status: "fulfilled", value }),
        (reason: unknown) => settle({ index, status: "rejected", reason }),
      );
    }
  });
