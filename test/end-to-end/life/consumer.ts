import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { defineConsumer, type OnceStore, RetryableError } from "@rejoinder/sdk/consumer";
import { sqliteOnce } from "../../../consumer/once/sqlite.ts";
import type { lifeContract } from "./contract.ts";
import type { Moment } from "./journal.ts";

type Work = { readonly key: string; readonly index: number; readonly kind: string };
type Run = { readonly correlationId: string; readonly attempt: number; readonly signal: AbortSignal };

const note = (correlationId: string, what: Moment, { key = "", index = -1 }: Partial<Work> = {}): void =>
  appendFileSync(process.env["JOURNAL"] ?? "", `${correlationId} ${process.pid} ${what} ${key} ${index}\n`);

const aborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => (signal.aborted ? resolve(undefined) : signal.addEventListener("abort", resolve, { once: true })));

/** By correlation ID: runs whose recorded step is to return only once they are cancelled. */
const held = new Map<string, AbortSignal>();

/** The store of every consumer. It notes when a result is recorded, and may keep it back. */
const notingStore = (): OnceStore => {
  const store = sqliteOnce({ folder: process.env["CONSUMER_DATA_DIR"] ?? "", log: console });
  return {
    ...store,
    async once(step, run) {
      const result = await store.once(step, run);
      note(step.correlationId, "recorded");
      const signal = held.get(step.correlationId);
      if (signal !== undefined) await aborted(signal);
      return result;
    },
  };
};

/** Notes when a run begins, and how it ends. */
const noting = async <T>(work: Work, run: Run, isLast: boolean, handle: () => Promise<T>): Promise<T> => {
  const { correlationId, signal } = run;
  note(correlationId, "begins", work);
  try {
    const result = await handle();
    note(correlationId, "ends", work);
    return result;
  } catch (error) {
    note(correlationId, signal.aborted ? "aborted" : isLast ? "ends" : "fails", work);
    throw error;
  }
};

/** The consumer of a contract of {@link lifeContract}. */
export const lifeConsumer = (contract: ReturnType<typeof lifeContract>) =>
  defineConsumer({
    contract,
    once: notingStore(),
    handlers: {
      work(work, run) {
        const { kind, index } = work;
        const { attempt, signal, once, correlationId } = run;
        const isFailing = kind === "failing" || (kind === "flaky" && attempt < 3);
        return noting(work, run, kind !== "pausing" && (!isFailing || attempt === 3), async () => {
          if (kind === "held" || kind === "stubborn") held.set(correlationId, signal);
          const token = await once("effect", async () => {
            note(correlationId, "effect");
            return randomUUID();
          });
          if (kind === "held") signal.throwIfAborted();
          if (kind === "pausing") throw new RetryableError("NOT_NOW", "It is too early.", { retryAfterSeconds: 300 });
          if (isFailing) throw new RetryableError("NOT_YET", "It fails for now.");
          return { index, token };
        });
      },
      pieces(work, run) {
        const { signal, emit } = run;
        return noting(work, run, true, async () => {
          for (let piece = 0; piece < work.count; piece++) {
            await emit(piece);
            await delay(50, undefined, { signal });
          }
          return { index: work.index, token: "" };
        });
      },
      later: (work, run) =>
        noting(work, run, run.attempt === 2, async () => {
          if (run.attempt === 1) throw new RetryableError("NOT_NOW", "It is too early.", { retryAfterSeconds: 31 });
          return { index: work.index, token: "" };
        }),
    },
  });
