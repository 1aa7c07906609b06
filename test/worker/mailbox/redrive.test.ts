import { expect, test } from "vitest";
import type { ProduceOutcome } from "../../../worker/producer.ts";
import type { StoredStatus } from "../../../worker/status-store.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { createTestKv, openMailbox } from "../support/mailbox.ts";
import { createId, emitting, keyOf, replyFor } from "../support/worker.ts";

const record = { topic: "requests", value: "{}", headers: [] };

/** A failed request that has emitted a chunk, in a mailbox whose Kafka answers that. */
const withFailed = (agoMs: number, outcome: ProduceOutcome, run: (failed: Awaited<ReturnType<typeof openFailed>>) => Promise<void>) =>
  host.inStorage(async (storage) => run(await openFailed(storage, agoMs, outcome)));
const openFailed = async (storage: Parameters<typeof openMailbox>[0], agoMs: number, outcome: ProduceOutcome) => {
  const id = await createId({ agoMs });
  const produced: unknown[] = [];
  const batches = { produce: async (sent: unknown) => (produced.push(sent), outcome) };
  const { mailbox } = openMailbox(storage, { kv: createTestKv().kv, now: Date.now, batches });
  await mailbox.write([emitting(id, "run", 0, ["1"]), replyFor(id, { state: "failed", body: "{}" })]);
  return { mailbox, key: keyOf(id), produced, ended: (await mailbox.read(keyOf(id), 0)) as StoredStatus };
};

const REFUSED = { outcome: "unavailable", detail: "Kafka is away." } as const;
const UNKNOWN = { outcome: "unknown", detail: "Nobody knows." } as const;

test.each([
  ["before the deadline", 0],
  ["after it", 40_000],
])("a request that Kafka does not take again, %s, says again what it said, as a newer version", async (_, agoMs) => {
  await withFailed(agoMs, REFUSED, async ({ mailbox, key, ended }) => {
    const next = agoMs === 0 ? undefined : keyOf(await createId());
    expect(await mailbox.redrive(key, record, next)).toEqual(REFUSED);
    const status = (await mailbox.read(key, 0)) as StoredStatus;
    expect(status).toEqual({ ...ended, version: 4, updatedAt: status.updatedAt });
    expect((await mailbox.readChunks(key, 0)).flatMap(({ texts }) => texts)).toEqual(["1"]);
    expect((await mailbox.redrive(key, record, next)).outcome).toBe("unavailable");
  });
});

test("a request that Kafka may have taken again stays open", async () => {
  await withFailed(0, UNKNOWN, async ({ mailbox, key, produced }) => {
    expect(await mailbox.redrive(key, record)).toEqual(UNKNOWN);
    expect(await mailbox.read(key, 0)).toMatchObject({ state: "accepted", version: 3 });
    expect(await mailbox.redrive(key, record)).toMatchObject({ outcome: "refused", status: { state: "accepted" } });
    expect(produced).toEqual([record]);
  });
});

test("who waits for a change hears that a request is sent again, and who waits then hears its end", async () => {
  await withFailed(0, { outcome: "stored", metadata: undefined }, async ({ mailbox, key }) => {
    expect(await mailbox.redrive(key, record)).toMatchObject({ outcome: "stored", status: { state: "accepted", version: 3 } });
    const waits = [mailbox.read(key, 20_000, [3]), mailbox.read(key, 20_000)];
    await mailbox.write([replyFor({ ...key, owner: "" })]);
    for (const wait of waits) expect(await wait).toMatchObject({ state: "succeeded", version: 4 });
  });
});

test("nothing is sent if the status cannot be changed", async () => {
  await host.inStorage(async (storage) => {
    let isFull = false;
    const transaction = <Result>(run: () => Result): Result =>
      storage.transactionSync(() => {
        if (isFull) throw new Error("The disk is full");
        return run();
      });
    const produced: unknown[] = [];
    const batches = { produce: async (sent: unknown) => (produced.push(sent), UNKNOWN) };
    const { mailbox } = openMailbox(storage, { kv: createTestKv().kv, now: Date.now, batches, transaction });
    const id = await createId();
    await mailbox.write([replyFor(id, { state: "failed", body: "{}" })]);
    isFull = true;
    expect(await mailbox.redrive(keyOf(id), record)).toMatchObject({ outcome: "unavailable" });
    expect([produced, await mailbox.read(keyOf(id), 0)]).toEqual([[], expect.objectContaining({ state: "failed", version: 1 })]);
  });
});
