import { waitUntil } from "cloudflare:workers";
import { systemTime, type Time } from "../../../environment/time.ts";
import type { ReportSettled, SettledCall } from "./settled-calls.ts";

/** What a batch may hold, in UTF-16 units: a call of an object may take 32 MiB. */
const MAX_BATCH_SIZE = 4 * 1024 * 1024;

type CallBatcherOptions<Call, Result> = {
  /** Makes a batch of calls as one, see `settleTogether`. */
  readonly callMany: (calls: readonly Call[], report: ReportSettled<Result>) => Promise<readonly SettledCall<Result>[]>;
  /** About how large a call is, in UTF-16 units. */
  readonly sizeOf: (call: Call) => number;
  /** How long, in ms, calls may wait for the one that is under way, to go together after it. Default: only until the runtime is idle. */
  readonly gatherMs?: number;
  readonly platform?: CallBatcherPlatform;
};

/** What the batcher needs of the runtime; tests drive it by hand. */
export type CallBatcherPlatform = Pick<Time, "setTimeout" | "clearTimeout"> & {
  /** Resolves when everything that is ready now has had its turn. */
  nextTurn(): Promise<void>;
  /** Keeps a request alive after its response, and after its caller has gone away. */
  waitUntil(done: Promise<void>): void;
};

const workers: CallBatcherPlatform = {
  setTimeout: systemTime.setTimeout,
  clearTimeout: systemTime.clearTimeout,
  nextTurn: () => scheduler.wait(0),
  waitUntil,
};

/** The calls that one request makes for itself and others. */
type Batch<Call, Result> = { readonly pending: PendingCall<Call, Result>[]; size: number };
type PendingCall<Call, Result> = { readonly call: Call; resolve(result: Result): void; reject(error: unknown): void };

/**
 * Makes the calls of requests that are in one isolate at the same time as one call of an object, since that call is most of what a request
 * costs. The first request of a batch makes the call for all, in its own context, and is kept alive until all have ended. The runtime lets a
 * request wait for a promise of another, but cancels it as hung if it waits for nothing else; so each request has a timer of its own, which
 * also ends it if the call is lost.
 */
export const createCallBatcher = <Call, Result>(options: CallBatcherOptions<Call, Result>) => {
  const { callMany, sizeOf, gatherMs, platform = workers } = options;
  let batchesUnderWay = 0;
  let lastBatch = Promise.resolve();
  let filling: Batch<Call, Result> | undefined;

  const send = async ({ pending }: Batch<Call, Result>): Promise<void> => {
    const settle = (settled: readonly SettledCall<Result>[]): void => {
      for (const call of settled) {
        if (call.status === "fulfilled") pending[call.index]?.resolve(call.value);
        else pending[call.index]?.reject(call.reason);
      }
    };
    try {
      settle(
        await callMany(
          pending.map(({ call }) => call),
          settle,
        ),
      );
    } catch (error) {
      for (const { reject } of pending) reject(error);
    }
  };

  const begin = async (batch: Batch<Call, Result>): Promise<void> => {
    // A call goes at once when it is alone. Otherwise it leaves with those that come before the runtime is idle.
    const isAlone = batchesUnderWay++ === 0;
    if (!isAlone) {
      filling = batch;
      await (gatherMs === undefined ? platform.nextTurn() : endOrTimer(lastBatch, gatherMs));
      if (filling === batch) filling = undefined;
    }
    await (lastBatch = send(batch));
    batchesUnderWay--;
  };

  /** A timer of its own, since a request that waits for the promise of another alone would be cancelled as hung. */
  const endOrTimer = (end: Promise<void>, ms: number): Promise<void> => {
    const over = Promise.withResolvers<void>();
    const timer = platform.setTimeout(over.resolve, ms);
    return Promise.race([end, over.promise]).finally(() => platform.clearTimeout(timer));
  };

  const join = (pending: PendingCall<Call, Result>): void => {
    const size = sizeOf(pending.call);
    if (filling !== undefined && filling.size + size <= MAX_BATCH_SIZE) {
      filling.pending.push(pending);
      filling.size += size;
    } else {
      platform.waitUntil(begin({ pending: [pending], size }));
    }
  };

  /** Makes a call. Rejects as the call does, and when it has not ended after `patienceMs`. */
  return async (call: Call, patienceMs: number): Promise<Result> => {
    // Not `new Promise`: once workerd has optimised that, it forgets which request the promise belongs to, and continues the request as another.
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const timer = platform.setTimeout(() => reject(new Error(`No answer within ${patienceMs} ms`)), patienceMs);
    join({ call, resolve, reject });
    try {
      return await promise;
    } finally {
      platform.clearTimeout(timer);
    }
  };
};
