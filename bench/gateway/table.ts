import { alignColumns, formatGoals, formatSpread, formatSteadiness, formatWhole } from "../table.ts";
import type { Answers, Flood } from "./flood.ts";
import type { GatewayResult, Row, WakeUp } from "./results.ts";

/** The results with one fsync setting as text: the rows, the wake-up, the flood, and the goals. */
export const formatResult = ({ fsync, rows, wakeUp, flood, goals, arithmeticMs }: GatewayResult): string =>
  [
    `the gateway alone, fsync ${fsync}`,
    "",
    alignColumns([["", "connections", "rate/s", "records/s", "p50 µs", "p99 µs", "bare p50 µs", "rate ÷ bare"], ...rows.map(cellsOf)]),
    "",
    formatWakeUp(wakeUp),
    "",
    ...formatFlood(flood),
    "",
    formatSteadiness(arithmeticMs),
    "",
    formatGoals(goals),
  ].join("\n");

const LABELS: Readonly<Record<Row["name"], string>> = { produce: "produce", "produce 100": "produce 100", consume: "consume + commit" };

const cellsOf = ({ name, connections, ratePerSecond, recordsPerSecond, p50Us, p99Us, bareP50Us, rateToBare }: Row): string[] => [
  LABELS[name],
  String(connections),
  ...[ratePerSecond, recordsPerSecond.median, p50Us, p99Us, bareP50Us].map(formatWhole),
  formatSpread(rateToBare),
];

const formatWakeUp = ({ p50Us, p99Us, produceUs, bareProduceUs, bareEmptyUs, toProduceAndEmpty }: WakeUp): string =>
  [
    `wake-up: produce sent → waiting consume answered p50 ${formatWhole(p50Us)} µs, p99 ${formatWhole(p99Us)} µs`,
    `  = ${toProduceAndEmpty.toFixed(2)} × (one produce ${formatWhole(produceUs)} µs + one empty exchange with the bare server ${formatWhole(bareEmptyUs)} µs); one produce with the bare server ${formatWhole(bareProduceUs)} µs`,
  ].join("\n");

const formatFlood = ({ seconds, load, produces, consumes, memory, logBytes }: Flood): string[] => [
  `flood of ${seconds} s: ${formatWhole(load.ratePerSecond)} posts/s; produces: ${formatAnswers(produces)}; consumes and commits: ${formatAnswers(consumes)}`,
  `  memory, MiB, in windows of ${memory.windowMs / 1_000} s: ${memory.windowBytes.map(formatMebibytes).join(" ")}; peak ${formatMebibytes(memory.peakBytes)}; log folder at the end: ${formatMebibytes(logBytes)}`,
];

const formatAnswers = ({ ok, unavailable }: Answers): string => `${formatWhole(ok)} × 200, ${formatWhole(unavailable)} × 503`;

const formatMebibytes = (bytes: number): string => formatWhole(bytes / 2 ** 20);
