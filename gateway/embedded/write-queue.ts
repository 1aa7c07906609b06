import type { Time } from "../../environment/time.ts";
import { GatewayError } from "../gateway-error.ts";

/** Writes that share a transaction, and so an fsync: all that arrive in one turn of the event loop. */
export type WriteQueue = {
  /** Runs in the next transaction and resolves once that is durable. Rejects with 503, and then nothing was written. */
  write<Result>(apply: () => Result): Promise<Result>;
  /** The error of the last transaction, if it failed. */
  failure(): unknown;
  /** Resolves when nothing is queued any more. */
  drained(): Promise<void>;
};

type Write = { readonly apply: () => unknown; readonly resolve: (result: never) => void; readonly reject: (error: unknown) => void };

export const createWriteQueue = (transact: (run: () => void) => void, time: Time): WriteQueue => {
  let queue: Write[] = [];
  let failure: unknown;

  const flush = (): void => {
    const writes = queue;
    queue = [];
    const results: unknown[] = [];
    try {
      transact(() => {
        for (const { apply } of writes) results.push(apply());
      });
      failure = undefined;
    } catch (cause) {
      failure = cause;
      for (const { reject } of writes) reject(storageError(cause));
      return;
    }
    for (const [index, { resolve }] of writes.entries()) resolve(results[index] as never);
  };

  const write: WriteQueue["write"] = (apply) =>
    new Promise((resolve, reject) => {
      if (queue.push({ apply, resolve, reject }) === 1) time.setImmediate(flush);
    });

  return {
    write,
    failure: () => failure,
    async drained() {
      if (queue.length > 0) await write(() => undefined).catch(() => undefined);
    },
  };
};

/** The error of a write that failed. */
export const storageError = (cause: unknown): GatewayError =>
  new GatewayError(503, `The gateway could not write to its disk: ${(cause as Error).message}.`, { retryAfterSeconds: 1, cause });
