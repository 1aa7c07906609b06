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
  readonly now?: () => number;
};

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS quota_counts (caller TEXT NOT NULL, period TEXT NOT NULL, ends_at INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (caller, period)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS open_requests (caller TEXT NOT NULL, correlation_id TEXT NOT NULL, until INTEGER NOT NULL, key TEXT NOT NULL,
    PRIMARY KEY (caller, correlation_id)) WITHOUT ROWID`,
];

const CLEAN_MS = 3_600_000;

/**
 * A ledger in a database. A request is open until somebody needs its place and finds that it has ended, or until its deadline. So no
 * request says that it has ended, and none that is lost keeps its place for longer.
 */
export const createLedger = ({ sql, transaction, haveEnded, now = Date.now }: LedgerOptions): Ledger => {
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

  const enterNow = ({ caller, key, quota, concurrent }: Entry): EntryResult => {
    const period = quota && periodOf(key.createdAt, quota.per);
    const used =
      period === undefined ? 0 : numberOf("SELECT count AS n FROM quota_counts WHERE caller = ? AND period = ?", caller, period.name);
    const open =
      concurrent === undefined ? 0 : numberOf("SELECT count(*) AS n FROM open_requests WHERE caller = ? AND until > ?", caller, now());
    if (quota !== undefined && used >= quota.requests) return { violated: "quota", used };
    if (concurrent !== undefined && open >= concurrent) return { violated: "concurrent", used };
    if (period !== undefined)
      sql.exec(
        "INSERT INTO quota_counts (caller, period, ends_at, count) VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
        caller,
        period.name,
        period.endsAt,
      );
    if (concurrent !== undefined)
      sql.exec("INSERT INTO open_requests (caller, correlation_id, until, key) VALUES (?, ?, ?, ?)", ...rowOf(caller, key));
    return { used: used + 1 };
  };

  const write = async <T>(run: () => T): Promise<T> => {
    try {
      return await transaction(() => {
        clean();
        return run();
      });
    } catch (error) {
      // The tables may be gone again.
      cleanedAt = Number.NEGATIVE_INFINITY;
      throw error;
    }
  };

  const closeEnded = async (caller: string): Promise<void> => {
    const rows = sql.exec("SELECT correlation_id AS id, key FROM open_requests WHERE caller = ? AND until > ?", caller, now()).toArray();
    const ended = await haveEnded(rows.map(({ key }) => JSON.parse(String(key)) as StatusKey));
    await write(() => {
      for (const [index, { id }] of rows.entries())
        if (ended[index] === true) sql.exec("DELETE FROM open_requests WHERE caller = ? AND correlation_id = ?", caller, String(id));
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
