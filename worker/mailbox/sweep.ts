import { isTerminal } from "../../protocol/states.ts";
import { type Archive, KEEP_AFTER_ARCHIVE_MS, MIN_ARCHIVE_MS, putEach } from "../archive.ts";
import type { Closing, Place, Rows } from "./rows.ts";
import { GRACE_AFTER_DEADLINE_MS } from "./rules.ts";
import type { RowHead, StatusTable } from "./status-table.ts";

/** How often a mailbox that is not empty looks for what it need not keep any longer: as often as a period ends. */
export const SWEEP_MS = 5 * 60_000;
/** How soon the next round starts when this one had too much to do. */
export const SWEEP_AGAIN_MS = 1_000;
/** How many rows a round copies to KV or keeps in the rest: each takes two operations at most, and an invocation may do 1,000. */
const MAX_ROWS = 450;
const MAX_DELETES = 5_000;

type SweepOptions = {
  readonly rows: Rows;
  readonly archive: Archive;
  /** Runs all of it or nothing, and resolves once that is durable. */
  readonly commit: (run: () => void) => Promise<void>;
  /** How many rows a table may have that is dropped, see `createMailbox`. */
  readonly maxDroppedRows: number | undefined;
  /** How long a mailbox keeps a finished status before it moves to KV. */
  readonly mailboxRetentionMs: number;
  readonly now: number;
};

/**
 * One round: drops the tables of periods that nobody needs any longer, and copies to KV the statuses that outlive them; then the same for the
 * rest, row by row.
 * @returns whether there is more to do at once, and the errors of rows that KV did not take
 */
export const sweep = async ({ rows, archive, commit, maxDroppedRows, mailboxRetentionMs, now }: SweepOptions) => {
  const failures: unknown[] = [];
  const gone = now + KEEP_AFTER_ARCHIVE_MS;
  /** All requests of the periods that ended by then are overdue. */
  const overdue = now - GRACE_AFTER_DEADLINE_MS;
  let budget = MAX_ROWS;
  let isAway = false;

  /** @returns those that KV did not take */
  const putAll = async (place: Place, heads: readonly RowHead[]): Promise<Set<RowHead>> => {
    const refused = new Set<RowHead>();
    await putEach(heads, async (head) => {
      try {
        const status = place === "rest" ? rows.rest.find(head) : rows.findIn(place, head);
        const execution = status?.details?.chunks?.execution;
        // Before their status: whoever sees it in KV finds them.
        const chunks = execution == null ? undefined : rows.findChunks(place, head, execution);
        if (chunks !== undefined) await archive.writeChunks(head, chunks);
        if (status !== undefined) await archive.write(head, status);
      } catch (error) {
        refused.add(head);
        failures.push(error);
      }
    });
    return refused;
  };

  const empty = async (table: Pick<StatusTable, "deleteFirst">): Promise<void> => {
    if (maxDroppedRows !== undefined) while (await deleteSome(table, maxDroppedRows));
  };

  const drop = async (end: number): Promise<void> => {
    for (const table of rows.tablesOf(end)) await empty(table);
    await commit(() => rows.drop(end));
  };

  const dropExpired = async (kind: "claims" | "index"): Promise<void> => {
    for (const end of rows[kind].endsBefore(now)) {
      const table = rows[kind].table(end);
      if (table !== undefined) await empty(table);
      await commit(() => rows[kind].drop(end));
    }
  };

  const deleteSome = async (table: Pick<StatusTable, "deleteFirst">, limit: number): Promise<boolean> => {
    let hasDeleted = false;
    await commit(() => {
      hasDeleted = table.deleteFirst(limit);
    });
    return hasDeleted;
  };

  /** Drops the table of a period if all of it has expired, and else begins to close it when it is time, unless a later round can drop it. */
  const beginToClose = async (end: number, table: StatusTable): Promise<void> => {
    if (!table.outlasts(now)) await drop(end);
    else if (end <= overdue - mailboxRetentionMs && table.outlasts(gone))
      await commit(() => rows.setClosing(end, { expiresAt: gone, text: "", archivedAt: null }));
  };

  /** Copies the next rows of a period to KV. Unfinished ones, and those that KV did not take, stay in the rest. */
  const close = async (end: number, table: StatusTable, closing: Closing): Promise<void> => {
    const heads = table.findAfter(closing, budget);
    const isLast = heads.length < budget;
    const due = heads.filter(({ state, expiresAt }) => isTerminal(state) && expiresAt > gone);
    const refused = await putAll(end, due);
    // KV that takes nothing is away: a later round goes on from here.
    isAway = due.length > 0 && refused.size === due.length;
    if (isAway) return;
    budget -= heads.length;
    const { expiresAt, text } = heads.at(-1) ?? closing;
    await commit(() => {
      for (const head of heads) if (refused.has(head) || !isTerminal(head.state)) rows.moveToRest(end, head);
      rows.setClosing(end, { expiresAt, text, archivedAt: isLast ? now : null });
    });
  };

  for (const end of rows.endsBefore(overdue)) {
    const table = rows.table(end);
    if (table === undefined) continue;
    if (rows.closing(end) === undefined) await beginToClose(end, table);
    const closing = rows.closing(end);
    if (closing === undefined) continue;
    if (closing.archivedAt === null && budget > 0 && !isAway) await close(end, table, closing);
    else if (closing.archivedAt !== null && closing.archivedAt <= now - KEEP_AFTER_ARCHIVE_MS) await drop(end);
  }

  await dropExpired("claims");
  await dropExpired("index");

  let hasMoreExpired = false;
  await commit(() => {
    hasMoreExpired = rows.deleteExpired(now, MAX_DELETES);
    hasMoreExpired = rows.webhooks.deleteOver(now) || hasMoreExpired;
    rows.deleteArchived(now - KEEP_AFTER_ARCHIVE_MS);
    rows.deleteCancellations(now);
  });
  const due = isAway ? [] : rows.rest.findToArchive(now - mailboxRetentionMs, now + MIN_ARCHIVE_MS, budget);
  const refused = await putAll("rest", due);
  await commit(() => {
    for (const head of due) if (!refused.has(head)) rows.rest.markArchived(head, now);
  });
  budget -= due.length;
  return { more: hasMoreExpired || (budget <= 0 && refused.size === 0 && !isAway), failures };
};
