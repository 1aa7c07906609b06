import { waitUntil } from "cloudflare:workers";
import type { Ended, TellEarly } from "./settled-calls.ts";
import type { Timers } from "../../mailbox/waiters.ts";

/** What a batch may hold, in UTF-16 units: a call of an object may take 32 MiB. */
const MAX_BATCH_SIZE = 4 * 1024 * 1024;

export type GatheringOptions<Call, Result> = {
  /** Makes many calls as one, see `endTogether`. */
  readonly callMany: (calls: readonly Call[], tellEarly: TellEarly<Result>) => Promise<readonly Ended<Result>[]>;
  /** How large a call is, about, in UTF-16 units. */
  readonly sizeOf: (call: Call) => number;
  readonly platform?: Platform;
};

/** What the runtime does for this, so that it can be driven by hand. */
export type Platform = Timers & {
  /** Resolves when all that is ready now has had its turn. */
  nextTurn(): Promise<void>;
  /** Lets a request go on after its answer, or after its caller has gone away. */
  waitUntil(done: Promise<void>): void;
};

const workers: Platform = {
  nextTurn: () => scheduler.wait(0),
  waitUntil,
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};

/** The calls that one request makes for itself and others. */
type Batch<Call, Result> = { readonly places: Place<Call, Result>[]; size: number };
type Place<Call, Result> = { readonly call: Call; resolve(result: Result): void; reject(error: unknown): void };

/**
 * Makes the calls of requests that are in one isolate at the same time as one call of an object: a call is most of what a request costs.
 * The first of a batch makes it for all, from within its own request, which is kept going until all of them have ended. The runtime lets a request
 * wait for another's promise, but takes it for hung if it has nothing else to wait for; so each has a timer of its own, which also
 * ends it should the one that calls be lost.
 */
export const createGathering = <Call, Result>({ callMany, sizeOf, platform = workers }: GatheringOptions<Call, Result>) => {
  let batchesUnderWay = 0;
  let gathered: Batch<Call, Result> | undefined;

  const send = async ({ places }: Batch<Call, Result>): Promise<void> => {
    const settle = (ended: readonly Ended<Result>[]): void => {
      for (const end of ended) {
        if (end.status === "fulfilled") places[end.index]?.resolve(end.value);
        else places[end.index]?.reject(end.reason);
      }
    };
    try {
      settle(
        await callMany(
          places.map(({ call }) => call),
          settle,
        ),
      );
    } catch (error) {
      for (const place of places) place.reject(error);
    }
  };

  const begin = async (batch: Batch<Call, Result>): Promise<void> => {
    // A call goes at once when it is alone. Else it leaves with those that come before the runtime has nothing else to do.
    const isAlone = batchesUnderWay++ === 0;
    if (!isAlone) {
      gathered = batch;
      await platform.nextTurn();
      if (gathered === batch) gathered = undefined;
    }
    await send(batch);
    batchesUnderWay--;
  };

  const join = (place: Place<Call, Result>): void => {
    const size = sizeOf(place.call);
    if (gathered !== undefined && gathered.size + size <= MAX_BATCH_SIZE) {
      gathered.places.push(place);
      gathered.size += size;
    } else {
      platform.waitUntil(begin({ places: [place], size }));
    }
  };

  /** Makes a call. Rejects as it does, and when it has not ended after `patienceMs`. */
  return async (call: Call, patienceMs: number): Promise<Result> => {
    // Not `new Promise`: of that, once it is compiled for speed, the runtime forgets whose request it is, and lets the request go on as part of another.
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const timer = platform.setTimeout(() => reject(new Error(`No answer within ${patienceMs} ms`)), patienceMs);
    join({ call, resolve, reject });
    try {
      return await promise;
    } finally {
      platform.clearTimeout(timer as never);
    }
  };
};
