import { type Archive, MIN_ARCHIVE_MS, putEach } from "../archive.ts";
import type { RowKey, Rows } from "./rows.ts";

/** How often a mailbox that is not empty looks for rows to archive or delete. */
export const SWEEP_MS = 60_000;
/** How soon the next round starts when this one had too much to do. */
export const SWEEP_AGAIN_MS = 1_000;
/** How long a row stays after KV has it: until every location has forgotten that the key was missing. */
const KEEP_AFTER_ARCHIVE_MS = 5 * 60_000;
/** Below the 1,000 operations that an invocation may do. */
const MAX_PUTS = 800;
const MAX_DELETES = 5_000;

type SweepOptions = {
  readonly rows: Rows;
  readonly archive: Archive;
  /** How long a mailbox keeps a finished status before it moves to KV. */
  readonly mailboxRetentionMs: number;
  readonly now: number;
};

/**
 * One round: deletes rows that are past their retention or safely in KV, and copies to KV the rows that outlive the mailbox.
 * A row that KV did not take stays for the next round.
 * @returns whether there is more to do at once, and the errors of rows that KV did not take
 */
export const sweep = async ({ rows, archive, mailboxRetentionMs, now }: SweepOptions): Promise<{ more: boolean; failures: unknown[] }> => {
  const moreExpired = rows.deleteExpired(now, MAX_DELETES);
  rows.deleteArchived(now - KEEP_AFTER_ARCHIVE_MS);
  const due = rows.findToArchive(now - mailboxRetentionMs, now + MIN_ARCHIVE_MS, MAX_PUTS);
  const failures: unknown[] = [];
  await putEach(due, async (key) => {
    try {
      await put(rows, archive, key, now);
    } catch (error) {
      failures.push(error);
    }
  });
  return { more: moreExpired || (due.length === MAX_PUTS && failures.length === 0), failures };
};

const put = async (rows: Rows, archive: Archive, key: RowKey, now: number): Promise<void> => {
  const status = rows.find(key);
  if (status === undefined) return;
  await archive.write(key, status);
  rows.markArchived(key, now);
};
