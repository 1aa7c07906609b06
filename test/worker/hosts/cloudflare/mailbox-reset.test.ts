import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { deliver, outcomesOf, replyTo } from "../../support/replies.ts";
import { correlationIdOf, createTraceparent } from "../../support/requests.ts";
import { call, createId, post } from "../../support/worker.ts";
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

test("a caller who waits with an Idempotency-Key when the mailbox is reset sends the request again, and it is the same one", async () => {
  const [key, traceparent] = [crypto.randomUUID(), createTraceparent()];
  const send = (prefer: string) => post("sum", { a: 2, b: 3 }, { prefer, traceparent, "idempotency-key": key });
  const waiting = send("respond-async, wait=20");
  const correlationId = await correlationIdOf(traceparent);
  const mailbox = mailboxOf({ shard: 0 });
  while ((await mailbox.waiting()) === 0);
  await runInDurableObject(mailbox, (_, state) => state.abort("reset")).catch(() => undefined);
  const response = await waiting;
  expect([response.status, await response.json()]).toEqual([503, expect.objectContaining({ code: "STORE_UNAVAILABLE", retryable: true })]);
  const again = await send("respond-async");
  expect([again.status, again.headers.get("location")]).toEqual([202, `/status/${correlationId}`]);
  expect(again.headers.get("idempotent-replayed")).toBe("true");
});

test("a mailbox that is reset while a handler emits goes on where it was: no version goes back, and no chunk is lost or there twice", async () => {
  const { text, shard } = await createId({ shard: 3 });
  const emitted = (first: number, ...data: readonly unknown[]) =>
    replyTo(text, { state: "processing", emitted: { execution: "run", first }, data });
  const reset = () => runInDurableObject(mailboxOf({ shard }), (_, state) => state.abort("reset")).catch(() => undefined);
  const view = async () => (await call(`/status/${text}`)).json<{ version: number; state: string; chunks: unknown[] }>();

  await deliver([emitted(0, 1, 2), replyTo(text, { state: "processing", attempt: 1, data: { progress: 40 } })]);
  const cancelling = await (await call(`/status/${text}`, { method: "DELETE" })).json();
  expect(cancelling).toMatchObject({ state: "cancelling", version: 3 });
  await reset();
  expect(await view()).toMatchObject({ state: "cancelling", version: 3, progress: 40, chunks: [1, 2] });
  // The consumer does not know whether its last batch was stored.
  expect(await outcomesOf(await deliver([emitted(0, 1, 2), emitted(2, 3)]))).toEqual(["duplicate", "stored"]);
  await reset();
  expect(await view()).toMatchObject({ state: "cancelling", version: 4, chunks: [1, 2, 3] });
  await deliver([replyTo(text)]);
  await reset();
  expect(await view()).toMatchObject({ state: "succeeded", version: 5, chunks: [1, 2, 3] });
});
