import { alignColumns, formatGoals, formatSpread, formatSteadiness, formatWhole } from "../table.ts";
import type { FsyncResult, Row } from "./results.ts";

/** The results with one fsync setting as text: the rows, the wake-up, and the goals. */
export const formatResult = ({ fsync, rows, wakeUp, goals, arithmeticMs }: FsyncResult): string =>
  [
    `the main path, fsync ${fsync}`,
    "",
    alignColumns([["", "connections", "rate/s", "p50 µs", "p99 µs", "rate ÷ health"], ...rows.map(cellsOf)]),
    "",
    `wake-up: reply sent → waiting GET answered ${Math.round(wakeUp.replyToAnswerUs)} µs − one Mailbox read ${Math.round(wakeUp.readUs)} µs = ${Math.round(wakeUp.wakeUpUs)} µs`,
    "",
    formatSteadiness(arithmeticMs),
    "",
    formatGoals(goals),
  ].join("\n");

const cellsOf = ({ name, connections, ratePerSecond, p50Us, p99Us, rateToHealth }: Row): string[] => [
  name,
  String(connections),
  ...[ratePerSecond, p50Us, p99Us].map(formatWhole),
  name === "health" ? "1" : formatSpread(rateToHealth),
];
