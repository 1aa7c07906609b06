import type { Flood } from "../gateway/flood.ts";
import { atLeast, atMost, type Goal } from "../goals.ts";
import type { Measurement } from "../load.ts";
import { medianOf, ratioOf, roundsOf } from "../rounds.ts";
import { type Spread, spreadOf } from "../spread.ts";
import { type CaseName, caseNameOf, COMPARISONS, type Who } from "./comparisons.ts";
import type { Consumption } from "./consume.ts";
import type { SuiteResult } from "./suite.ts";

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
  const rowsBeside = (who: Who): Row[] =>
    COMPARISONS.map((comparison) => {
      const { connections, records } = comparison;
      const [name, beside] = [caseNameOf("gateway", comparison), caseNameOf(who, comparison)];
      return rowOf({ name, beside, connections, records }, roundsOf(produces, name, connections), roundsOf(produces, beside, connections));
    });
  const besideNative = rowsBeside("native");
  const besideOther = otherProxy === undefined ? [] : rowsBeside("other");
  return {
    isOwnCluster,
    otherProxy,
    rows: [...besideNative, ...besideOther],
    consumption,
    flood,
    arithmeticMs: spreadOf(produces.flatMap(({ arithmeticMs }) => arithmeticMs)),
    goals: [
      ...COMPARISONS.map(({ what, times, recordedPerSecond }, index) => {
        const live = besideOther[index];
        if (live !== undefined) return atLeast(`gateway ÷ ${otherProxy}, ${what}`, times, live.rateToBeside, "×");
        const { recordsPerSecond } = besideNative[index] as Row;
        return atLeast(`gateway ÷ the better recorded proxy, ${what}`, times, recordsPerSecond / recordedPerSecond, "×");
      }),
      atMost("flood: memory at its peak − idle", 256, (flood.memory.peakBytes - flood.idleBytes) / MIB, "MiB"),
    ],
  };
};

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
