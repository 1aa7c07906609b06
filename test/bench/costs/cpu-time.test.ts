import { expect, test } from "vitest";
import { type CpuRound, measureCpuRound, summarizeCpuTime } from "../../../bench/costs/cpu-time.ts";
import { isLinux } from "../../../bench/process-figures.ts";
import { serveJson } from "../served-json.ts";

const MS = 1_000_000;
const round = (connections: number, requests: number, workerdMs: number, brokerMs: number): CpuRound => ({
  connections,
  requests,
  elapsedMs: 1_000,
  usedNs: { workerd: workerdMs * MS, broker: brokerMs * MS },
  arithmeticMs: 14,
});

test("rounds count by their requests, the parts are the sum, and more than wall time is more than one busy core", () => {
  const lines = summarizeCpuTime([round(1, 100, 30, 10), round(32, 1_000, 900, 600), round(128, 1_000, 1, 1), round(1, 300, 70, 50)]);
  expect(lines.slice(0, 2)).toEqual([
    { name: "1", numbers: { workerd: 250, broker: 150, sum: 400, wall: 5_000, "busy cores": 0.08 } },
    { name: "32", numbers: { workerd: 900, broker: 600, sum: 1_500, wall: 1_000, "busy cores": 1.5 } },
  ]);
});

test.runIf(isLinux)("what is used while requests are sent is divided among processes", async () => {
  const origin = await serveJson(async () => ({ status: 200, body: {} }));
  const target = { origin, method: "GET", path: "/", status: 200 } as const;
  const measured = await measureCpuRound(target, { all: [process.pid], none: [] }, 2, { warmUpMs: 1, measureMs: 100 });
  expect(measured.requests).toBeGreaterThan(2);
  expect(measured.elapsedMs).toBeGreaterThanOrEqual(100);
  expect(measured.usedNs["all"]).toBeGreaterThan(0);
  expect(measured.usedNs["none"]).toBe(0);
});
