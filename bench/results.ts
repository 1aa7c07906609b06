import { LITTLE_TOLERANCE, type Measurement } from "./load.ts";
import type { CaseRounds } from "./rounds.ts";
import { type Spread, spreadOf } from "./spread.ts";
import type { Fsync } from "./stack.ts";
import type { CaseName, SuiteResult } from "./suite.ts";
import type { WakeUp } from "./wake-up.ts";

/** A line of the table: medians of the rounds. */
export type Row = {
  readonly name: CaseName;
  readonly connections: number;
  readonly ratePerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Its rate over that of `/health` under the same connections in the same round. */
  readonly rateToHealth: Spread;
};

/** What a number should be, and what it is. */
export type Goal = { readonly name: string; readonly goal: string; readonly value: Spread; readonly unit: string; readonly met: boolean };

export type FsyncResult = {
  readonly fsync: Fsync;
  readonly rows: readonly Row[];
  readonly wakeUp: WakeUp;
  readonly goals: readonly Goal[];
  /** The same piece of arithmetic all through the run: how steady the machine was. */
  readonly arithmeticMs: Spread;
};

/** The rows and goals of what was measured with one fsync setting. */
export const summarize = ({ fsync, withoutConsumer, withConsumer, wakeUp }: SuiteResult): FsyncResult => {
  const find = (name: CaseName, connections: number): readonly Measurement[] => roundsOf(withoutConsumer, name, connections);
  const wakeUpMs = wakeUp.wakeUpUs / 1_000;
  return {
    fsync,
    rows: [...withoutConsumer.map(rowOf(withoutConsumer)), ...withConsumer.map(rowOf(withConsumer))],
    wakeUp,
    arithmeticMs: spreadOf([...withoutConsumer, ...withConsumer].flatMap(({ arithmeticMs }) => arithmeticMs)),
    goals: [
      // Set for produces that wait for the disk.
      ...(fsync === "always"
        ? [atMost("accept p50 ÷ direct produce p50, 1 connection", 4, ratio(find("accept", 1), find("produce", 1), "p50Us"), "×")]
        : []),
      atLeast("accept rate ÷ health rate, 32 connections", 0.25, ratio(find("accept", 32), find("health", 32), "ratePerSecond"), "×"),
      atMost("wake-up", 3, { median: wakeUpMs, least: wakeUpMs, most: wakeUpMs }, "ms"),
    ],
  };
};

/**
 * The cases whose rate, mean latency and connections do not fit together (Little's law), as lines for people. Taken over all
 * rounds, in which what the ends of each cut off evens out.
 */
export const findMismeasured = ({ fsync, withoutConsumer, withConsumer }: SuiteResult): string[] =>
  [...withoutConsumer, ...withConsumer].flatMap(({ name, connections, rounds }) => {
    const little = rounds.reduce((sum, round) => sum + round.little, 0) / rounds.length;
    if (Math.abs(little - 1) <= LITTLE_TOLERANCE) return [];
    return [`${name} at ${connections}, fsync ${fsync}: rate × mean ÷ connections is ${little.toFixed(3)}`];
  });

const rowOf =
  (half: readonly CaseRounds<CaseName>[]) =>
  ({ name, connections, rounds }: CaseRounds<CaseName>): Row => ({
    name,
    connections,
    ratePerSecond: spreadOf(rounds.map(({ ratePerSecond }) => ratePerSecond)).median,
    p50Us: spreadOf(rounds.map(({ p50Us }) => p50Us)).median,
    p99Us: spreadOf(rounds.map(({ p99Us }) => p99Us)).median,
    rateToHealth: ratio(rounds, roundsOf(half, "health", connections), "ratePerSecond"),
  });

const roundsOf = (half: readonly CaseRounds<CaseName>[], name: CaseName, connections: number): readonly Measurement[] => {
  const found = half.find((candidate) => candidate.name === name && candidate.connections === connections);
  if (found === undefined) throw new TypeError(`Expected ${name} at ${connections} connections to be measured`);
  return found.rounds;
};

const ratio = (above: readonly Measurement[], below: readonly Measurement[], member: "ratePerSecond" | "p50Us"): Spread =>
  spreadOf(above.map((measurement, round) => measurement[member] / (below[round]?.[member] ?? Number.NaN)));

const atMost = (name: string, limit: number, value: Spread, unit: string): Goal => ({
  name,
  goal: `≤ ${limit}`,
  value,
  unit,
  met: value.median <= limit,
});

const atLeast = (name: string, limit: number, value: Spread, unit: string): Goal => ({
  name,
  goal: `≥ ${limit}`,
  value,
  unit,
  met: value.median >= limit,
});
