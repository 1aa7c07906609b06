import { alignColumns, formatGoals, formatSpread, formatSteadiness, formatWhole } from "../table.ts";
import { RATIOS, type Ratios } from "./ratios.ts";
import type { OpenRow, PeersResult, Row } from "./results.ts";

/** The results as text: who does how much, and the ratios. */
export const formatResult = ({ isOwnCluster, sums, echoes, accepts, open, ratios, goals, arithmeticMs }: PeersResult): string =>
  [
    `side by side, on ${isOwnCluster ? "one node of Apache Kafka on this machine" : "the cluster of KAFKA_BROKERS"}, acks=all`,
    "",
    formatRows("the sum of two numbers, and its reply", sums),
    "",
    formatRows("an echo, and its reply", echoes),
    "",
    formatRows("accepting only", accepts),
    "",
    formatOpenRows(open),
    "",
    formatSteadiness(arithmeticMs),
    "",
    formatRatios(ratios),
    "",
    formatGoals(goals),
  ].join("\n");

/** A line for each ratio: how it is called in the file, what it is, and which way is better. */
export const formatRatios = (ratios: Ratios): string =>
  alignColumns(
    Object.entries(RATIOS).map(([name, { says, better }]) => [
      name,
      formatSpread(ratios[name as keyof Ratios]),
      says,
      `${better} is better`,
    ]),
  );

const formatRows = (title: string, rows: readonly Row[]): string =>
  alignColumns([
    [title, "connections", "rate/s", "p50 µs", "p99 µs"],
    ...rows.map(({ name, connections, ratePerSecond, p50Us, p99Us }) => [
      `  ${name}`,
      String(connections),
      formatSpread(ratePerSecond),
      ...[p50Us.median, p99Us.median].map(formatWhole),
    ]),
  ]);

const formatOpenRows = (rows: readonly OpenRow[]): string =>
  alignColumns([
    [`the same, ${rows[0]?.intendedPerSecond} a second`, "sent/s", "p50 µs", "p99 µs", "of which late p50 µs"],
    ...rows.map(({ name, ratePerSecond, p50Us, p99Us, sentLateP50Us }) => [
      `  ${name}`,
      formatSpread(ratePerSecond),
      ...[p50Us.median, p99Us.median, sentLateP50Us.median].map(formatWhole),
    ]),
  ]);
