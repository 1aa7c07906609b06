import { describe, expect, test } from "vitest";
import type { ViewAction } from "../../../protocol/view-api.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import type { TestStorage } from "../support/test-host.ts";
import { batchOf, GENERATION, openShard } from "../support/view-shard.ts";

const HOUR = 3_600_000;
const VIEW = "balances";
const read = (key: string, others = {}) => ({ view: VIEW, key, known: [], waitMs: 0, ...others });
const KNOWN = { version: 1, partition: 0, offset: 0, generation: GENERATION };

const countRows = ({ sql }: TestStorage): number => Number(sql.exec("SELECT count(*) AS n FROM view_rows").toArray()[0]?.["n"]);

describe("a batch", () => {
  test("wakes those who wait for its rows and its commits before anything else happens", () =>
    host.inStorage(async (storage) => {
      const { shard, waiters } = openShard(storage);
      await shard.store(batchOf([["ada", 0, 1]]));
      const ended: string[] = [];
      const waits = [
        shard.read(read("ada", { known: [KNOWN], waitMs: 20_000 })).then(() => ended.push("row")),
        shard.read(read("bob", { after: { ...KNOWN, offset: 1 }, waitMs: 20_000 })).then(() => ended.push("commit")),
      ];
      while (waiters.count < 2) await Promise.resolve();
      void shard.store(batchOf([["ada", 1, 2]], { from: 1 }));
      // Nothing but promises that are settled already.
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      expect(ended.toSorted()).toEqual(["commit", "row"]);
      await Promise.all(waits);
    }));

  test("that the storage refuses leaves all as it was", () =>
    host.inStorage(async (storage) => {
      let isFull = false;
      const sql: TestStorage["sql"] = {
        exec(query, ...values) {
          if (isFull && query.startsWith("INSERT INTO view_rows")) throw new Error("disk full");
          return storage.sql.exec(query, ...values);
        },
      };
      const { shard } = openShard(storage, { sql });
      await shard.store(batchOf([["ada", 0, 1]]));
      isFull = true;
      await expect(shard.store(batchOf([["ada", 1, 2]], { from: 1 }))).rejects.toThrow("disk full");
      isFull = false;
      expect(await shard.read(read("ada"))).toMatchObject({ row: '{"cents":1}', reached: 0 });
      expect(await shard.store(batchOf([["ada", 1, 2]], { from: 1 }))).toMatchObject({ outcome: "stored" });
    }));

  test("of another fold begins anew, and the view is not read until it is whole", () =>
    host.inStorage(async (storage) => {
      const { shard } = openShard(storage);
      await shard.store(
        batchOf([
          ["ada", 0, 1],
          ["bob", 1, 1],
        ]),
      );
      expect(await shard.store(batchOf([], { fold: "two", from: 2, to: 2 }))).toEqual({ outcome: "behind", next: 0 });
      await shard.store(batchOf([["ada", 0, 7]], { fold: "two", isCaughtUp: false }));
      expect(await shard.read(read("ada"))).toEqual({ outcome: "not-ready" });
      await shard.store(batchOf([], { fold: "two", from: 1, to: 2 }));
      expect(await shard.read(read("ada"))).toMatchObject({ row: '{"cents":7}' });
      expect(await shard.read(read("bob"))).toMatchObject({ row: null });
    }));

  test("that only asks says nothing of rows that another consumer is still sending", () =>
    host.inStorage(async (storage) => {
      const { shard } = openShard(storage);
      // Ada's row changed at 0, and again at 2: it is among the last.
      await shard.store(batchOf([["bob", 1, 1]], { to: 2, isCaughtUp: false }));
      // A consumer that is not told yet of the commit at 2.
      const question = batchOf([], { from: 2, to: 2 });
      expect(await shard.store(question)).toEqual({ outcome: "behind", next: 0 });
      expect(await shard.read(read("ada"))).toEqual({ outcome: "not-ready" });
      await shard.store(
        batchOf([
          ["ada", 0, 1],
          ["bob", 1, 1],
        ]),
      );
      expect(await shard.store(question)).toMatchObject({ outcome: "stored" });
      expect(await shard.read(read("ada"))).toMatchObject({ row: '{"cents":1}', reached: 1 });
    }));

  test("that is the first of an empty partition leaves the view as ready as it was", () =>
    host.inStorage(async (storage) => {
      const { shard } = openShard(storage);
      await shard.store(batchOf([], { generation: "" }));
      await shard.store(batchOf([["ada", 0, 1]], { isCaughtUp: false }));
      expect(await shard.read(read("ada"))).toMatchObject({ row: '{"cents":1}' });
    }));
});

