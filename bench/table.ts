import type { Goal } from "./goals.ts";
import type { Spread } from "./spread.ts";

/** A line for each goal: what was measured, what it should be, and whether it is. */
export const formatGoals = (goals: readonly Goal[]): string =>
  alignColumns(goals.map(({ name, goal, value, unit, met }) => [name, formatSpread(value), unit, goal, met ? "met" : "MISSED"]));

/** How steady the machine was: the same piece of arithmetic all through the run. */
export const formatSteadiness = (arithmeticMs: Spread): string =>
  `steadiness: the same arithmetic took ${formatSpread(arithmeticMs)} ms in the course of the run`;

/** The median, and in brackets the least and the most. */
export const formatSpread = ({ median, min, max }: Spread): string =>
  min === max ? formatNumber(median) : `${formatNumber(median)} (${formatNumber(min)}–${formatNumber(max)})`;

/** A whole number in groups of three digits. */
export const formatWhole = (value: number): string => Math.round(value).toLocaleString("en");

/** The first column to the left, all others to the right. */
export const alignColumns = (lines: readonly (readonly string[])[]): string => {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const pad = (cell: string, column: number): string => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0));
  return lines.map((cells) => cells.map(pad).join("  ")).join("\n");
};

const formatNumber = (value: number): string => (value >= 1_000 ? formatWhole(value) : value.toFixed(2));
