import { expect, test } from "vitest";
import { plotRates } from "../../../bench/peers/plot.ts";
import { RATIOS } from "../../../bench/peers/ratios.ts";
import { findUnkept, summarize } from "../../../bench/peers/results.ts";
import { formatResult } from "../../../bench/peers/table.ts";
import { SUITE_RESULT } from "./suite-result.ts";

test("a rate that could not be kept is named, and its latencies are not to be trusted", () => {
  expect(findUnkept(summarize(SUITE_RESULT).open)).toEqual(["naive at 100 a second: only 94.0 were sent"]);
});

test("the table has a line for everyone under each load, and for each ratio", () => {
  const lines = formatResult(summarize(SUITE_RESULT)).split("\n");
  expect(lines[0]).toBe("side by side, on one node of Apache Kafka on this machine, acks=all");
  expect(lines.filter((line) => line.startsWith("  spring linger 0 "))).toHaveLength(3);
  expect(lines.filter((line) => line.startsWith("  naive "))).toHaveLength(2);
  for (const name of Object.keys(RATIOS)) expect(lines.filter((line) => line.startsWith(`${name} `))).toHaveLength(1);
  expect(lines.find((line) => line.startsWith("sync-32-vs-spring"))).toMatch(/ 2\.00 .*rate ÷ Spring's +more is better$/);
});

test("each target is held against what was measured", () => {
  const { goals } = summarize(SUITE_RESULT);
  expect(goals.filter(({ met }) => met).map(({ name }) => name)).toEqual([
    "rate ÷ the better Spring, 32 connections",
    "rate ÷ the better Spring, 128 connections",
    "p99 ÷ the better Spring, 32 connections",
    "p99 ÷ the better Spring, 128 connections",
    "request-reply p50 ÷ raw round trip p50, 1 connection",
    "wake-up of a waiting caller",
    "rate on the embedded engine ÷ on Kafka, 32 connections",
  ]);
  expect(goals.filter(({ met }) => !met).map(({ name, value }) => [name, value.median])).toEqual([
    ["rate ÷ the better Spring, 1 connection", 2],
  ]);
});

test("the plot shows who goes through Kafka, by the number of connections", () => {
  const svg = plotRates(summarize(SUITE_RESULT).sums, "on two cores");
  expect(svg).toContain(">on two cores</text>");
  expect([...svg.matchAll(/class="group"[^>]*>([^<]*)</g)].map(([, title]) => title)).toEqual([
    "1 connection",
    "32 connections",
    "128 connections",
  ]);
  expect([...svg.matchAll(/class="label"[^>]*>([^<]*)</g)].slice(0, 4).map(([, label]) => label)).toEqual([
    "rejoinder",
    "Spring, linger 0 ms",
    "Spring, linger 5 ms",
    "raw, without HTTP",
  ]);
});
