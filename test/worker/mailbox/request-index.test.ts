import { expect, test } from "vitest";
import type { CorrelationId } from "../../../worker/correlation-id.ts";
import { createArchive } from "../../../worker/archive.ts";
import type { Sql } from "../../../worker/mailbox/expiring-table.ts";
import type { ProduceBatches } from "../../../worker/mailbox/produce-batches.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { createTestKv, dropTables, tablesOf } from "../support/mailbox.ts";
import { ADA, ANYBODY, EVE, openIndexed, pagesOf, recordOf, START } from "../support/request-index.ts";
import { keyOf, replyFor } from "../support/worker.ts";

const CLAIM = { name: "key", request: "sum 2 3" };

const produces = (outcome: Awaited<ReturnType<ProduceBatches["produce"]>>) => ({ batches: { produce: async () => outcome } });

test("what Kafka certainly did not take is not listed, and what it may have is, with a key and without", async () => {
  await host.inStorage(async (storage) => {
    for (const claim of [undefined, CLAIM]) {
      for (const [outcome, isListed] of [
        [{ outcome: "rejected", detail: "No." }, false],
        [{ outcome: "unavailable", detail: "Away." }, false],
        [{ outcome: "overloaded" }, false],
        [{ outcome: "unknown", detail: "Who knows." }, true],
        [{ outcome: "stored", metadata: undefined }, true],
      ] as const) {
        dropTables(storage);
        const { mailbox, create, list } = openIndexed(storage, produces(outcome));
        const id = await create();
        expect((await mailbox.publish(keyOf(id), recordOf(id, "sum"), 0, undefined, claim)).outcome).toBe(outcome.outcome);
        expect((await list()).ids, `${outcome.outcome} ${claim?.name}`).toEqual(isListed ? [id.text] : []);
      }
    }
  });
});

test("a request is in the index before its record leaves", async () => {
  await host.inStorage(async (storage) => {
    const written = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const events: string[] = [];
    const { mailbox, create, list } = openIndexed(storage, {
      transaction: async (run) => {
        const result = storage.transactionSync(run);
        begun.resolve();
        await written.promise;
        events.push("durable");
        return result;
      },
      batches: { produce: async () => (events.push("produced"), { outcome: "stored", metadata: undefined }) },
    });
    const id = await create();
    const publishing = mailbox.publish(keyOf(id), recordOf(id, "sum"), 0);
    await begun.promise;
    const listing = list();
    written.resolve();
    await publishing;
    expect(events).toEqual(["durable", "produced"]);
    expect((await listing).ids).toEqual([id.text]);
  });
});

test("a request that cannot be noted is not sent, and may be sent again", async () => {
  await host.inStorage(async (storage) => {
    const disk = { isFull: true };
    const records: string[] = [];
    const opened = openIndexed(storage, {
      transaction: (run) => {
        if (disk.isFull) throw new Error("The disk is full");
        return storage.transactionSync(run);
      },
      batches: { produce: async ({ topic }) => (records.push(topic), { outcome: "stored", metadata: undefined }) },
    });
    const id = await opened.create();
    const publish = () => opened.mailbox.publish(keyOf(id), recordOf(id, "sum"), 0);
    expect(await publish()).toMatchObject({ outcome: "unavailable" });
    expect(records).toEqual([]);
    disk.isFull = false;
    expect(await publish()).toMatchObject({ outcome: "stored" });
    expect((await opened.list()).ids).toEqual([id.text]);
  });
});

test("states are those of now: also of what has expired unasked, and of what has moved to KV", async () => {
  await host.inStorage(async (storage) => {
    const { kv } = createTestKv();
    const opened = openIndexed(storage, { archive: createArchive(kv) });
    const { mailbox, clock, send, list } = opened;
    const done = await send({ retentionSeconds: 604_800 });
    const forgotten = await send({ retentionSeconds: 604_800 });
    await mailbox.write([replyFor(done)]);
    const open = await send({ retentionSeconds: 604_800 });
    const statesOf = async () => {
      const { requests } = await mailbox.list({ owners: [ADA], limit: 20 });
      return Object.fromEntries(requests.map(({ key, state }) => [key.text, state]));
    };
    expect(await statesOf()).toEqual({ [done.text]: "succeeded", [forgotten.text]: "accepted", [open.text]: "accepted" });
    for (let round = 0; round < 30; round++) {
      clock.now += 300_000;
      await mailbox.sweep();
    }
    const late = await send();
    expect(await statesOf()).toEqual({
      [done.text]: "succeeded",
      [forgotten.text]: "expired",
      [open.text]: "expired",
      [late.text]: "accepted",
    });
    expect((await list({ state: "succeeded" })).ids).toEqual([done.text]);
    // What a list has shown as expired stays so.
    expect(await mailbox.write([replyFor(forgotten)])).toEqual(["late"]);
  });
});

