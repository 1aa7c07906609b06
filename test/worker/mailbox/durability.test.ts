import { expect, test } from "vitest";
import { createTestKv, openMailbox, rowsOf } from "../support/mailbox.ts";
import { createId, emitting, keyOf, replyFor } from "../support/worker.ts";
import type { TestStorage } from "../support/test-host.ts";
import { host } from "../hosts/cloudflare/test-host.ts";

/** Transactions that commit at once and are durable, or refused by the disk, when the test says so: all that have been committed, together. */
const createGroupCommit = (storage: TestStorage) => {
  const waiting: { resolve(): void; reject(error: Error): void }[] = [];
  let committed = Promise.withResolvers<void>();
  const take = () => waiting.splice(0);
  return {
    transaction<Result>(run: () => Result): Promise<Result> {
      const result = storage.transactionSync(run);
      committed.resolve();
      committed = Promise.withResolvers();
      return new Promise((resolve, reject) => waiting.push({ resolve: () => resolve(result), reject }));
    },
    /** Resolves once so many transactions wait for the disk. */
    async holds(count: number): Promise<void> {
      while (waiting.length < count) await committed.promise;
    },
    sync: (): void => take().forEach(({ resolve }) => resolve()),
    refuse: (): void => take().forEach(({ reject }) => reject(new Error("The disk is full"))),
  };
};

/** A mailbox over real storage that is durable when the test says so. */
const inMailbox = (run: (opened: ReturnType<typeof openDurably>, storage: TestStorage) => Promise<void>): Promise<void> =>
  host.inStorage((storage) => run(openDurably(storage), storage));
const openDurably = (storage: TestStorage) => {
  const disk = createGroupCommit(storage);
  const opened = openMailbox(storage, { kv: createTestKv().kv, now: Date.now, transaction: disk.transaction });
  return { ...opened, disk };
};

/** What a promise has become by now: its value, its error, or pending. */
const settledYet = async <Value>(promise: Promise<Value>): Promise<Value | "pending" | Error> => {
  const turn = new Promise<"pending">((resolve) => setTimeout(() => resolve("pending")));
  return Promise.race([promise.catch((error: Error) => error), turn]);
};

test("nobody hears of a reply before it is durable: not the consumer, nor who waits, nor who asks", async () => {
  const id = await createId();
  await inMailbox(async ({ mailbox, disk }) => {
    const waiting = mailbox.read(keyOf(id), 20_000);
    const writing = mailbox.write([replyFor(id)]);
    await disk.holds(1);
    const asking = mailbox.read(keyOf(id), 0);
    for (const promise of [waiting, writing, asking]) expect(await settledYet<unknown>(promise)).toBe("pending");
    disk.sync();
    expect(await writing).toEqual(["stored"]);
    for (const status of [waiting, asking]) expect(await status).toMatchObject({ state: "succeeded" });
  });
});

test("nobody hears of a cancellation before it is durable: not who asked for it, nor a consumer, nor who waits for a change", async () => {
  const id = await createId();
  await host.inStorage(async (storage) => {
    const disk = createGroupCommit(storage);
    const told: string[] = [];
    const { mailbox } = openMailbox(storage, {
      ...{ kv: createTestKv().kv, now: Date.now, transaction: disk.transaction },
      onCancel: (correlationId) => void told.push(correlationId),
    });
    const waiting = mailbox.read(keyOf(id), 20_000, [0]);
    const cancelling = mailbox.cancel(keyOf(id));
    await disk.holds(1);
    for (const promise of [waiting, cancelling]) expect(await settledYet<unknown>(promise)).toBe("pending");
    expect(told).toEqual([]);
    disk.sync();
    for (const status of [waiting, cancelling]) expect(await status).toMatchObject({ state: "cancelling", version: 1 });
    expect(told).toEqual([id.text]);
  });
});

