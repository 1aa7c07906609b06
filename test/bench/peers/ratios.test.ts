import { expect, test } from "vitest";
import { calculateRatios, goalsOf, type MeasuredPeers, plotRates } from "../../../bench/peers/ratios.ts";
import { measuredCase } from "../measured.ts";

/** Of Spring, linger 0 has the better rate and the worse latency. */
const MEASURED: MeasuredPeers = {
  sums: [1, 32, 128].flatMap((connections) => [
    measuredCase("rejoinder", connections, 6_000, 1_200),
    measuredCase("spring linger 0", connections, 3_000, 4_000),
    measuredCase("spring linger 5", connections, 2_000, 2_400),
    measuredCase("raw", connections, 12_000, 400),
    measuredCase("embedded", connections, 7_000, 1_000),
  ]),
  accepts: [measuredCase("rejoinder", 32, 8_000, 4_000), measuredCase("naive", 32, 5_000, 6_000)],
  wakeUpsMs: [1.5, 1.2, 4],
};

const always = (value: number) => ({ median: value, min: value, max: value });

test("rejoinder is compared with the setting of Spring that is better for each number, and with the others", () => {
  expect(calculateRatios(MEASURED)).toEqual({
    "sync-1-vs-spring": always(2),
    "sync-32-vs-spring": always(2),
    "sync-128-vs-spring": always(2),
    "p99-32-vs-spring": always(0.5),
    "p99-128-vs-spring": always(0.5),
    "p50-1-vs-raw": always(3),
    "wake-ms": { median: 1.5, min: 1.2, max: 4 },
    "accept-32-vs-naive": always(1.6),
  });
});

test("without one of those that are compared there are no ratios", () => {
  const sums = MEASURED.sums.filter(({ name }) => name !== "spring linger 5");
  expect(() => calculateRatios({ ...MEASURED, sums })).toThrow("Expected spring linger 5 at 1 connections to be measured");
});

test("each goal is compared with what was measured", () => {
  const missed = goalsOf(calculateRatios(MEASURED), MEASURED.sums).filter(({ met }) => !met);
  expect(missed.map(({ name, value }) => [name, value.median])).toEqual([["rate ÷ the better Spring, 1 connection", 2]]);
});

test("the plot shows who goes through Kafka, by the number of connections", () => {
  const svg = plotRates(MEASURED.sums, "on two cores");
  expect(svg).toContain(">on two cores</text>");
  const textsOf = (name: string) => [...svg.matchAll(new RegExp(`class="${name}"[^>]*>([^<]*)<`, "g"))].map(([, text]) => text);
  expect(textsOf("group")).toEqual(["1 connection", "32 connections", "128 connections"]);
  expect(textsOf("label").slice(0, 4)).toEqual(["rejoinder", "Spring, linger 0 ms", "Spring, linger 5 ms", "raw, without HTTP"]);
});
