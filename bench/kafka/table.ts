import { alignColumns, formatGoals, formatSpread, formatSteadiness, formatWhole } from "../table.ts";
import type { Spread } from "../spread.ts";
import type { Consumption } from "./consume.ts";
import type { KafkaResult, Row } from "./results.ts";

/** The results as text: the rows, the flood, and the goals. */
export const formatResult = ({ isOwnCluster, otherProxy, rows, consumption, flood, goals, arithmeticMs }: KafkaResult): string =>
  [
    `on ${isOwnCluster ? "one node of Apache Kafka on this machine" : "the cluster of KAFKA_BROKERS"}, acks=all${otherProxy === undefined ? "" : `; other: ${otherProxy}`}`,
    "",
    alignColumns([
      ["", "connections", "rate/s", "p50 µs", "p99 µs", "beside", "rate/s", "p50 µs", "p99 µs", "rate ÷", "p50 ÷"],
      ...rows.map(cellsOf),
    ]),
    "",
    formatConsumption(consumption),
    "",
    `flood of ${flood.seconds} s: ${formatWhole(flood.load.ratePerSecond)} posts/s, ${formatWhole(flood.produces.unavailable)} of ${formatWhole(flood.produces.ok + flood.produces.unavailable)} refused with 503`,
    "",
    formatSteadiness(arithmeticMs),
    "",
    formatGoals(goals),
  ].join("\n");

const formatConsumption = ({ records, gateway, native, gatewayToNative }: Consumption): string =>
  alignColumns([
    [`one consumer takes ${formatWhole(records)} records`, "records/s", "÷ native"],
    ["  through the gateway, with a commit for each batch", formatRates(gateway), formatSpread(gatewayToNative)],
    ["  by the client alone, without commits", formatRates(native), "1"],
  ]);

const formatRates = ({ median, min, max }: Spread): string => `${formatWhole(median)} (${formatWhole(min)}–${formatWhole(max)})`;

const cellsOf = (row: Row): string[] => [
  row.name,
  String(row.connections),
  ...[row.ratePerSecond, row.p50Us, row.p99Us].map(formatWhole),
  row.beside,
  ...[row.besideRatePerSecond, row.besideP50Us, row.besideP99Us].map(formatWhole),
  formatSpread(row.rateToBeside),
  formatSpread(row.p50ToBeside),
];
