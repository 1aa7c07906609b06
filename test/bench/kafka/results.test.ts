import { expect, test } from "vitest";
import type { CaseName } from "../../../bench/kafka/comparisons.ts";
import { summarize } from "../../../bench/kafka/results.ts";
import type { SuiteResult } from "../../../bench/kafka/suite.ts";
import { formatResult } from "../../../bench/kafka/table.ts";
import { spreadOf } from "../../../bench/spread.ts";
import { createMeasurement } from "../measurement.ts";

const MIB = 2 ** 20;

const measured = (name: CaseName, connections: number, rate: number) => ({
  name,
  connections,
  rounds: [
    createMeasurement(connections, rate, 500),
    createMeasurement(connections, rate * 3, 200),
    createMeasurement(connections, rate * 2, 300),
  ],
  arithmeticMs: [7, 8, 9],
});

/** Medians are twice the rates that stand here. */
const suite = (otherProxy?: string): SuiteResult => ({
  isOwnCluster: otherProxy === undefined,
  otherProxy,
  produces: [
    measured("native", 1, 2_000),
    measured("gateway", 1, 1_000),
    measured("native", 32, 8_000),
    measured("gateway", 32, 4_000),
    measured("native 100", 4, 400),
    measured("gateway 100", 4, 200),
    ...(otherProxy === undefined ? [] : [measured("other", 1, 500), measured("other", 32, 4_000), measured("other 100", 4, 100)]),
  ],
  consumption: { records: 1_000, gateway: spreadOf([10]), native: spreadOf([100]), gatewayToNative: spreadOf([0.1]) },
  flood: {
    seconds: 20,
    idleBytes: 60 * MIB,
    load: createMeasurement(32, 1_000, 20_000),
    produces: { ok: 19_000, unavailable: 1_000 },
    consumes: { ok: 500, unavailable: 0 },
    memory: { windowMs: 5_000, windowBytes: [], lastToSecond: 1, peakBytes: 260 * MIB },
    logBytes: 0,
  },
});

test("the gateway is compared with the native producer within each round", () => {
  expect(
    summarize(suite()).rows.map(({ name, beside, connections, rateToBeside }) => [name, beside, connections, rateToBeside.median]),
  ).toEqual([
    ["gateway", "native", 1, 0.5],
    ["gateway", "native", 32, 0.5],
    ["gateway 100", "native 100", 4, 0.5],
  ]);
});

test("where no other proxy is measured, the goals are taken beside what was recorded of others", () => {
  const { goals } = summarize(suite());
  expect(goals.map(({ name, value, met }) => [name, value.median.toFixed(2), met])).toEqual([
    ["gateway ÷ the better recorded proxy, 1 connection", (2_000 / 1_638).toFixed(2), true],
    ["gateway ÷ the better recorded proxy, 32 connections", (8_000 / 3_323).toFixed(2), true],
    ["gateway ÷ the better recorded proxy, 100 a POST", (40_000 / 27_500).toFixed(2), false],
    ["flood: memory at its peak − idle", "200.00", true],
  ]);
});

test("where one is, they are taken beside it, in the same rounds", () => {
  const { goals, rows } = summarize(suite("strimzi at http://bridge"));
  expect(rows.slice(3).map(({ name, beside, connections }) => [name, beside, connections])).toEqual([
    ["gateway", "other", 1],
    ["gateway", "other", 32],
    ["gateway 100", "other 100", 4],
  ]);
  expect(goals.slice(0, 3).map(({ name, value, met }) => [name, value.median, met])).toEqual([
    ["gateway ÷ strimzi at http://bridge, 1 connection", 2, true],
    ["gateway ÷ strimzi at http://bridge, 32 connections", 1, false],
    ["gateway ÷ strimzi at http://bridge, 100 a POST", 2, true],
  ]);
});

test("the table says which proxy the other is", () => {
  expect(formatResult(summarize(suite("strimzi at http://bridge")))).toContain(
    "the cluster of KAFKA_BROKERS, acks=all; other: strimzi at http://bridge\n",
  );
  expect(formatResult(summarize(suite()))).not.toContain("other");
});
