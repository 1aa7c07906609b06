import { isTerminal } from "../../protocol/states.ts";
import type { StatusKey } from "../status-store.ts";
import { begin, type Delivery, end, type RequestedWebhook, reopen } from "../webhooks/delivery.ts";
import type { Sql } from "./expiring-table.ts";
import { GRACE_AFTER_DEADLINE_MS, type KeptStatus } from "./rules.ts";

/** The name of the table, which is made when it is first needed. */
export const WEBHOOKS = "webhooks";

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS ${WEBHOOKS} (correlation_id TEXT PRIMARY KEY, state TEXT NOT NULL, due_at INTEGER NOT NULL, delivery TEXT NOT NULL) WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS webhooks_due ON ${WEBHOOKS} (state, due_at)`,
  "CREATE TABLE IF NOT EXISTS disabled_webhooks (endpoint TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID",
];

/** What was due so long ago and is still there, nobody sends any more: webhooks were switched off. */
const MAX_OVERDUE_MS = 30 * 86_400_000;
const MAX_DELETES = 5_000;

/** The first instant at which a request is overdue, see {@link isOverdue}. */
const overdueAt = ({ deadline }: StatusKey): number => deadline + GRACE_AFTER_DEADLINE_MS + 1;

/**
 * The webhooks of requests, a row each, which outlives the status. The requests that have not ended are also in memory, so that the end of
 * one without a webhook costs a look there and nothing else.
 */
export const createWebhookTable = (sql: Sql, exists: boolean) => {
  const query = (text: string, ...values: (string | number)[]) => sql.exec(text, ...values).toArray();
  let isMade = exists;
  /** The correlation IDs of those whose requests have not ended. */
  const open = new Set(
    exists ? query(`SELECT correlation_id AS id FROM ${WEBHOOKS} WHERE state = 'waiting'`).map(({ id }) => id as string) : [],
  );
  let hasAny = exists && query(`SELECT 1 FROM ${WEBHOOKS} LIMIT 1`).length > 0;
  let soonest = Number.POSITIVE_INFINITY;

  const find = (text: string): Delivery | undefined => {
    const [row] = hasAny ? query(`SELECT delivery FROM ${WEBHOOKS} WHERE correlation_id = ?`, text) : [];
    return row && readDelivery(row);
  };

  const write = (delivery: Delivery): void => {
    const { key, state, dueAt } = delivery;
    if (!isMade) for (const statement of SCHEMA) sql.exec(statement);
    isMade = true;
    hasAny = true;
    sql.exec(`INSERT OR REPLACE INTO ${WEBHOOKS} VALUES (?, ?, ?, ?)`, key.text, state, dueAt, JSON.stringify(delivery));
    if (state === "waiting") open.add(key.text);
    else open.delete(key.text);
    if (state === "waiting" || state === "pending") soonest = Math.min(soonest, dueAt);
  };

  /** When the next one of a state is due after a time; infinite if none is. */
  const nextAfter = (state: Delivery["state"], time: number): number =>
    (isMade
      ? (query(`SELECT MIN(due_at) AS at FROM ${WEBHOOKS} WHERE state = ? AND due_at > ?`, state, time)[0]?.["at"] as number | null)
      : null) ?? Number.POSITIVE_INFINITY;
  if (hasAny) soonest = Math.min(nextAfter("waiting", 0), nextAfter("pending", 0));

  return {
    find,

    /** Notes that somebody wants to hear of the end of a request, before it is sent. What was noted before stays. */
    register(key: StatusKey, webhook: RequestedWebhook): void {
      if (find(key.text) === undefined) write(begin(key, webhook, overdueAt(key)));
    },

    /** Must be told of each change of a status. */
    note(key: StatusKey, status: KeptStatus): void {
      const isEnd = isTerminal(status.state) && open.has(key.text);
      // Only what had ended is accepted again.
      if (!isEnd && (status.state !== "accepted" || !hasAny)) return;
      const delivery = find(key.text);
      if (delivery !== undefined) write(isEnd ? end(delivery, status) : reopen(delivery, overdueAt(key)));
    },

    write,

    remove(text: string): void {
      if (open.delete(text)) sql.exec(`DELETE FROM ${WEBHOOKS} WHERE correlation_id = ?`, text);
    },

    /** Those of a state that are due, the longest first. */
    findDue: (state: Delivery["state"], now: number, limit: number): Delivery[] =>
      hasAny
        ? query(`SELECT delivery FROM ${WEBHOOKS} WHERE state = ? AND due_at <= ? ORDER BY due_at LIMIT ?`, ...[state, now, limit]).map(
            readDelivery,
          )
        : [],

    nextAfter,

    /** When the soonest is due of what was written since the last call; infinite if nothing was. */
    takeSoonest(): number {
      const at = soonest;
      soonest = Number.POSITIVE_INFINITY;
      return at;
    },

    /** Endpoints of API keys that want no more webhooks. */
    isDisabled: (endpoint: string): boolean => isMade && query("SELECT 1 FROM disabled_webhooks WHERE endpoint = ?", endpoint).length > 0,
    disable: (endpoint: string, now: number): void =>
      void sql.exec("INSERT OR REPLACE INTO disabled_webhooks VALUES (?, ?)", endpoint, now),
    enable: (endpoint: string): void => void sql.exec("DELETE FROM disabled_webhooks WHERE endpoint = ?", endpoint),

    /** Forgets deliveries that have been over for long, and says whether there may be more. */
    deleteOver(now: number): boolean {
      if (!hasAny) return false;
      const over = `SELECT correlation_id FROM ${WEBHOOKS} WHERE (state IN ('delivered', 'failed', 'disabled') AND due_at <= ?) OR (state = 'pending' AND due_at <= ?)`;
      const { rowsWritten } = sql.exec(
        `DELETE FROM ${WEBHOOKS} WHERE correlation_id IN (${over} LIMIT ?)`,
        ...[now, now - MAX_OVERDUE_MS, MAX_DELETES],
      );
      hasAny = query(`SELECT 1 FROM ${WEBHOOKS} LIMIT 1`).length > 0;
      return rowsWritten >= MAX_DELETES;
    },

    isEmpty: (): boolean => !hasAny,
  };
};

export type WebhookTable = ReturnType<typeof createWebhookTable>;

const readDelivery = (row: Record<string, unknown>): Delivery => JSON.parse(row["delivery"] as string) as Delivery;
