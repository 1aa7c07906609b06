import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { call, createId, idsAt } from "../../support/worker.ts";

test("no mailbox is asked for a status that is gone, or of a request that this Worker did not accept", async () => {
  const gone = await createId({ agoMs: 3_600_001, shard: 60_000 });
  const { text } = await createId({ shard: 60_001 });
  const notMine = await idsAt().create({ shard: 60_001, deadlineSeconds: 30, retentionSeconds: 3_600, owner: "0123456789ab" });
  const forged = text.slice(0, 20) + (text[20] === "A" ? "B" : "A") + text.slice(21);
  for (const id of [gone.text, notMine.text, forged]) expect((await call(`/status/${id}`)).status).toBeGreaterThanOrEqual(404);
  const asked = (await listDurableObjectIds(env.MAILBOX)).map(String);
  for (const shard of [60_000, 60_001]) expect(asked).not.toContain(String(env.MAILBOX.idFromName(`shard-${shard}`)));
});
