import type { Sql } from "../mailbox/expiring-table.ts";
import { isTerminal } from "../../protocol/states.ts";
import type { ReadResult, StatusKey } from "../status-store.ts";
import { periodOf, type Plan } from "./plans.ts";

/** A request that is to be counted. */
export type Entry = Pick<Plan, "quota" | "concurrent"> & {
  /** Whose: an owner tag. */
  readonly caller: string;
  readonly key: StatusKey;
};

/** Whether a request may go on; if not, nothing was counted. */
export type EntryResult = {
  /** The limit that has been reached. */
  readonly violated?: "quota" | "concurrent";
  /** How many requests of the caller are counted in the period now. */
  readonly used: number;
};

/** Counts the requests of callers, exactly. */
export type Ledger = {
  /** Counts a request, unless a limit has been reached. Rejects if it is not known whether it was counted. */
  enter(entry: Entry): Promise<EntryResult>;
  /** Counts requests of one caller in their order, each as {@link Ledger.enter} does. */
  enterAll(entries: readonly Entry[]): Promise<EntryResult[]>;
  /** Takes back what was counted for a request that never was. */
  takeBack(entry: Entry): Promise<void>;
};

type LedgerOptions = {
  readonly sql: Sql;
  /** Runs all of it or nothing; what it returns is known once that is durable. */
  readonly transaction: <T>(run: () => T) => T | Promise<T>;
  /** Of each request, whether it is known to have ended. Never rejects. */
  readonly haveEnded: (keys: readonly StatusKey[]) => Promise<readonly boolean[]>;
  /** Until when requests may wait for one another, to be counted in one transaction. Default: those that come at once do. */
  readonly together?: () => Promise<void>;
  readonly now?: () => number;
};

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS quota_counts (caller TEXT NOT NULL, period TEXT NOT NULL, ends_at INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (caller, period)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS open_requests (caller TEXT NOT NULL, correlation_id TEXT NOT NULL, until INTEGER NOT NULL, key TEXT NOT NULL,
    PRIMARY KEY (caller, correlation_id)) WITHOUT ROWID`,
];

/** Counts one more, unless there are as many as there may be: then there is no row. */
const COUNT = `INSERT INTO quota_counts (caller, period, ends_at, count) VALUES (?, ?, ?, 1)
  ON CONFLICT DO UPDATE SET count = count + 1 WHERE count < ? RETURNING count AS n`;

const CLEAN_MS = 3_600_000;

/** So many callers of whom the ledger remembers how many requests they have at most. */
const MAX_REMEMBERED = 10_000;

/**
 * A ledger in a database. A request is open until somebody needs its place and finds that it has ended, or until its deadline. So no
 * request says that it has ended, and none that is lost keeps its place for longer.
 */
export const createLedger = ({
  sql,
  transaction,
  haveEnded,
  together = () => Promise.resolve(),
  now = Date.now,
}: LedgerOptions): Ledger => {
  /** By caller, how many requests are open at most, so that most need not be counted again. */
  const most = new Map<string, number>();
  let cleanedAt = Number.NEGATIVE_INFINITY;
  /** By caller, who looks already for requests that have ended. */
  const looking = new Map<string, Promise<void>>();

  const clean = (): void => {
    if (now() < cleanedAt + CLEAN_MS) return;
    for (const statement of SCHEMA) sql.exec(statement);
    sql.exec("DELETE FROM quota_counts WHERE ends_at <= ?", now());
    sql.exec("DELETE FROM open_requests WHERE until <= ?", now());
    cleanedAt = now();
  };
  const numberOf = (query: string, ...values: (string | number)[]): number => Number(sql.exec(query, ...values).toArray()[0]?.["n"] ?? 0);

  /** Whether a caller has so many open requests. They are counted only if there may be: each request would read all the others. */
  const isFull = (caller: string, concurrent: number): boolean => {
    const known = most.get(caller);
    if (known !== undefined && known < concurrent) return false;
    sql.exec("DELETE FROM open_requests WHERE caller = ? AND until <= ?", caller, now());
    const open = numberOf("SELECT count(*) AS n FROM open_requests WHERE caller = ?", caller);
    if (most.size >= MAX_REMEMBERED) most.clear();
    most.set(caller, open);
    return open >= concurrent;
  };

  const enterNow = ({ caller, key, quota, concurrent }: Entry): EntryResult => {
    const period = quota && periodOf(key.createdAt, quota.per);
    const usedBefore = (): number =>
      period === undefined ? 0 : numberOf("SELECT count AS n FROM quota_counts WHERE caller = ? AND period = ?", caller, period.name);
    if (concurrent !== undefined && isFull(caller, concurrent)) {
      const used = usedBefore();
      return { violated: quota !== undefined && used >= quota.requests ? "quota" : "concurrent", used };
    }
    let used = 1;
    if (quota !== undefined && period !== undefined) {
      used = numberOf(COUNT, caller, period.name, period.endsAt, quota.requests);
      if (used === 0) return { violated: "quota", used: usedBefore() };
    }
    if (concurrent !== undefined) {
      sql.exec("INSERT INTO open_requests (caller, correlation_id, until, key) VALUES (?, ?, ?, ?)", ...rowOf(caller, key));
      most.set(caller, (most.get(caller) ?? 0) + 1);
    }
    return { used };
  };

  const writeAll = async (runs: readonly (() => unknown)[]): Promise<readonly unknown[]> => {
    try {
      return await transaction(() => {
        clean();
        return runs.map((run) => run());
      });
    } catch (error) {
      // The tables may be gone again, and so may what was counted.
      cleanedAt = Number.NEGATIVE_INFINITY;
      most.clear();
      throw error;
    }
  };
  let waiting: (() => unknown)[] = [];
  let written: Promise<readonly unknown[]> | undefined;
  const writeWaiting = (): Promise<readonly unknown[]> => {
    const runs = waiting;
    [waiting, written] = [[], undefined];
    return writeAll(runs);
  };
  /** All of them or none: only the storage fails, and then for all. */
  const write = async <T>(run: () => T): Promise<T> => {
    const index = waiting.push(run) - 1;
    written ??= together().then(writeWaiting);
    return (await written)[index] as T;
  };

  const closeEnded = async (caller: string): Promise<void> => {
    const rows = sql.exec("SELECT correlation_id AS id, key FROM open_requests WHERE caller = ? AND until > ?", caller, now()).toArray();
    const ended = await haveEnded(rows.map(({ key }) => JSON.parse(String(key)) as StatusKey));
    await write(() => {
      for (const [index, { id }] of rows.entries())
        if (ended[index] === true) sql.exec("DELETE FROM open_requests WHERE caller = ? AND correlation_id = ?", caller, String(id));
      most.delete(caller);
    });
  };

  /** Those who need a place at the same time look together. */
  const makeRoom = (caller: string): Promise<void> => {
    let made = looking.get(caller);
    if (made === undefined) looking.set(caller, (made = closeEnded(caller).finally(() => looking.delete(caller))));
    return made;
  };

  const enter = async (entry: Entry): Promise<EntryResult> => {
    const result = await write(() => enterNow(entry));
    if (result.violated !== "concurrent") return result;
    await makeRoom(entry.caller);
    return write(() => enterNow(entry));
  };

  return {
    enter,

    enterAll: (entries) => Promise.all(entries.map(enter)),

    takeBack: ({ caller, key, quota, concurrent }) =>
      write(() => {
        if (quota !== undefined) {
          const period = periodOf(key.createdAt, quota.per).name;
          sql.exec("UPDATE quota_counts SET count = count - 1 WHERE caller = ? AND period = ? AND count > 0", caller, period);
        }
        if (concurrent !== undefined) sql.exec("DELETE FROM open_requests WHERE caller = ? AND correlation_id = ?", caller, key.text);
      }),
  };
};

/** Whether a status says that its request has ended. */
export const isEnded = (status: ReadResult): boolean => typeof status === "object" && isTerminal(status.state);

/** Only what a mailbox needs to find the status. */
const rowOf = (caller: string, { text, shard, createdAt, deadline, expiresAt }: StatusKey): [string, string, number, string] => [
  caller,
  text,
  deadline,
  JSON.stringify({ text, shard, createdAt, deadline, expiresAt } satisfies StatusKey),
];
