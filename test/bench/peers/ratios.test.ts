import { expect, test } from "vitest";
import { calculateRatios, goalsOf, type MeasuredPeers, plotRates, tablesOf } from "../../../bench/peers/ratios.ts";
import { measuredCase } from "../measured.ts";

/** Of Spring under load, linger 5 has the better rate and the worse latency. */
const MEASURED: MeasuredPeers = {
  sums: [1, 32, 128].flatMap((connections) => [
    measuredCase("node", connections, 6_000, 1_200),
    measuredCase("native", connections, 3_000, 2_400),
    measuredCase("rest", connections, 1_500, 4_800),
    measuredCase("embedded, node", connections, 7_500, 1_000),
    measuredCase("embedded, workerd", connections, 1_200, 5_000),
    measuredCase("spring linger 0", connections, 2_000, 2_400),
    ...(connections === 1 ? [] : [measuredCase("spring linger 5", connections, 3_000, 4_000)]),
    measuredCase("raw", connections, 12_000, 400),
  ]),
  wakeUpsMs: { node: [0.5, 0.4, 0.7], workerd: [1.5, 1.2, 4] },
};

const always = (value: number) => ({ median: value, min: value, max: value });

test("rejoinder is compared with the setting of Spring that is better for each number, and with the others", () => {
  const ratios = calculateRatios(MEASURED);
  const ofHost = (host: string) => Object.fromEntries(Object.entries(ratios).filter(([name]) => name.startsWith(host)));
  expect(ofHost("node")).toEqual({
    "node-1-vs-spring": always(3),
    "node-32-vs-spring": always(2),
    "node-128-vs-spring": always(2),
    "node-p99-32-vs-spring": always(0.5),
    "node-p99-128-vs-spring": always(0.5),
    "node-p50-1-vs-raw": always(3),
    "node-wake-ms": { median: 0.5, min: 0.4, max: 0.7 },
    "node-embedded-1-vs-kafka": always(1.25),
    "node-embedded-32-vs-kafka": always(1.25),
    "node-embedded-128-vs-kafka": always(1.25),
  });
  expect(ofHost("native")).toMatchObject({ "native-1-vs-spring": always(1.5), "native-p99-32-vs-spring": always(1) });
  expect(ofHost("rest")).toMatchObject({ "rest-128-vs-spring": always(0.5), "rest-p50-1-vs-raw": always(12) });
  expect(ratios).toMatchObject({ "wake-ms": { median: 1.5, min: 1.2, max: 4 }, "workerd-embedded-32-vs-kafka": always(0.8) });
});

test("without one of those that are compared there are no ratios", () => {
  const sums = MEASURED.sums.filter(({ name }) => name !== "spring linger 0");
  expect(() => calculateRatios({ ...MEASURED, sums })).toThrow("Expected spring linger 0 at 1 connections to be measured");
});

test("each goal is compared with what was measured", () => {
  const missed = goalsOf(calculateRatios(MEASURED)).filter(({ met }) => !met);
  expect(missed.map(({ name }) => name)).toEqual([
    "node: p50 ÷ raw, 1",
    "native: p50 ÷ raw, 1",
    "rest: rate ÷ Spring's, 32",
    "rest: p50 ÷ raw, 1",
    "wake-up in workerd",
    "embedded ÷ Kafka, workerd, 1",
    "embedded ÷ Kafka, workerd, 32",
    "embedded ÷ Kafka, workerd, 128",
  ]);
});

test("a table has a line for each contestant and a column for each number of connections", () => {
  const [rates] = tablesOf(MEASURED.sums);
  expect(rates?.lines.map(({ name, numbers }) => [name, Object.keys(numbers)])).toContainEqual(["spring linger 5", ["at 32", "at 128"]]);
  expect(rates?.lines[0]?.numbers["at 1"]).toEqual({ median: 4_500, min: 3_000, max: 6_000 });
});

test("the plot shows who answers over HTTP through Kafka, by the number of connections", () => {
  const svg = plotRates(MEASURED.sums, "on two cores");
  expect(svg).toContain(">on two cores</text>");
  const textsOf = (name: string) => [...svg.matchAll(new RegExp(`class="${name}"[^>]*>([^<]*)<`, "g"))].map(([, text]) => text);
  expect(textsOf("group")).toEqual(["1 connection", "32 connections", "128 connections"]);
  expect(textsOf("label").slice(0, 4)).toEqual(["rejoinder on Node", "rejoinder in workerd", "… through a REST proxy", "Spring"]);
});
