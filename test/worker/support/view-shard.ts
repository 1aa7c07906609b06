import type { Sql } from "../../../worker/mailbox/expiring-table.ts";
import { createViewShard } from "../../../worker/views/view-shard.ts";
import type { TextBatch } from "../../../worker/views/view-store.ts";
import { createViewTables } from "../../../worker/views/view-tables.ts";
import { createKeyedWaiters } from "../../../worker/waiters.ts";
import type { TestStorage } from "./test-host.ts";

export const GENERATION = "0123456789ab";

/** A batch of one partition that has the rows of all commits before `to`. Rows are numbers; null: removed. */
export const batchOf = (
  rows: readonly (readonly [key: string, offset: number, row: number | null])[],
  head: Partial<TextBatch> = {},
): TextBatch => ({
  view: "balances",
  version: 1,
  partition: 0,
  partitions: 1,
  generation: GENERATION,
  fold: "one",
  from: 0,
  to: Math.max(-1, ...rows.map(([, offset]) => offset)) + 1,
  isCaughtUp: true,
  rows: rows.map(([key, offset, row]) => ({ key, offset, text: row === null ? null : JSON.stringify({ cents: row }) })),
  ...head,
});

/** A shard with a clock of its own over real storage. The test calls the alarm. */
export const openShard = (storage: TestStorage, { now = Date.now, sql = storage.sql }: { now?: () => number; sql?: Sql } = {}) => {
  let alarm: number | null = null;
  const waiters = createKeyedWaiters<true, number>();
  const shard = createViewShard({
    tables: createViewTables(sql),
    waiters,
    transaction: (run) => storage.transactionSync(run),
    alarm: { get: async () => alarm, set: async (atMs) => void (alarm = atMs), clear: async () => void (alarm = null) },
    now,
    logError: (message, error) => {
      throw new Error(message, { cause: error });
    },
  });
  return { shard, waiters, alarm: () => alarm };
};
