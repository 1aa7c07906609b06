import type { Fsync } from "../fsync.ts";
import { atLeast, atMost, type Goal } from "../goals.ts";
import { medianOf, ratioOf, roundsOf } from "../rounds.ts";
import { percentileOf, type Spread, spreadOf } from "../spread.ts";
import type { Flood } from "./flood.ts";
import { COMPARISONS, type SuiteResult, type WorkName } from "./suite.ts";
import type { WakeUpSample } from "./wake-up.ts";

/** A line of the table: medians of the rounds. */
export type Row = {
  readonly name: WorkName;
  readonly connections: number;
  /** Times a second; a consume counts together with its commit. */
  readonly ratePerSecond: number;
  readonly recordsPerSecond: Spread;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly bareRatePerSecond: number;
  readonly bareP50Us: number;
  /** Its rate over that of the bare server in the same round. */
  readonly rateToBare: Spread;
};

/** In microseconds. */
export type WakeUp = {
  /** From sending a produce until the answer to a consume that was waiting is complete. */
  readonly p50Us: number;
  readonly p99Us: number;
  /** The p50 of a produce for which nobody waits, of the gateway and of the bare server. */
  readonly produceUs: number;
  readonly bareProduceUs: number;
  /** The p50 of an exchange with the bare server in which nothing is consumed. */
  readonly bareEmptyUs: number;
  /** The p50 over that of one produce and one empty exchange, the least that it could be: the two halves of it without any waking. */
  readonly toProduceAndEmpty: number;
};

export type GatewayResult = {
  readonly fsync: Fsync;
  readonly rows: readonly Row[];
  readonly wakeUp: WakeUp;
  readonly flood: Flood;
  readonly goals: readonly Goal[];
  /** The same piece of arithmetic all through the run: how steady the machine was. */
  readonly arithmeticMs: Spread;
};

/** The rows and goals of what was measured with one fsync setting. @throws TypeError if something was not measured. */
export const summarize = (suite: SuiteResult): GatewayResult => {
  const { fsync, cases, wakeUps, flood } = suite;
  const rows = COMPARISONS.map(({ name, connections }) => rowOf(suite, name, connections));
  const find = (wanted: WorkName, at: number) => rows.find(({ name, connections }) => name === wanted && connections === at) as Row;
  return {
    fsync,
    rows,
    wakeUp: summarizeWakeUps(wakeUps),
    flood,
    arithmeticMs: spreadOf(cases.flatMap(({ arithmeticMs }) => arithmeticMs)),
    goals: [
      // Set for produces that do not wait for the disk: how fast that is, is not the gateway's merit.
      ...(fsync === "os"
        ? [
            atLeast("produce rate ÷ bare rate, 32 connections", 0.5, find("produce", 32).rateToBare, "×"),
            atLeast("100 records per post", 50_000, find("produce 100", 4).recordsPerSecond, "records/s"),
          ]
        : []),
      atMost("flood: memory at the end ÷ second window", 1.1, flood.memory.lastToSecond, "×"),
    ],
  };
};

const rowOf = ({ cases, recordsOf }: SuiteResult, name: WorkName, connections: number): Row => {
  const rounds = roundsOf(cases, name, connections);
  const bare = roundsOf(cases, `bare ${name}`, connections);
  return {
    name,
    connections,
    ratePerSecond: medianOf(rounds, "ratePerSecond"),
    recordsPerSecond: spreadOf(rounds.map(({ ratePerSecond }) => ratePerSecond * recordsOf[name])),
    p50Us: medianOf(rounds, "p50Us"),
    p99Us: medianOf(rounds, "p99Us"),
    bareRatePerSecond: medianOf(bare, "ratePerSecond"),
    bareP50Us: medianOf(bare, "p50Us"),
    rateToBare: ratioOf(rounds, bare, "ratePerSecond"),
  };
};

const summarizeWakeUps = (samples: readonly WakeUpSample[]): WakeUp => {
  const percentile = (member: keyof WakeUpSample, percent: number): number =>
    percentileOf(
      samples.map((sample) => sample[member]),
      percent,
    );
  const [p50Us, produceUs, bareEmptyUs] = [percentile("wakeUpUs", 50), percentile("produceUs", 50), percentile("bareEmptyUs", 50)];
  return {
    p50Us,
    p99Us: percentile("wakeUpUs", 99),
    produceUs,
    bareProduceUs: percentile("bareProduceUs", 50),
    bareEmptyUs,
    toProduceAndEmpty: p50Us / (produceUs + bareEmptyUs),
  };
};
