import type { Fsync } from "../fsync.ts";
import { atLeast, atMost, type Goal } from "../goals.ts";
import type { Measurement } from "../load.ts";
import { type CaseRounds, medianOf, ratioOf, roundsOf } from "../rounds.ts";
import { type Spread, spreadOf } from "../spread.ts";
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
  return {
    fsync,
    rows: [...withoutConsumer.map(rowOf(withoutConsumer)), ...withConsumer.map(rowOf(withConsumer))],
    wakeUp,
    arithmeticMs: spreadOf([...withoutConsumer, ...withConsumer].flatMap(({ arithmeticMs }) => arithmeticMs)),
    goals: [
      // Set for produces that wait for the disk.
      ...(fsync === "always"
        ? [atMost("accept p50 ÷ direct produce p50, 1 connection", 4, ratioOf(find("accept", 1), find("produce", 1), "p50Us"), "×")]
        : []),
      atLeast("accept rate ÷ health rate, 32 connections", 0.25, ratioOf(find("accept", 32), find("health", 32), "ratePerSecond"), "×"),
      atMost("wake-up", 3, wakeUp.wakeUpUs / 1_000, "ms"),
    ],
  };
};

const rowOf =
  (half: readonly CaseRounds<CaseName>[]) =>
  ({ name, connections, rounds }: CaseRounds<CaseName>): Row => ({
    name,
    connections,
    ratePerSecond: medianOf(rounds, "ratePerSecond"),
    p50Us: medianOf(rounds, "p50Us"),
    p99Us: medianOf(rounds, "p99Us"),
    rateToHealth: ratioOf(rounds, roundsOf(half, "health", connections), "ratePerSecond"),
  });
