import { LARGE } from "../gateway/requests.ts";
import type { Flood } from "../gateway/flood.ts";
import { atLeast, atMost, type Goal } from "../goals.ts";
import type { Measurement } from "../load.ts";
import { medianOf, ratioOf, roundsOf } from "../rounds.ts";
import { type Spread, spreadOf } from "../spread.ts";
import type { Consumption } from "./consume.ts";
import { type CaseName, LARGE_CONNECTIONS, type SuiteResult } from "./suite.ts";

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
  /** The rows beside which stand behind those beside the native client. */
  readonly otherProxy: string | undefined;
  readonly rows: readonly Row[];
  readonly consumption: Consumption;
  readonly flood: Flood;
  readonly goals: readonly Goal[];
  /** The same piece of arithmetic all through the run: how steady the machine was. */
  readonly arithmeticMs: Spread;
};

const MIB = 1_024 * 1_024;

/** @throws TypeError if something was not measured. */
export const summarize = ({ isOwnCluster, otherProxy, produces, consumption, flood }: SuiteResult): KafkaResult => {
  const row = ({ own, connections, records }: Compared, beside: CaseName): Row =>
    rowOf({ name: own, beside, connections, records }, roundsOf(produces, own, connections), roundsOf(produces, beside, connections));
  const besideNative = COMPARED.map((compared) => row(compared, compared.native));
  const besideOther = otherProxy === undefined ? [] : COMPARED.map((compared) => row(compared, compared.other));
  return {
    isOwnCluster,
    otherProxy,
    rows: [...besideNative, ...besideOther],
    consumption,
    flood,
    arithmeticMs: spreadOf(produces.flatMap(({ arithmeticMs }) => arithmeticMs)),
    goals: [
      ...COMPARED.map(({ what, times, recordedPerSecond }, index) => {
        const live = besideOther[index];
        if (live !== undefined) return atLeast(`gateway ÷ ${otherProxy}, ${what}`, times, live.rateToBeside, "×");
        const { recordsPerSecond } = besideNative[index] as Row;
        return atLeast(`gateway ÷ the better recorded proxy, ${what}`, times, recordsPerSecond / recordedPerSecond, "×");
      }),
      atMost("flood: memory at its peak − idle", 256, (flood.memory.peakBytes - flood.idleBytes) / MIB, "MiB"),
    ],
  };
};

/** What the gateway is compared with, how many times another proxy's rate is aimed at, and the rate that was recorded of one. */
type Compared = {
  readonly own: CaseName;
  readonly native: CaseName;
  readonly other: CaseName;
  readonly connections: number;
  readonly records: number;
  readonly what: string;
  readonly times: number;
  readonly recordedPerSecond: number;
};

const SINGLE = { own: "gateway", native: "native", other: "other", records: 1 } as const;

/**
 * Recorded is the better of Strimzi's bridge and Karapace with linger 0, in records a second, measured once on a machine of this class; neither is in a
 * package registry. A rate beside one of another run says little; it is here for scale, where KAFKA_REST_URL names none to be measured.
 */
const COMPARED: readonly Compared[] = [
  { ...SINGLE, connections: 1, what: "1 connection", times: 1.2, recordedPerSecond: 1_638 },
  { ...SINGLE, connections: 32, what: "32 connections", times: 2, recordedPerSecond: 3_323 },
  {
    ...{ own: "gateway 100", native: "native 100", other: "other 100", connections: LARGE_CONNECTIONS, records: LARGE },
    ...{ what: "100 a POST", times: 1.5, recordedPerSecond: 27_500 },
  },
];

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