test("nobody reads a chunk before it is durable", async () => {
  const id = await createId();
  await inMailbox(async ({ mailbox, disk }) => {
    const writing = mailbox.write([emitting(id, "run", 0, ["1", "2"])]);
    await disk.holds(1);
    const reading = mailbox.readChunks(keyOf(id), 0);
    expect(await settledYet<unknown>(reading)).toBe("pending");
    disk.sync();
    expect([await writing, await reading]).toEqual([["stored"], [{ version: 1, execution: "run", first: 0, texts: ["1", "2"] }]]);
  });
});

test("a duplicate is called one only when the first is durable", async () => {
  const id = await createId();
  await inMailbox(async ({ mailbox, disk }) => {
    const writes = [mailbox.write([replyFor(id)]), mailbox.write([replyFor(id, { body: '{"sum":6}' })])];
    await disk.holds(2);
    disk.sync();
    expect(await Promise.all(writes)).toEqual([["stored"], ["duplicate"]]);
    expect(await mailbox.read(keyOf(id), 0)).toMatchObject({ body: '{"sum":5}' });
  });
});

test("a duplicate is refused if the first turns out not to be durable, even if nothing had to be written for it", async () => {
  const id = await createId();
  await inMailbox(async ({ mailbox, disk }) => {
    const first = mailbox.write([replyFor(id)]);
    const firstFailed = expect(first).rejects.toThrow("The disk is full");
    const again = mailbox.write([replyFor(id)]);
    const againFailed = expect(again).rejects.toThrow("The disk is full");
    await disk.holds(2);
    disk.refuse();
    await firstFailed;
    await againFailed;
  });
});

test("a write that the disk refuses wakes nobody, and the same reply sent again does", async () => {
  const id = await createId();
  await inMailbox(async ({ mailbox, waiters, disk }) => {
    const waiting = mailbox.read(keyOf(id), 20_000);
    const refused = expect(mailbox.write([replyFor(id)])).rejects.toThrow("The disk is full");
    await disk.holds(1);
    disk.refuse();
    await refused;
    expect([await settledYet(waiting), waiters.count]).toEqual(["pending", 1]);
    const again = mailbox.write([replyFor(id)]);
    await disk.holds(1);
    disk.sync();
    // What SQLite had committed is there, whatever the disk said first.
    expect(await again).toEqual(["duplicate"]);
    expect(await waiting).toMatchObject({ state: "succeeded" });
  });
});

test("a batch of which one row cannot be written leaves nothing behind, and works when it is sent again", async () => {
  const ids = await Promise.all([1, 2, 3].map(() => createId()));
  const replies = ids.map((id) => replyFor(id));
  await inMailbox(async (_, storage) => {
    let isFull = true;
    const exec = (query: string, ...values: (string | number | null)[]) => {
      if (isFull && values.includes(ids[2]?.text ?? "")) throw new Error("database or disk is full");
      return storage.sql.exec(query, ...values);
    };
    const { mailbox, alarm } = openMailbox(storage, { kv: createTestKv().kv, now: Date.now, sql: { exec } });
    await expect(mailbox.write(replies)).rejects.toThrow("full");
    expect([rowsOf(storage), alarm()]).toEqual([{}, null]);
    expect(await mailbox.read(keyOf(ids[0] as (typeof ids)[0]), 0)).toBeUndefined();
    isFull = false;
    expect(await mailbox.write(replies)).toEqual(["stored", "stored", "stored"]);
    expect(alarm()).not.toBeNull();
  });
});

test("an alarm that cannot be set fails no write, and the next write sets it", async () => {
  const [first, second] = await Promise.all([createId(), createId()]);
  await inMailbox(async (_, storage) => {
    const alarms: number[] = [];
    let fails = true;
    const set = async (atMs: number) => (fails ? Promise.reject(new Error("no alarm")) : void alarms.push(atMs));
    const alarm = { get: async () => null, set, clear: async () => {} };
    const { mailbox } = openMailbox(storage, { kv: createTestKv().kv, now: Date.now, alarm });
    expect(await mailbox.write([replyFor(first)])).toEqual(["stored"]);
    fails = false;
    expect(await mailbox.write([replyFor(second)])).toEqual(["stored"]);
    expect(alarms).toHaveLength(1);
  });
});
