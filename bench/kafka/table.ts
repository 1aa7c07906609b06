import { alignColumns, formatGoals, formatSpread, formatSteadiness, formatWhole } from "../table.ts";
import type { KafkaResult, Row } from "./results.ts";

/** The results as text: the rows, the flood, and the goals. */
export const formatResult = ({ isOwnCluster, rows, flood, goals, arithmeticMs }: KafkaResult): string =>
  [
    `on ${isOwnCluster ? "one node of Apache Kafka on this machine" : "the cluster of KAFKA_BROKERS"}, acks=all`,
    "",
    alignColumns([
      ["", "connections", "rate/s", "p50 µs", "p99 µs", "beside", "rate/s", "p50 µs", "p99 µs", "rate ÷", "p50 ÷"],
      ...rows.map(cellsOf),
    ]),
    "",
    `flood of ${flood.seconds} s: ${formatWhole(flood.load.ratePerSecond)} posts/s, ${formatWhole(flood.produces.unavailable)} of ${formatWhole(flood.produces.ok + flood.produces.unavailable)} refused with 503`,
    "",
    formatSteadiness(arithmeticMs),
    "",
    formatGoals(goals),
  ].join("\n");

const cellsOf = (row: Row): string[] => [
  row.name,
  String(row.connections),
  ...[row.ratePerSecond, row.p50Us, row.p99Us].map(formatWhole),
  row.beside,
  ...[row.besideRatePerSecond, row.besideP50Us, row.besideP99Us].map(formatWhole),
  formatSpread(row.rateToBeside),
  formatSpread(row.p50ToBeside),
];
