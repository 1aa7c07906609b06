import { type Spread, spreadOf } from "../spread.ts";
import { alignColumns, formatSteadiness, formatWhole } from "../table.ts";
import type { CpuRound } from "./cpu-time.ts";

/** A line of the table: all rounds together, so that the parts are the total. Times in microseconds. */
export type CpuRow = {
  readonly connections: number;
  readonly requests: number;
  readonly ratePerSecond: number;
  /** The median of those of the rounds. */
  readonly p50Us: number;
  /** 1 ÷ rate: less than the processor time if more than one core was busy. */
  readonly wallUsPerRequest: number;
  readonly parts: readonly { readonly name: string; readonly usPerRequest: number }[];
  readonly totalUsPerRequest: number;
  /** So many cores were busy with it. */
  readonly busyCores: number;
};

export type CpuResult = {
  readonly name: "processor time by process";
  readonly isOwnCluster: boolean;
  readonly rows: readonly CpuRow[];
  readonly arithmeticMs: Spread;
};

/** @throws TypeError if nothing was measured. */
export const summarizeCpuTime = (isOwnCluster: boolean, rounds: readonly CpuRound[]): CpuResult => ({
  name: "processor time by process",
  isOwnCluster,
  rows: [...new Set(rounds.map(({ connections }) => connections))].map((connections) =>
    rowOf(
      connections,
      rounds.filter((round) => round.connections === connections),
    ),
  ),
  arithmeticMs: spreadOf(rounds.map(({ arithmeticMs }) => arithmeticMs)),
});

const rowOf = (connections: number, rounds: readonly CpuRound[]): CpuRow => {
  const sum = (of: (round: CpuRound) => number): number => rounds.reduce((total, round) => total + of(round), 0);
  const requests = sum((round) => round.requests);
  const elapsedMs = sum((round) => round.elapsedMs);
  const parts = (rounds[0]?.used ?? []).map(({ name }, index) => ({
    name,
    usPerRequest: sum(({ used }) => used[index]?.ns ?? 0) / 1_000 / requests,
  }));
  const totalUsPerRequest = parts.reduce((total, { usPerRequest }) => total + usPerRequest, 0);
  const wallUsPerRequest = (elapsedMs * 1_000) / requests;
  return {
    connections,
    requests,
    ratePerSecond: 1_000_000 / wallUsPerRequest,
    p50Us: spreadOf(rounds.map(({ p50Us }) => p50Us)).median,
    wallUsPerRequest,
    parts,
    totalUsPerRequest,
    busyCores: totalUsPerRequest / wallUsPerRequest,
  };
};

export const formatCpuTime = ({ isOwnCluster, rows, arithmeticMs }: CpuResult): string =>
  [
    `processor time of one request and its reply by process, µs, on ${isOwnCluster ? "one node of Apache Kafka on this machine" : "the cluster of KAFKA_BROKERS, which is not in it"}`,
    "",
    alignColumns([
      ["connections", ...(rows[0]?.parts ?? []).map(({ name }) => name), "sum", "wall", "busy cores", "rate/s", "p50 µs"],
      ...rows.map(({ connections, parts, totalUsPerRequest, wallUsPerRequest, busyCores, ratePerSecond, p50Us }) => [
        String(connections),
        ...[...parts.map(({ usPerRequest }) => usPerRequest), totalUsPerRequest, wallUsPerRequest].map(formatWhole),
        busyCores.toFixed(2),
        ...[ratePerSecond, p50Us].map(formatWhole),
      ]),
    ]),
    "",
    formatSteadiness(arithmeticMs),
  ].join("\n");
