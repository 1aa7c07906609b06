import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeEvent, type ProducerRecord } from "../../../protocol/kafka-record.ts";
import type { CorrelationId } from "../../../worker/correlation-id.ts";
import { createArchive } from "../../../worker/archive.ts";
import type { Sql } from "../../../worker/mailbox/expiring-table.ts";
import type { ProduceBatches } from "../../../worker/mailbox/produce-batches.ts";
import type { ListPosition, ListQuery } from "../../../worker/request-index.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { createTestKv, dropTables, openMailbox, tablesOf, takesAll } from "../support/mailbox.ts";
import type { TestStorage } from "../support/test-host.ts";
import { idsAt, keyOf, replyFor } from "../support/worker.ts";

const ADA = "00000000ada0";
const EVE = "ffffffffffff";
const ANYBODY = "000000000000";
const START = Date.parse("2026-06-01T12:00:00Z");
const CLAIM = { name: "key", request: "sum 2 3" };

const recordOf = (id: CorrelationId, operation: string): ProducerRecord => ({
  topic: "requests",
  value: "{}",
  headers: encodeEvent({ specversion: "1.0", id: id.text, source: "/worker", type: operation, data: undefined }).headers,
});

/** A mailbox with an index and a clock. */
const open = (storage: TestStorage, parts: Partial<Parameters<typeof openMailbox>[1]> = {}) => {
  const clock = { now: START };
  const ids = idsAt(() => clock.now);
  const { mailbox, alarm } = openMailbox(storage, {
    kv: createTestKv().kv,
    batches: takesAll,
    isIndexed: true,
    ...parts,
    now: () => clock.now,
  });
  const create = (owner = ADA, retentionSeconds = 3_600) => ids.create({ shard: 0, deadlineSeconds: 30, retentionSeconds, owner });
  return {
    mailbox,
    alarm,
    clock,
    create,
    async send({ owner = ADA, operation = "sum", retentionSeconds = 3_600 } = {}): Promise<CorrelationId> {
      const id = await create(owner, retentionSeconds);
      await mailbox.publish(keyOf(id), recordOf(id, operation), 0);
      return id;
    },
    async list(query: Partial<ListQuery> = {}) {
      const { requests, next } = await mailbox.list({ owners: [ADA], limit: 20, ...query });
      return { ids: requests.map(({ key }) => key.text), states: requests.map(({ state }) => state), next };
    },
  };
};

/** Lists by pages until there is no further one. */
const pagesOf = async ({ list }: ReturnType<typeof open>, query: Partial<ListQuery>, between: () => Promise<unknown> = async () => {}) => {
  const pages: string[][] = [];
  let after: ListPosition | undefined;
  do {
    const { ids, next } = await list({ ...query, after });
    pages.push(ids);
    after = next;
    await between();
  } while (after !== undefined);
  return pages;
};

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
        const { mailbox, create, list } = open(storage, produces(outcome));
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
    const { mailbox, create, list } = open(storage, {
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
    const opened = open(storage, {
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
    const opened = open(storage, { archive: createArchive(kv) });
    const { mailbox, clock, send, list } = opened;
    const done = await send({ retentionSeconds: 604_800 });
    const forgotten = await send({ retentionSeconds: 604_800 });
    await mailbox.write([replyFor(done)]);
    const open_ = await send({ retentionSeconds: 604_800 });
    const statesOf = async () => {
      const { requests } = await mailbox.list({ owners: [ADA], limit: 20 });
      return Object.fromEntries(requests.map(({ key, state }) => [key.text, state]));
    };
    expect(await statesOf()).toEqual({ [done.text]: "succeeded", [forgotten.text]: "accepted", [open_.text]: "accepted" });
    for (let round = 0; round < 30; round++) {
      clock.now += 300_000;
      await mailbox.sweep();
    }
    const late = await send();
    expect(await statesOf()).toEqual({
      [done.text]: "succeeded",
      [forgotten.text]: "expired",
      [open_.text]: "expired",
      [late.text]: "accepted",
    });
    expect((await list({ state: "succeeded" })).ids).toEqual([done.text]);
    // What a list has shown as expired stays so.
    expect(await mailbox.write([replyFor(forgotten)])).toEqual(["late"]);
  });
});

test("a request that is sent again after its deadline is listed beside the one whose place it takes", async () => {
  await host.inStorage(async (storage) => {
    const { mailbox, clock, send, create, list } = open(storage);
    const first = await send();
    clock.now += 120_000;
    const second = await create();
    expect(await mailbox.redrive(keyOf(first), recordOf(second, "sum"), keyOf(second))).toMatchObject({ outcome: "stored" });
    expect(await list()).toMatchObject({ ids: [second.text, first.text], states: ["accepted", "expired"] });
  });
});

test("a request is listed for as long as its status can be read, and nothing of it stays in the storage", async () => {
  await host.inStorage(async (storage) => {
    const { mailbox, alarm, clock, send, list } = open(storage);
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
    const { clock, send, list } = open(storage);
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
    const opened = open(storage);
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
      const { send, mailbox } = open(storage, { sql: counting, isIndexed });
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

test("pages have every request once and in order, whatever is sent and answered meanwhile", async () => {
  const anyRequest = fc.record({
    owner: fc.constantFrom(ADA, ADA, EVE, ANYBODY),
    operation: fc.constantFrom("sum", "echo"),
    isDone: fc.boolean(),
    // Often in the same millisecond.
    afterMs: fc.constantFrom(0, 0, 1, 400_000),
    retentionSeconds: fc.constantFrom(86_400, 604_800, 5_184_000),
  });
  const anyList = fc.record({
    sent: fc.array(anyRequest, { maxLength: 30 }),
    meanwhile: fc.array(anyRequest, { maxLength: 5 }),
    limit: fc.integer({ min: 1, max: 8 }),
    operation: fc.constantFrom(undefined, "sum"),
    isDone: fc.constantFrom(undefined, true),
  });
  await host.inStorage(async (storage) => {
    await fc.assert(
      fc.asyncProperty(anyList, async ({ sent, meanwhile, limit, operation, isDone }) => {
        dropTables(storage);
        const opened = open(storage);
        const send = async (request: (typeof sent)[number]) => {
          opened.clock.now += request.afterMs;
          const id = await opened.send(request);
          if (request.isDone) await opened.mailbox.write([replyFor(id)]);
          return { id, request };
        };
        const made: Awaited<ReturnType<typeof send>>[] = [];
        for (const request of sent) made.push(await send(request));
        opened.clock.now += 1;
        const expected = made
          .filter(({ request }) => request.owner === ADA && (operation ?? request.operation) === request.operation)
          .filter(({ request }) => isDone === undefined || request.isDone)
          .map(({ id }) => id)
          .toSorted((one, other) => other.createdAt - one.createdAt || (one.text > other.text ? -1 : 1));
        const state = isDone === true ? "succeeded" : undefined;
        const pages = await pagesOf(opened, { limit, operation, state }, async () => {
          for (const request of meanwhile) await send(request);
        });
        expect(pages.flat()).toEqual(expected.map(({ text }) => text));
        if (operation === undefined && state === undefined) expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
