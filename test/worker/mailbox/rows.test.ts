import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { createRows } from "../../../worker/mailbox/rows.ts";
import { settle } from "../../../worker/mailbox/rules.ts";
import { createId, keyOf, mailboxOf, replyFor } from "../support/worker.ts";

/** As version 0.1.0 made it, before late replies were kept. */
const OLD_TABLE = `CREATE TABLE status (
  expires_at INTEGER NOT NULL,
  correlation_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  archived_at INTEGER,
  http_status INTEGER NOT NULL,
  attempt INTEGER,
  reply_id TEXT,
  operation TEXT,
  body TEXT,
  PRIMARY KEY (expires_at, correlation_id)
) WITHOUT ROWID`;

test("a table that an earlier version made is opened with its rows, and keeps late replies from then on", async () => {
  const id = await createId();
  await runInDurableObject(mailboxOf({ shard: 600 }), (_, { storage: { sql } }) => {
    sql.exec("DROP TABLE status");
    sql.exec(OLD_TABLE);
    const values = [id.expiresAt, id.text, 1, "expired", id.createdAt, 504, "{}"];
    sql.exec(
      "INSERT INTO status (expires_at, correlation_id, version, state, updated_at, http_status, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
      ...values,
    );
    const rows = createRows(sql);
    const current = rows.find(id);
    expect(current).toMatchObject({ state: "expired", version: 1, body: "{}", lateReply: null, replyId: null });
    const { next } = settle(current, replyFor(id), id.createdAt);
    if (next !== undefined) rows.update(keyOf(id), next);
    const reopened = createRows(sql);
    expect(reopened.find(id)).toMatchObject({ state: "expired", version: 2, lateReply: expect.stringContaining('{"sum":5}') as string });
  });
});
