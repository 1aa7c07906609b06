import { LARGE } from "../gateway/requests.ts";
import type { Flood } from "../gateway/flood.ts";
import { atLeast, atMost, type Goal } from "../goals.ts";
import type { Measurement } from "../load.ts";
import { medianOf, ratioOf, roundsOf } from "../rounds.ts";
import { type Spread, spreadOf } from "../spread.ts";
import type { Consumption } from "./consume.ts";
import { type CaseName, LARGE_CONNECTIONS, PRODUCE_CONNECTIONS, type SuiteResult } from "./suite.ts";

/** A line of the table: medians of the rounds, beside what it is compared with. */
export type Row = {
  readonly name: CaseName;
  readonly connections: number;
  readonly ratePerSecond: number;
  readonly recordsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly beside: CaseName;
  readonly besideRatePerSecond: number;
  readonly besideP50Us: number;
  readonly besideP99Us: number;
  /** In the same round. */
  readonly rateToBeside: Spread;
  readonly p50ToBeside: Spread;
};

export type KafkaResult = {
  readonly isOwnCluster: boolean;
  readonly rows: readonly Row[];
  readonly consumption: Consumption;
  readonly flood: Flood;
  readonly goals: readonly Goal[];
  /** The same piece of arithmetic all through the run: how steady the machine was. */
  readonly arithmeticMs: Spread;
};

const MIB = 1_024 * 1_024;

/** @throws TypeError if something was not measured. */
export const summarize = ({ isOwnCluster, produces, consumption, flood }: SuiteResult): KafkaResult => {
  const row = (name: CaseName, beside: CaseName, connections: number, records = 1): Row =>
    rowOf({ name, beside, connections, records }, roundsOf(produces, name, connections), roundsOf(produces, beside, connections));
  const rows = [
    ...PRODUCE_CONNECTIONS.map((connections) => row("gateway", "native", connections)),
    row("gateway 100", "native 100", LARGE_CONNECTIONS, LARGE),
  ];
  return {
    isOwnCluster,
    rows,
    consumption,
    flood,
    arithmeticMs: spreadOf(produces.flatMap(({ arithmeticMs }) => arithmeticMs)),
    goals: [
      ...rows.map(({ recordsPerSecond }, index) => besideRecorded(recordsPerSecond, RECORDED[index] as Recorded)),
      atMost("flood: memory at its peak − idle", 256, (flood.memory.peakBytes - flood.idleBytes) / MIB, "MiB"),
    ],
  };
};

/** What another proxy did, and how many times that is aimed at. */
type Recorded = { readonly what: string; readonly recordsPerSecond: number; readonly times: number };

/**
 * The better of Strimzi's bridge and Karapace with linger 0, measured once on a machine of this class; neither is in a package registry. A rate beside
 * one of another run says little; it is here for scale.
 */
const RECORDED: readonly Recorded[] = [
  { what: "1 connection", recordsPerSecond: 1_638, times: 1.2 },
  { what: "32 connections", recordsPerSecond: 3_323, times: 2 },
  { what: "100 a POST", recordsPerSecond: 27_500, times: 1.5 },
];

const besideRecorded = (own: number, { what, recordsPerSecond, times }: Recorded): Goal =>
  atLeast(`gateway ÷ the better recorded proxy, ${what}`, times, own / recordsPerSecond, "×");

type RowOf = Pick<Row, "name" | "beside" | "connections"> & { readonly records: number };

const rowOf = ({ records, ...names }: RowOf, own: readonly Measurement[], beside: readonly Measurement[]): Row => ({
  ...names,
  ratePerSecond: medianOf(own, "ratePerSecond"),
  recordsPerSecond: medianOf(own, "ratePerSecond") * records,
  p50Us: medianOf(own, "p50Us"),
  p99Us: medianOf(own, "p99Us"),
  besideRatePerSecond: medianOf(beside, "ratePerSecond"),
  besideP50Us: medianOf(beside, "p50Us"),
  besideP99Us: medianOf(beside, "p99Us"),
  rateToBeside: ratioOf(own, beside, "ratePerSecond"),
  p50ToBeside: ratioOf(own, beside, "p50Us"),
});
