import { expect, test } from "vitest";
import { measureUsage } from "../../../bench/costs/usage.ts";
import { PACES } from "../../../bench/pace.ts";

test("what the real Worker does is counted, and so is what it does until nothing is kept any more", async () => {
  const { usages, keepings } = await measureUsage({ fsync: "os" }, { ...PACES.quick, firstWarmUpMs: 1, usageMs: 100 }, () => {});
  for (const { mode, connections, requests, counts } of usages) {
    expect(requests, `${mode}, ${connections}`).toBeGreaterThan(0);
    // Who is alone has a call of their own; those who come at the same time share one.
    if (connections === 1) expect(counts.objectCalls["requests"]).toBe(requests);
    else expect(counts.objectCalls["requests"], `${mode}, ${connections}`).toBeLessThan(requests);
    expect(counts.workerRequests["POST /replies"]).toBe(counts.objectCalls["deliver"]);
    expect(counts.workerRequests["GET /status"] ?? 0).toBeGreaterThanOrEqual(mode === "poll" ? requests : 0);
    expect(counts.rowsWritten).toBe(requests);
    expect(counts.outgoingFetches).toBeGreaterThan(0);
  }
  const [hour, day] = keepings;
  expect(hour).toMatchObject({ retention: "an hour", counts: { rowsWritten: hour?.statuses, kvOperations: {} } });
  // Marked once KV has them, and deleted.
  const statuses = day?.statuses ?? Number.NaN;
  expect(day).toMatchObject({ retention: "a day", counts: { rowsWritten: 2 * statuses, kvOperations: { put: statuses } } });
});
