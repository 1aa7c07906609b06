import { atLeast, atMost, type Goal } from "../goals.ts";
import { alignColumns, formatGoals, formatWhole } from "../table.ts";
import { type Outstanding, OUTSTANDING_SHARDS } from "./outstanding.ts";

export type OutstandingResult = Outstanding & {
  readonly name: "outstanding";
  readonly on: string;
  readonly shards: number;
  readonly goals: readonly Goal[];
};

const MIB = 2 ** 20;
const LIMIT_MIB = 600;

/** @param on what keeps the records */
export const summarizeOutstanding = (on: string, outstanding: Outstanding): OutstandingResult => {
  const { callers, peak } = outstanding;
  return {
    name: "outstanding",
    on,
    shards: OUTSTANDING_SHARDS,
    ...outstanding,
    goals: [
      atMost(`memory with ${formatWhole(callers.count)} outstanding, all processes`, LIMIT_MIB, peak.totalBytes / MIB, "MiB"),
      atLeast("right answers among them", callers.count, callers.right, ""),
    ],
  };
};

/** Not all were under way at once, so that what was measured is less than it says. */
export const findNotAtOnce = ({ on, callers: { count, mostAtOnce } }: OutstandingResult): string[] =>
  mostAtOnce === count ? [] : [`outstanding, ${on}: only ${mostAtOnce} of ${count} were under way at once`];

export const formatOutstanding = ({ on, callers, handlerMs, idle, peak, shards, goals }: OutstandingResult): string =>
  [
    `${formatWhole(callers.count)} requests that wait at once for a handler of ${handlerMs / 1_000} s, ${on}, ${shards} mailbox shards; they come in ${(callers.rampMs / 1_000).toFixed(1)} s`,
    "",
    `at most ${formatWhole(callers.mostAtOnce)} at once; ${formatWhole(callers.right)} right answers, ${formatWhole(callers.beyondHandlerP50Us)} µs p50 and ${formatWhole(callers.beyondHandlerP99Us)} µs p99 later than the handler alone`,
    ...Object.entries(callers.wrong).map(([what, count]) => `  ${formatWhole(count)} ×: ${what}`),
    "",
    alignColumns([
      ["memory, MiB", ...peak.byProcess.map(({ name }) => name), "sum"],
      ["  idle", ...idle.byProcess.map(({ bytes }) => formatWhole(bytes / MIB)), formatWhole(idle.totalBytes / MIB)],
      ["  peak", ...peak.byProcess.map(({ bytes }) => formatWhole(bytes / MIB)), formatWhole(peak.totalBytes / MIB)],
    ]),
    "",
    formatGoals(goals),
  ].join("\n");
