import { atLeast, atMost, type Goal } from "../goals.ts";
import { type CaseRounds, ratioOf, roundsOf, spreadOverRounds } from "../rounds.ts";
import { type Spread, spreadOf } from "../spread.ts";
import type { Contestant } from "./contestants.ts";
import { calculateRatios, type Ratios } from "./ratios.ts";
import type { OpenRounds, SuiteResult } from "./suite.ts";

/** A line of the table, over the rounds. */
export type Row = {
  readonly name: Contestant;
  readonly connections: number;
  readonly ratePerSecond: Spread;
  readonly p50Us: Spread;
  readonly p99Us: Spread;
};

/** The same at a fixed rate, from when each request was due. */
export type OpenRow = {
  readonly name: Contestant;
  readonly intendedPerSecond: number;
  readonly ratePerSecond: Spread;
  readonly p50Us: Spread;
  readonly p99Us: Spread;
  readonly sentLateP50Us: Spread;
};

export type PeersResult = {
  readonly isOwnCluster: boolean;
  readonly sums: readonly Row[];
  readonly echoes: readonly Row[];
  readonly accepts: readonly Row[];
  readonly open: readonly OpenRow[];
  readonly ratios: Ratios;
  readonly goals: readonly Goal[];
  /** The same piece of arithmetic all through the run: how steady the machine was. */
  readonly arithmeticMs: Spread;
};

/** @throws TypeError if something was not measured. */
export const summarize = (suite: SuiteResult): PeersResult => {
  const { isOwnCluster, sums, echoes, accepts, open } = suite;
  const ratios = calculateRatios(suite);
  return {
    isOwnCluster,
    sums: sums.map(rowOf),
    echoes: echoes.map(rowOf),
    accepts: accepts.map(rowOf),
    open: open.map(openRowOf),
    ratios,
    goals: goalsOf(ratios, ratioOf(roundsOf(sums, "embedded", 32), roundsOf(sums, "rejoinder", 32), "ratePerSecond")),
    arithmeticMs: spreadOf([...sums, ...echoes, ...accepts].flatMap(({ arithmeticMs }) => arithmeticMs)),
  };
};

const goalsOf = (ratios: Ratios, embeddedVsKafka: Spread): readonly Goal[] => [
  atLeast("rate ÷ the better Spring, 1 connection", 4, ratios["sync-1-vs-spring"], "×"),
  atLeast("rate ÷ the better Spring, 32 connections", 2, ratios["sync-32-vs-spring"], "×"),
  atLeast("rate ÷ the better Spring, 128 connections", 1, ratios["sync-128-vs-spring"], "×"),
  atMost("p99 ÷ the better Spring, 32 connections", 1, ratios["p99-32-vs-spring"], "×"),
  atMost("p99 ÷ the better Spring, 128 connections", 1, ratios["p99-128-vs-spring"], "×"),
  atMost("request-reply p50 ÷ raw round trip p50, 1 connection", 4, ratios["p50-1-vs-raw"], "×"),
  atMost("wake-up of a waiting caller", 2, ratios["wake-ms"], "ms"),
  atLeast("rate on the embedded engine ÷ on Kafka, 32 connections", 1, embeddedVsKafka, "×"),
];

/** How far from the intended rate it may be. */
const TOLERANCE = 0.05;

/** The rates that could not be kept, whose latencies say how long the measurement took, as lines for people. */
export const findUnkept = (open: readonly OpenRow[]): string[] =>
  open
    .filter(({ ratePerSecond, intendedPerSecond }) => ratePerSecond.median < intendedPerSecond * (1 - TOLERANCE))
    .map(
      ({ name, ratePerSecond, intendedPerSecond }) =>
        `${name} at ${intendedPerSecond} a second: only ${ratePerSecond.median.toFixed(1)} were sent`,
    );

const rowOf = ({ name, connections, rounds }: CaseRounds<Contestant>): Row => ({
  name,
  connections,
  ratePerSecond: spreadOverRounds(rounds, "ratePerSecond"),
  p50Us: spreadOverRounds(rounds, "p50Us"),
  p99Us: spreadOverRounds(rounds, "p99Us"),
});

const openRowOf = ({ name, rounds }: OpenRounds): OpenRow => ({
  name,
  intendedPerSecond: rounds[0]?.intendedPerSecond ?? 0,
  ratePerSecond: spreadOf(rounds.map(({ ratePerSecond }) => ratePerSecond)),
  p50Us: spreadOf(rounds.map(({ p50Us }) => p50Us)),
  p99Us: spreadOf(rounds.map(({ p99Us }) => p99Us)),
  sentLateP50Us: spreadOf(rounds.map(({ sentLateP50Us }) => sentLateP50Us)),
});