test("who waits when the process ends is answered with what is known", () =>
  host.inStorage(async (storage) => {
    const { shard, waiters } = openShard(storage);
    await shard.store(batchOf([["ada", 0, 1]]));
    const waits = [
      shard.read(read("ada", { known: [KNOWN], waitMs: 20_000 })),
      shard.read(read("ada", { after: { ...KNOWN, offset: 9 }, waitMs: 20_000 })),
    ];
    while (waiters.count < 2) await Promise.resolve();
    waiters.end();
    expect(await Promise.all(waits)).toMatchObject([{ outcome: "found" }, { outcome: "behind" }]);
    expect(await shard.read(read("ada", { known: [KNOWN], waitMs: 20_000 }))).toMatchObject({ outcome: "found" });
  }));

test("a row that is read again is not looked for again until it changes", () =>
  host.inStorage(async (storage) => {
    let lookups = 0;
    const sql: TestStorage["sql"] = {
      exec(query, ...values) {
        if (query.startsWith("SELECT partition, offset, row FROM view_rows")) lookups += 1;
        return storage.sql.exec(query, ...values);
      },
    };
    const { shard } = openShard(storage, { sql });
    await shard.store(batchOf([["ada", 0, 1]]));
    for (const cents of [1, 2, 3]) {
      for (let times = 0; times < 3; times += 1) expect(await shard.read(read("ada"))).toMatchObject({ row: `{"cents":${cents}}` });
      expect(lookups).toBe(cents);
      await shard.store(batchOf([["ada", cents, cents + 1]], { from: cents }));
    }
    await shard.store(batchOf([["bob", 0, 1]], { fold: "two", to: 9 }));
    expect(await shard.read(read("ada"))).toMatchObject({ row: null });
  }));

test("a page of large rows is short, and the pages together have all", () =>
  host.inStorage(async (storage) => {
    const { shard } = openShard(storage);
    const keys = Array.from({ length: 40 }, (_, index) => `k${10 + index}`);
    const text = JSON.stringify({ text: "x".repeat(512 * 1024) });
    for (const [offset, key] of keys.entries())
      await shard.store(batchOf([], { from: offset, to: offset + 1, rows: [{ key, offset, text }] }));
    const listed: string[] = [];
    for (let hasMore = true; hasMore;) {
      const page = await shard.list({ view: VIEW, prefix: "k", behind: listed.at(-1) ?? "", limit: 1_000, waitMs: 0 });
      if (page.outcome !== "found") throw new Error(page.outcome);
      expect(page.rows.length).toBeLessThan(20);
      listed.push(...page.rows.map(({ key }) => key));
      ({ hasMore } = page);
    }
    expect(listed).toEqual(keys);
  }));

test("a caller that waits again and again leaves nothing behind", () =>
  host.inStorage(async (storage) => {
    const { shard, waiters } = openShard(storage);
    await shard.store(batchOf([["ada", 0, 1]]));
    const { signal } = new AbortController();
    let listeners = 0;
    const counted = Object.assign(Object.create(null) as AbortSignal, {
      aborted: false,
      addEventListener: (...listener: Parameters<AbortSignal["addEventListener"]>) => (
        (listeners += 1),
        signal.addEventListener(...listener)
      ),
      removeEventListener: (...listener: Parameters<AbortSignal["removeEventListener"]>) => (
        (listeners -= 1),
        signal.removeEventListener(...listener)
      ),
    });
    for (let offset = 1; offset <= 3; offset += 1) {
      const waiting = shard.read(read("ada", { known: [{ ...KNOWN, offset: offset - 1 }], waitMs: 20_000 }), {
        signal: counted,
        waitsAs: "ada",
      });
      while (waiters.count < 1) await Promise.resolve();
      await shard.store(batchOf([["ada", offset, 1]], { from: offset }));
      expect(await waiting).toMatchObject({ position: { offset } });
    }
    expect(listeners).toBe(0);
  }));

