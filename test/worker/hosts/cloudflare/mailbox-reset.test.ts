import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { post } from "../../support/worker.ts";
import { mailboxOf } from "./test-host.ts";

test("a caller who waits when the mailbox is reset is told where to look", async () => {
  const mailbox = mailboxOf({ shard: 0 });
  const waiting = post("sum", { a: 2, b: 3 }, { prefer: "wait=20" });
  while ((await mailbox.waiting()) === 0);
  await runInDurableObject(mailbox, (_, state) => state.abort("reset")).catch(() => undefined);
  const response = await waiting;
  expect([response.status, await response.json()]).toEqual([504, expect.objectContaining({ code: "PRODUCE_UNKNOWN" })]);
  expect(response.headers.get("location")).toMatch(/^\/status\/[\w-]{63}$/);
});
