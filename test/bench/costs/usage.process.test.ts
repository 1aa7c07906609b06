import { expect, test } from "vitest";
import { measureUsage } from "../../../bench/costs/usage.ts";
import { PACES } from "../../../bench/pace.ts";

test("what the real Worker does is counted, and so is what it does until nothing is kept any more", async () => {
  const { usages, hour, day } = await measureUsage({ fsync: "os" }, { ...PACES.quick, firstWarmUpMs: 1, usageMs: 100 }, () => {});
  for (const { name, requests, counts } of usages) {
    expect(requests, name).toBeGreaterThan(0);
    // Who is alone has a call of their own; those who come at the same time share one.
    if (name.endsWith(", 1")) expect(counts["call requests"], name).toBe(requests);
    else expect(counts["call requests"], name).toBeLessThan(requests);
    // Over the link, which was opened before.
    expect(counts["call webSocketMessage"], name).toBeGreaterThan(0);
    expect(counts["call webSocketMessage"], name).toBeLessThanOrEqual(requests);
    expect(counts["GET /status"] ?? 0).toBeGreaterThanOrEqual(name.startsWith("poll") ? requests : 0);
    expectAbout(counts["rows written"], requests);
    expect(counts["fetches"]).toBeGreaterThan(0);
  }
  expectAbout(hour.counts["rows written"], 0);
  expectAbout(day.counts["rows written"], 0);
  expect([hour.counts["KV put"] ?? 0, day.counts["KV put"]]).toEqual([0, day.requests]);
});

/** Beyond a row for each reply, a few for each table are written: when it is made, and to remember how far it has gone to KV. */
const expectAbout = (written: number | undefined, rows: number): void => {
  expect(written).toBeGreaterThanOrEqual(rows);
  expect(written).toBeLessThanOrEqual(rows + 10);
};