test("one caller does not take all the room to wait", () =>
  host.inStorage(async (storage) => {
    const { shard, waiters } = openShard(storage);
    await shard.store(batchOf([["ada", 0, 1]]));
    const ask = () => shard.read(read("ada", { known: [KNOWN], waitMs: 20_000 }), { waitsAs: "ada" });
    const waits = Array.from({ length: 1_000 }, ask);
    expect(await ask()).toEqual({ outcome: "overloaded" });
    waiters.end();
    await Promise.all(waits);
  }));

describe("the alarm", () => {
  test("forgets a row that left after a week, and then rests", () =>
    host.inStorage(async (storage) => {
      let now = Date.UTC(2026, 0, 1);
      const { shard, alarm } = openShard(storage, { now: () => now });
      await shard.store(
        batchOf([
          ["ada", 0, 1],
          ["bob", 1, null],
        ]),
      );
      const ring = async (ms: number) => {
        now += ms;
        await shard.ring();
      };
      await ring(7 * 24 * HOUR - 1);
      expect([countRows(storage), alarm()]).toEqual([2, now + HOUR]);
      await ring(2);
      expect([countRows(storage), alarm()]).toEqual([1, null]);
      expect(await shard.read(read("bob"))).toEqual({ outcome: "found", version: 1, row: null });
    }));

  test("drops a version a day after another one took over, and its rows in parts", () =>
    host.inStorage(async (storage) => {
      let now = Date.UTC(2026, 0, 1);
      const { shard, alarm } = openShard(storage, { now: () => now });
      for (let from = 0; from < 3_000; from += 1_000)
        await shard.store(
          batchOf(
            Array.from({ length: 1_000 }, (_, index) => [`k${from + index}`, from + index, 1] as const),
            { from },
          ),
        );
      await shard.store(batchOf([["k0", 0, 1]], { version: 2, to: 3_000 }));
      now += 24 * HOUR - 1;
      await shard.ring();
      expect((await shard.versions([VIEW]))[0]?.map(({ version }) => version)).toEqual([2, 1]);
      now += 1;
      for (const left of [1_001, 1, 1]) {
        await shard.ring();
        expect(countRows(storage)).toBe(left);
      }
      expect((await shard.versions([VIEW]))[0]?.map(({ version }) => version)).toEqual([2]);
      expect(alarm()).toBeNull();
    }));
});

test("a consumer learns from any answer that a version was rebuilt", () =>
  host.inStorage(async (storage) => {
    const { shard } = openShard(storage);
    const other = batchOf([["ada", 0, 1]], { view: "other" });
    await shard.store(batchOf([["ada", 0, 1]]));
    const before = await shard.store(other);
    expect(await shard.store(other)).toEqual(before);
    await shard.act(VIEW, { action: "rebuild", version: 1 } satisfies ViewAction);
    expect(await shard.store(other)).not.toEqual(before);
  }));

test("a version that was rebuilt never shows rows from before", () =>
  host.inStorage(async (storage) => {
    const { shard } = openShard(storage);
    await shard.store(
      batchOf([
        ["ada", 0, 1],
        ["bob", 1, 1],
      ]),
    );
    await shard.act(VIEW, { action: "rebuild", version: 1 } satisfies ViewAction);
    await shard.store(batchOf([["ada", 0, 2]], { to: 2 }));
    const query = { view: VIEW, prefix: "", behind: "", limit: 10, waitMs: 0 };
    expect(await shard.list(query)).toMatchObject({ rows: [{ key: "ada", row: '{"cents":2}' }] });
    await shard.ring();
    await shard.ring();
    expect(countRows(storage)).toBe(1);
  }));
