import { expect, test } from "vitest";
import { formatCpuTime, summarizeCpuTime } from "../../../bench/costs/cpu-result.ts";
import { type CpuRound, measureCpuRound } from "../../../bench/costs/cpu-time.ts";
import { knowsThreadTimes } from "../../../bench/costs/thread-times.ts";
import { serveJson } from "../served-json.ts";

const round = (connections: number, requests: number, elapsedMs: number, workerdMs: number, brokerMs: number): CpuRound => ({
  connections,
  requests,
  elapsedMs,
  p50Us: 900,
  used: [
    { name: "workerd", ns: workerdMs * 1_000_000 },
    { name: "broker", ns: brokerMs * 1_000_000 },
  ],
  arithmeticMs: 14,
});

const ROUNDS = [round(1, 100, 1_000, 30, 10), round(32, 1_000, 1_000, 900, 600), round(1, 300, 1_000, 70, 50)];

test("rounds count by their requests, and the parts are the total", () => {
  const { rows } = summarizeCpuTime(true, ROUNDS);
  expect(rows.map(({ connections, requests }) => [connections, requests])).toEqual([
    [1, 400],
    [32, 1_000],
  ]);
  expect(rows[0]).toMatchObject({
    parts: [
      { name: "workerd", usPerRequest: 250 },
      { name: "broker", usPerRequest: 150 },
    ],
    totalUsPerRequest: 400,
    wallUsPerRequest: 5_000,
    ratePerSecond: 200,
  });
  for (const { parts, totalUsPerRequest } of rows)
    expect(parts.reduce((sum, { usPerRequest }) => sum + usPerRequest, 0)).toBeCloseTo(totalUsPerRequest);
});

test("more processor time than wall time is more than one busy core", () => {
  expect(summarizeCpuTime(true, ROUNDS).rows.map(({ busyCores }) => busyCores)).toEqual([0.08, 1.5]);
});

test("the table has a line for each number of connections, and the sum beside its parts", () => {
  const lines = formatCpuTime(summarizeCpuTime(false, ROUNDS)).split("\n");
  expect(lines[0]).toContain("which is not in it");
  expect(lines.find((line) => line.startsWith("1 "))).toMatch(/250 +150 +400 +5,000 +0\.08 +200 +900$/);
});

test.runIf(knowsThreadTimes)("what is used while requests are sent is divided among processes", async () => {
  const origin = await serveJson(async () => ({ status: 200, body: {} }));
  const groups = [
    { name: "all", pids: [process.pid] },
    { name: "none", pids: [] },
  ];
  const target = { origin, method: "GET", path: "/", status: 200 } as const;
  const { requests, used, elapsedMs } = await measureCpuRound(target, groups, 2, { warmUpMs: 1, measureMs: 100 });
  expect(requests).toBeGreaterThan(2);
  expect(elapsedMs).toBeGreaterThanOrEqual(100);
  expect(used.map(({ name, ns }) => [name, ns > 0])).toEqual([
    ["all", true],
    ["none", false],
  ]);
});
