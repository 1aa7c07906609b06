import type { FsyncResult, Goal, Row } from "./results.ts";
import type { Spread } from "./spread.ts";

/** The results with one fsync setting as text: the rows, the wake-up, and the goals. */
export const formatResult = ({ fsync, rows, wakeUp, goals, arithmeticMs }: FsyncResult): string =>
  [
    `fsync ${fsync}`,
    "",
    alignColumns([["", "connections", "rate/s", "p50 µs", "p99 µs", "rate ÷ health"], ...rows.map(cellsOf)]),
    "",
    `wake-up: reply sent → waiting GET answered ${Math.round(wakeUp.replyToAnswerUs)} µs − one Mailbox read ${Math.round(wakeUp.readUs)} µs = ${Math.round(wakeUp.wakeUpUs)} µs`,
    "",
    `steadiness: the same arithmetic took ${formatSpread(arithmeticMs)} ms in the course of the run`,
    "",
    alignColumns(goals.map(({ name, goal, value, unit, met }: Goal) => [name, formatSpread(value), unit, goal, met ? "met" : "MISSED"])),
  ].join("\n");

const cellsOf = ({ name, connections, ratePerSecond, p50Us, p99Us, rateToHealth }: Row): string[] => [
  name,
  String(connections),
  ...[ratePerSecond, p50Us, p99Us].map((value) => Math.round(value).toLocaleString("en")),
  name === "health" ? "1" : formatSpread(rateToHealth),
];

const formatSpread = ({ median, least, most }: Spread): string =>
  least === most ? median.toFixed(2) : `${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`;

/** The first column to the left, all others to the right. */
const alignColumns = (lines: readonly (readonly string[])[]): string => {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const pad = (cell: string, column: number): string => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0));
  return lines.map((cells) => cells.map(pad).join("  ")).join("\n");
};