test("a request that is sent again after its deadline is listed beside the one whose place it takes", async () => {
  await host.inStorage(async (storage) => {
    const { mailbox, clock, send, create, list } = openIndexed(storage);
    const first = await send();
    clock.now += 120_000;
    const second = await create();
    expect(await mailbox.redrive(keyOf(first), recordOf(second, "sum"), keyOf(second))).toMatchObject({ outcome: "stored" });
    expect(await list()).toMatchObject({ ids: [second.text, first.text], states: ["accepted", "expired"] });
  });
});

test("a request is listed for as long as its status can be read, and nothing of it stays in the storage", async () => {
  await host.inStorage(async (storage) => {
    const { mailbox, alarm, clock, send, list } = openIndexed(storage);
    const brief = await send({ retentionSeconds: 120 });
    const long = await send({ retentionSeconds: 2_592_000 });
    expect((await list()).ids.toSorted()).toEqual([brief.text, long.text].toSorted());
    clock.now += 120_000;
    expect((await list()).ids).toEqual([long.text]);
    clock.now += 2_592_000_000;
    expect((await list()).ids).toEqual([]);
    clock.now += 32 * 86_400_000;
    await mailbox.sweep();
    expect(tablesOf(storage).filter((name) => name.startsWith("index_"))).toEqual([]);
    expect(alarm()).toBeNull();
  });
});

test("a caller whose tags are several, since secrets were rotated, has one list", async () => {
  await host.inStorage(async (storage) => {
    const { clock, send, list } = openIndexed(storage);
    const sent: string[] = [];
    for (const owner of [ADA, EVE, ADA, EVE, "123456789abc"]) {
      sent.unshift((await send({ owner })).text);
      clock.now += 1;
    }
    expect((await list({ owners: [EVE, ADA] })).ids).toEqual(sent.slice(1));
    expect((await list({ owners: [EVE, ADA], limit: 2, after: { createdAt: START + 2, text: sent[2] as string } })).ids).toEqual([
      sent[3],
      sent[4],
    ]);
  });
});

test("who looks for what is rare finds all of it, page by page, though a page may have none", async () => {
  await host.inStorage(async (storage) => {
    const opened = openIndexed(storage);
    const rare = [await opened.send({ operation: "echo" })];
    for (let count = 0; count < 1_200; count++) {
      opened.clock.now += 1;
      const id = await opened.send();
      if (count === 600) rare.unshift(id);
    }
    await opened.mailbox.write([replyFor(rare[0] as CorrelationId)]);
    const ofEcho = await pagesOf(opened, { operation: "echo", limit: 5 });
    expect(ofEcho.length).toBeGreaterThan(1);
    expect(ofEcho.flat()).toEqual([rare[1]?.text]);
    expect((await pagesOf(opened, { state: "succeeded", limit: 5 })).flat()).toEqual([rare[0]?.text]);
  });
});

/** What a storage is asked to do. */
const countWrites = (sql: Sql) => {
  const counted = { statements: 0, rows: 0 };
  const counting: Sql = {
    exec(query, ...values) {
      counted.statements++;
      const cursor = sql.exec(query, ...values);
      counted.rows += cursor.rowsWritten;
      return cursor;
    },
  };
  return { counted, counting };
};

test("the index costs nothing unless it is on: no table, no statement, no row; and then a row for each request of somebody", async () => {
  for (const [isIndexed, owner, rows] of [
    [false, ADA, 0],
    [true, ANYBODY, 0],
    [true, ADA, 10],
  ] as const) {
    await host.inStorage(async (storage) => {
      const { counted, counting } = countWrites(storage.sql);
      const { send, mailbox } = openIndexed(storage, { sql: counting, isIndexed });
      // Opens the storage, and makes the table.
      if (isIndexed) await send({ owner });
      const tables = tablesOf(storage);
      Object.assign(counted, { statements: 0, rows: 0 });
      for (let count = 0; count < 10; count++) await send({ owner });
      expect(counted).toEqual({ statements: rows, rows });
      expect(tablesOf(storage)).toEqual(tables);
      expect(tables.some((name) => name.startsWith("index_"))).toBe(rows > 0);
      expect(mailbox.openCancellations()).toEqual([]);
    });
  }
});
