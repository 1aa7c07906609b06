import { exitWhenTold } from "../exit-when-told.ts";
import { type Measurement, measureLoad } from "../load.ts";

/** What a peer can do. A counter is a stream of its own. */
export type PeerCalls = {
  increment(counter: string): Promise<unknown>;
  /** So many events in one append. */
  repeat(counter: string, times: number): Promise<unknown>;
  /** Folds what was appended since the last time into rows. @returns how many events */
  project?(): Promise<number>;
};

/** What a peer is told to do, and measures itself: it has no server between it and its callers. */
export type PeerTask =
  | {
      readonly kind: "increment" | "repeat";
      readonly connections: number;
      readonly times: number;
      readonly warmUpMs: number;
      readonly measureMs: number;
    }
  | { readonly kind: "project" };

export type PeerAnswer = {
  readonly type: "measured";
  readonly measurement?: Measurement;
  readonly eventsPerSecond?: number;
  readonly error?: string;
};

/** Counters that calls go to in turn. */
export const COUNTERS = 1_000;

/** Has calls wait for one another: SQLite takes one writer at a time, and calls of these stores that meet fail. */
export const createQueue = (): (<Result>(call: () => Promise<Result>) => Promise<Result>) => {
  let last: Promise<unknown> = Promise.resolve();
  return (call) => {
    const result = last.then(call);
    last = result.catch(() => {});
    return result;
  };
};

/** Answers the tasks that whoever forked this process sends. */
export const serveMeasurements = (calls: PeerCalls): void => {
  let count = 0;
  const nextCounter = (): string => `c-${count++ % COUNTERS}`;
  const measure = async (task: PeerTask): Promise<Omit<PeerAnswer, "type">> => {
    if (task.kind === "project") {
      const began = performance.now();
      const events = (await calls.project?.()) ?? 0;
      return { eventsPerSecond: (events * 1_000) / (performance.now() - began) };
    }
    const { kind, times } = task;
    const call = kind === "increment" ? () => calls.increment(nextCounter()) : () => calls.repeat(nextCounter(), times);
    const open = async () => ({ call, [Symbol.asyncDispose]: async () => {} });
    return { measurement: await measureLoad({ open }, task) };
  };
  process.on("message", (task: PeerTask) => {
    void measure(task)
      .catch((error: unknown) => ({ error: String(error) }))
      .then((answer) => process.send?.({ type: "measured", ...answer } satisfies PeerAnswer));
  });
  exitWhenTold();
  process.send?.({ type: "ready" });
};
