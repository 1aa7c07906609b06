import { expect, test } from "vitest";
import { measureCases, type MeasuredCase } from "../../bench/cases.ts";
import { isLinux } from "../../bench/process-figures.ts";
import { tableOfProcessorTime } from "../../bench/processor-time.ts";
import { createMeasurement } from "./measured.ts";
import { serveJson } from "./served-json.ts";

const MS = 1_000_000;
/** @param rounds of a second each: calls, and milliseconds that two processes used */
const measured = (name: string, rounds: readonly (readonly [calls: number, front: number, broker: number])[]): MeasuredCase => ({
  name,
  connections: 1,
  rounds: rounds.map(([calls]) => ({ ...createMeasurement(1, 1, 1), calls })),
  arithmeticMs: [],
  processorTimes: rounds.map(([, front, broker]) => ({ elapsedMs: 1_000, usedNs: { front: front * MS, broker: broker * MS } })),
});

test("rounds count by their calls, the parts are the sum, and more than wall time is more than one busy core", () => {
  const calm = measured("calm", [
    [100, 30, 10],
    [300, 70, 50],
  ]);
  const { lines } = tableOfProcessorTime("µs", [
    calm,
    measured("busy", [[1_000, 900, 600]]),
    { ...calm, name: "unknown", processorTimes: [] },
  ]);
  expect(lines).toEqual([
    { name: "calm", numbers: { front: 250, broker: 150, sum: 400, wall: 5_000, "busy cores": 0.08 } },
    { name: "busy", numbers: { front: 900, broker: 600, sum: 1_500, wall: 1_000, "busy cores": 1.5 } },
  ]);
});

test.runIf(isLinux)("what is used while requests are sent is divided among processes", async () => {
  const origin = await serveJson(async () => ({ status: 200, body: {} }));
  const work = { origin, method: "GET", path: "/", status: 200 } as const;
  const one = { name: "one", work, connections: 2, processes: { all: [process.pid], none: [] } };
  const [measurement] = await measureCases([one], { rounds: 1, warmUpMs: 1, measureMs: 100 }, () => {});
  expect(measurement?.rounds[0]?.calls).toBeGreaterThanOrEqual(2);
  expect(measurement?.processorTimes[0]?.elapsedMs).toBeGreaterThanOrEqual(100);
  expect(measurement?.processorTimes[0]?.usedNs["all"]).toBeGreaterThan(0);
  expect(measurement?.processorTimes[0]?.usedNs["none"]).toBe(0);
});
