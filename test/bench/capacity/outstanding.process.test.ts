import { expect, test } from "vitest";
import { measureOutstanding, summarizeOutstanding } from "../../../bench/capacity/outstanding.ts";
import { PACES } from "../../../bench/pace.ts";
import { isLinux } from "../../../bench/process-figures.ts";

test.runIf(isLinux)("all callers of a slow handler wait at once and get their replies, and memory is that of all processes", async () => {
  const measured = await measureOutstanding({ fsync: "os" }, {}, { ...PACES.quick, outstanding: 50, outstandingHandlerMs: 1_000 });
  const { callers, idle, peak } = measured;
  expect(callers).toMatchObject({ mostAtOnce: 50, right: 50, wrong: {} });
  expect(Object.keys(peak).toSorted()).toEqual(["consumer", "gateway", "sum", "worker", "workerd"]);
  expect(peak.sum).toBeGreaterThanOrEqual(idle.sum);
  expect(summarizeOutstanding("embedded", "workerd", measured).mismeasured).toEqual([]);
});

test("fewer at once than there should be is no result to be trusted", () => {
  const callers = { count: 100, mostAtOnce: 80, right: 99, wrong: { "Expected 200, got 503": 1 }, lateP50Us: 1, lateP99Us: 2 };
  const memory = { workerd: 601, sum: 601 };
  const { goals, mismeasured, tables } = summarizeOutstanding("on Kafka", "node", {
    callers,
    handlerMs: 10_000,
    idle: memory,
    peak: memory,
  });
  expect(mismeasured).toEqual(["outstanding, on Kafka: only 80 of 100 were under way at once"]);
  expect(goals?.map(({ met }) => met)).toEqual([false, false, true]);
  expect(tables[0]?.lines[1]).toEqual({ name: "Expected 200, got 503", numbers: { callers: 1 } });
});
