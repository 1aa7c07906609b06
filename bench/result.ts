import type { Pace } from "./pace.ts";

export type Say = (line: string) => void;

/** One part of the bench. */
export type Section = {
  /** What a reader must know, besides what holds for all sections, to compare two runs. @throws ConfigurationError if its settings are wrong */
  conditions?(): Readonly<Record<string, unknown>>;
  /** Starts what it measures, measures it and stops it. @throws Error if an answer is wrong, or if a server that the user named does not answer */
  measure(pace: Pace, say: Say): Promise<readonly Result[]>;
};

/** What a section measured with one setting: the same shape in the file for all of them, and one kind of text. */
export type Result = {
  readonly name: string;
  readonly tables: readonly Table[];
  readonly goals?: readonly Goal[];
  /** Numbers to be quoted, by name. */
  readonly ratios?: Readonly<Record<string, Spread>>;
  /** How long the same arithmetic took during the run: how steady the machine was. */
  readonly arithmeticMs?: Spread;
  /** Measurements that contradict themselves, as lines for people. */
  readonly mismeasured?: readonly string[];
  /** A picture of it, as SVG; not in the file. */
  readonly plot?: string;
};

export type Table = { readonly title: string; readonly lines: readonly Line[] };

/** Its numbers have the heads of their columns as names; a line may leave columns out. */
export type Line = { readonly name: string; readonly numbers: Readonly<Record<string, Spread | number>> };

/** What the median of a number should be, and whether it is. */
export type Goal = { readonly name: string; readonly goal: string; readonly value: Spread; readonly unit: string; readonly met: boolean };

type CreateGoal = (name: string, limit: number, value: Spread | number, unit: string) => Goal;

const goals =
  (sign: string, isMet: (median: number, limit: number) => boolean): CreateGoal =>
  (name, limit, measured, unit) => {
    const value = typeof measured === "number" ? spreadOf([measured]) : measured;
    return { name, goal: `${sign} ${limit.toLocaleString("en")}`, value, unit, met: isMet(value.median, limit) };
  };

export const atMost = goals("≤", (median, limit) => median <= limit);
export const atLeast = goals("≥", (median, limit) => median >= limit);

/** How rows of cells are written, the heads first. */
type Layout = (rows: readonly (readonly string[])[]) => string;

/** A result for people, as text or as Markdown. */
export const formatResult = ({ name, tables, ratios = {}, arithmeticMs, goals = [] }: Result, layout: Layout = inColumns): string =>
  [
    layout === inMarkdown ? `### ${name}` : name,
    ...tables.map(rowsOf),
    [["ratio", "median (least–most)"], ...Object.entries(ratios).map(([ratio, value]) => [ratio, format(value)])],
    arithmeticMs === undefined ? "" : `steadiness: the same arithmetic took ${format(arithmeticMs)} ms during the run`,
    [GOAL_HEADS, ...goals.map((one) => [one.name, one.goal, format(one.value), one.unit, one.met ? "met" : "MISSED"])],
  ]
    .filter((part) => part.length > (typeof part === "string" ? 0 : 1))
    .map((part) => (typeof part === "string" ? part : layout(part)))
    .join("\n\n");

const GOAL_HEADS = ["goal", "limit", "measured", "", ""];

const rowsOf = ({ title, lines }: Table) => {
  // The order of the columns is that of the line that has the most.
  const headsOfLines = lines.map(({ numbers }) => Object.keys(numbers)).toSorted((one, other) => other.length - one.length);
  const heads = [...new Set(headsOfLines.flat())];
  return [[title, ...heads], ...lines.map(({ name, numbers }) => [name, ...heads.map((head) => format(numbers[head]))])];
};

/** The first column to the left, all others to the right. */
const inColumns: Layout = (rows) => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const pad = (cell: string, column: number): string => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0));
  return rows.map((cells) => cells.map(pad).join("  ")).join("\n");
};

export const inMarkdown: Layout = ([heads = [], ...rows]) =>
  [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** A number, or the median and in brackets the least and the most. */
const format = (value: Spread | number | undefined): string => {
  if (value === undefined) return "";
  if (typeof value === "number") return formatNumber(value);
  const { median, min, max } = value;
  return min === max ? formatNumber(median) : `${formatNumber(median)} (${formatNumber(min)}–${formatNumber(max)})`;
};

const formatNumber = (value: number): string => {
  if (Number.isInteger(value) || value >= 100) return Math.round(value).toLocaleString("en");
  return value >= 1 ? value.toFixed(2) : value.toPrecision(2);
};

/** A number that was measured several times. */
export type Spread = { readonly median: number; readonly min: number; readonly max: number };

/** @throws TypeError if there are no values */
export const spreadOf = (values: readonly number[]): Spread => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  if (sorted.length === 0) throw new TypeError("Expected at least one value, got none");
  const middle = (sorted.length - 1) / 2;
  return { median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2, min: at(0), max: at(sorted.length - 1) };
};

/** The ratio of two numbers, taken within each round. */
export const ratioOfRounds = (above: readonly number[], below: readonly number[]): Spread =>
  spreadOf(above.map((value, round) => value / (below[round] ?? Number.NaN)));

/** The smallest value that at least `percent` percent of all values do not exceed. @throws TypeError if there are no values */
export const percentileOf = (values: readonly number[], percent: number): number => {
  const value = values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil((values.length * percent) / 100) - 1)];
  if (value === undefined) throw new TypeError("Expected at least one value, got none");
  return value;
};
