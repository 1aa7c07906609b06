import { createArchive, type KeyValueStore } from "../../../worker/archive.ts";
import { createMailbox } from "../../../worker/mailbox/mailbox.ts";
import { createProduceBatches, type ProduceBatches } from "../../../worker/mailbox/produce-batches.ts";
import { createRows } from "../../../worker/mailbox/rows.ts";
import type { Sql } from "../../../worker/mailbox/expiring-table.ts";
import { createWaiters } from "../../../worker/mailbox/waiters.ts";
import type { Producer } from "../../../worker/producer.ts";
import type { TestStorage } from "./test-host.ts";

/** KV in memory, which can be away. */
export const createTestKv = () => {
  const values = new Map<string, string>();
  const state = { isAway: false, gets: 0 };
  const kv: KeyValueStore = {
    async get(name) {
      state.gets++;
      if (state.isAway) throw new Error("KV is away");
      return values.get(name) ?? null;
    },
    async put(name, value) {
      if (state.isAway) throw new Error("KV is away");
      values.set(name, value);
    },
  };
  return { kv, state, values };
};

const noProducer: Producer = {
  name: "none",
  limits: { maxBatchRecords: 1, maxBatchBytes: 1 },
  produce: async () => [],
  check: async () => [],
};

/** Kafka that stores each record at once. */
export const takesAll: ProduceBatches = { produce: async () => ({ outcome: "stored", metadata: undefined }) };

type MailboxParts = Partial<Parameters<typeof createMailbox>[0]> & {
  readonly kv: KeyValueStore;
  readonly now: () => number;
  readonly sql?: Sql;
};

/** A mailbox with a clock of its own over real storage. The test calls the alarm. */
export const openMailbox = (storage: TestStorage, { kv, now, sql = storage.sql, ...parts }: MailboxParts) => {
  let alarm: number | null = null;
  const waiters = createWaiters();
  const mailbox = createMailbox({
    rows: createRows(sql),
    archive: createArchive(kv),
    batches: createProduceBatches({ producer: noProducer }),
    waiters,
    mailboxRetentionMs: 3_600_000,
    transaction: (run) => storage.transactionSync(run),
    alarm: { get: async () => alarm, set: async (atMs) => void (alarm = atMs), clear: async () => void (alarm = null) },
    now,
    logError: () => {},
    ...parts,
  });
  return { mailbox, waiters, alarm: () => alarm };
};

/** The tables that there are, by name. */
export const tablesOf = ({ sql }: TestStorage): string[] =>
  sql
    .exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf_*'")
    .toArray()
    .map(({ name }) => String(name));

/** Empties the storage, for the next of many in one test. */
export const dropTables = (storage: TestStorage): void => {
  for (const name of tablesOf(storage)) storage.sql.exec(`DROP TABLE ${name}`);
};

/** The correlation IDs of all rows of statuses and chunks, by table. */
export const rowsOf = (storage: TestStorage): Record<string, string[]> => {
  const tables = tablesOf(storage).filter((name) => /^(?:status|chunks)/.test(name));
  const idsIn = (name: string) => storage.sql.exec(`SELECT correlation_id AS id FROM ${name}`).toArray();
  return Object.fromEntries(tables.map((name) => [name, idsIn(name).map(({ id }) => String(id))]).filter(([, ids]) => ids?.length));
};
