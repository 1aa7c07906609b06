import { describe, expect, test } from "vitest";
import { createLedger, type Entry } from "../../../worker/limits/ledger.ts";
import type { StatusKey } from "../../../worker/status-store.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import type { TestStorage } from "../support/test-host.ts";

const NOON = Date.parse("2026-02-27T12:00:00Z");
const HOUR = 3_600_000;

const open = (storage: TestStorage, clock = { ms: NOON }) => {
  const ended = new Set<string>();
  const state = { looked: 0, isFull: false, transactions: 0, counted: 0 };
  const ledger = createLedger({
    sql: {
      exec(query, ...values) {
        if (query.includes("count(*)")) state.counted++;
        return storage.sql.exec(query, ...values);
      },
    },
    transaction: (run) =>
      storage.transactionSync(() => {
        state.transactions++;
        const result = run();
        if (state.isFull) throw new Error("The disk is full");
        return result;
      }),
    async haveEnded(keys) {
      state.looked++;
      return keys.map(({ text }) => ended.has(text));
    },
    now: () => clock.ms,
  });
  let number = 0;
  const entry = (limits: Pick<Entry, "quota" | "concurrent">, caller = "a"): Entry => {
    const key: StatusKey = {
      text: `id-${number++}`,
      shard: 0,
      createdAt: clock.ms,
      deadline: clock.ms + 30_000,
      expiresAt: clock.ms + HOUR,
    };
    return { caller, key, ...limits };
  };
  return { ledger, entry, ended, state, clock };
};

describe("a quota", () => {
  const MONTH = { quota: { requests: 3, per: "month" } } as const;

  test("is never passed, also by many at once", async () => {
    await host.inStorage(async (storage) => {
      const { ledger, entry } = open(storage);
      const limits = { quota: { requests: 400, per: "day" } } as const;
      const results = await Promise.all(Array.from({ length: 1_000 }, () => ledger.enter(entry(limits))));
      expect(results.filter(({ violated }) => violated === undefined)).toHaveLength(400);
      expect(new Set(results.map(({ used }) => used)).size).toBe(400);
      expect(await ledger.enter(entry(limits))).toEqual({ violated: "quota", used: 400 });
    });
  });

  test("of one caller is not seen by another, begins anew with the month, and outlives a restart", async () => {
    await host.inStorage(async (storage) => {
      const { ledger, entry, clock } = open(storage);
      for (let index = 0; index < 3; index++) expect(await ledger.enter(entry(MONTH))).toEqual({ used: index + 1 });
      expect(await ledger.enter(entry(MONTH, "b"))).toEqual({ used: 1 });

      const again = open(storage, clock);
      expect(await again.ledger.enter(entry(MONTH))).toEqual({ violated: "quota", used: 3 });
      clock.ms = Date.parse("2026-03-01T00:00:00Z");
      expect(await again.ledger.enter(entry(MONTH))).toEqual({ used: 1 });
      expect(storage.sql.exec("SELECT caller, period, count FROM quota_counts").toArray()).toEqual([
        { caller: "a", period: "2026-03", count: 1 },
      ]);
    });
  });

  test("gets back what was not sent", async () => {
    await host.inStorage(async (storage) => {
      const { ledger, entry } = open(storage);
      const lost = entry({ ...MONTH, concurrent: 1 });
      await ledger.enter(lost);
      await ledger.takeBack(lost);
      expect(await ledger.enter(entry({ ...MONTH, concurrent: 1 }))).toEqual({ used: 1 });
    });
  });

  test("counts nothing if that could not be written", async () => {
    await host.inStorage(async (storage) => {
      const { ledger, entry, state } = open(storage);
      state.isFull = true;
      await expect(ledger.enter(entry(MONTH))).rejects.toThrow("full");
      state.isFull = false;
      expect(await ledger.enter(entry(MONTH))).toEqual({ used: 1 });
    });
  });

  test("that a plan has made smaller is passed already, and says how much was used", async () => {
    await host.inStorage(async (storage) => {
      const { ledger, entry } = open(storage);
      for (let index = 0; index < 3; index++) await ledger.enter(entry(MONTH));
      expect(await ledger.enter(entry({ quota: { requests: 2, per: "month" }, concurrent: 1 }))).toEqual({ violated: "quota", used: 3 });
    });
  });
});

describe("open requests", () => {
  const TWO = { concurrent: 2 };

  test("are never more than the plan says, also of many at once", async () => {
    await host.inStorage(async (storage) => {
      const { ledger, entry } = open(storage);
      const results = await Promise.all(Array.from({ length: 1_000 }, () => ledger.enter(entry({ concurrent: 20 }))));
      expect(results.filter(({ violated }) => violated === undefined)).toHaveLength(20);
    });
  });

  test("make room when they end, and nobody looks before there is none", async () => {
    await host.inStorage(async (storage) => {
      const { ledger, entry, ended, state } = open(storage);
      const first = entry(TWO);
      await ledger.enter(first);
      await ledger.enter(entry(TWO));
      expect(state.looked).toBe(0);
      expect(await ledger.enter(entry(TWO))).toMatchObject({ violated: "concurrent" });
      expect(await ledger.enter(entry(TWO, "b"))).not.toHaveProperty("violated");
      ended.add(first.key.text);
      expect(await ledger.enter(entry(TWO))).not.toHaveProperty("violated");
      expect(await ledger.enter(entry(TWO))).toMatchObject({ violated: "concurrent" });
    });
  });

  test("that came before a restart count after it", async () => {
    await host.inStorage(async (storage) => {
      const { ledger, entry, clock } = open(storage);
      await ledger.enter(entry(TWO));
      await ledger.enter(entry(TWO));
      const again = open(storage, clock);
      expect(await again.ledger.enter(entry(TWO))).toMatchObject({ violated: "concurrent" });
    });
  });

  test("are counted one by one only where there may be too many, and written together where they come at once", async () => {
    await host.inStorage(async (storage) => {
      const { ledger, entry, state } = open(storage);
      for (let index = 0; index < 10; index++) await ledger.enter(entry({ concurrent: 100 }));
      expect(state).toMatchObject({ counted: 1, transactions: 10 });
      await Promise.all(Array.from({ length: 90 }, () => ledger.enter(entry({ concurrent: 100 }))));
      expect(state).toMatchObject({ counted: 1, transactions: 11 });
      expect(await ledger.enter(entry({ concurrent: 100 }))).toMatchObject({ violated: "concurrent" });
    });
  });

  test("count until their deadline at most, also when nobody knows what has become of them", async () => {
    await host.inStorage(async (storage) => {
      const { ledger, entry, clock } = open(storage);
      await ledger.enter(entry(TWO));
      await ledger.enter(entry(TWO));
      clock.ms += 29_999;
      expect(await ledger.enter(entry(TWO))).toMatchObject({ violated: "concurrent" });
      clock.ms += 1;
      expect(await ledger.enter(entry(TWO))).not.toHaveProperty("violated");
      clock.ms += 2 * HOUR;
      await ledger.enter(entry(TWO));
      expect(storage.sql.exec("SELECT count(*) AS count FROM open_requests").toArray()).toEqual([{ count: 1 }]);
    });
  });
});
