import { expect, test } from "vitest";
import { createMeasures, SECONDS } from "../../../console/requests/measures.ts";

/** Measures on a clock that stands where the test puts it. */
const measuresAt = (seconds: number) => {
  const clock = { seconds };
  return { clock, measures: createMeasures(() => clock.seconds * 1_000) };
};

test("each second has what was sent, what ended, and what was open at its end, and no second is missing", () => {
  const { clock, measures } = measuresAt(100);
  for (let count = 0; count < 3; count++) measures.sent();
  clock.seconds = 102.5;
  measures.closed(20);
  clock.seconds = 103;
  const seconds = measures.seconds();
  expect(seconds.map(({ at }) => at)).toEqual(Array.from({ length: SECONDS }, (_, index) => 103 - SECONDS + 1 + index));
  expect(seconds.slice(-5).map(({ sent, ended, inFlight }) => [sent, ended, inFlight])).toEqual([
    [0, 0, 0],
    [3, 0, 3],
    [0, 0, 3],
    [0, 1, 2],
    [0, 0, 2],
  ]);
});

test("percentiles are latencies that were, by the nearest rank", () => {
  const { measures } = measuresAt(100);
  for (let latency = 100; latency >= 1; latency--) {
    measures.sent();
    measures.closed(latency);
  }
  expect(measures.seconds().at(-1)).toMatchObject({ p50: 50, p95: 95, p99: 99 });
});

test("a second in which nothing ended has no latency", () => {
  const { measures } = measuresAt(100);
  measures.sent();
  measures.closed(undefined);
  expect(measures.seconds().at(-1)).toMatchObject({ ended: 0, inFlight: 0, p50: undefined, p99: undefined });
});

test("what was opened long ago is still in flight", () => {
  const { clock, measures } = measuresAt(100);
  measures.sent();
  measures.opened();
  clock.seconds = 1_000;
  expect(measures.seconds().map(({ inFlight }) => inFlight)).toEqual(Array(SECONDS).fill(2));
  measures.closed(1);
  expect(measures.seconds().map(({ inFlight }) => inFlight)).toEqual([...Array(SECONDS - 1).fill(2), 1]);
});
