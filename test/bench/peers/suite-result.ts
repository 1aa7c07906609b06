import type { Contestant } from "../../../bench/peers/contestants.ts";
import type { SuiteResult } from "../../../bench/peers/suite.ts";
import { createMeasurement } from "../measurement.ts";

type Measured = { readonly ratePerSecond: number; readonly p50Us: number };

/** Two rounds, of which the second is half as fast as the first. */
const twoRounds = <Name extends string>(name: Name, connections: number, { ratePerSecond, p50Us }: Measured) => ({
  name,
  connections,
  rounds: [createMeasurement(connections, ratePerSecond, p50Us), createMeasurement(connections, ratePerSecond / 2, p50Us * 2)],
  arithmeticMs: [7, 8],
});

const openRound = (ratePerSecond: number, p50Us: number) => ({
  intendedPerSecond: 100,
  ratePerSecond,
  p50Us,
  p99Us: p50Us * 3,
  sentLateP50Us: 200,
});

const openRounds = (name: Contestant, ratePerSecond: number, p50Us: number) => ({
  name,
  rounds: [openRound(ratePerSecond, p50Us), openRound(ratePerSecond, p50Us)],
});

/** Linger 0 has the better rate and the worse latency. */
export const SUITE_RESULT: SuiteResult = {
  isOwnCluster: true,
  sums: [1, 32, 128].flatMap((connections) => [
    twoRounds("rejoinder", connections, { ratePerSecond: 6_000, p50Us: 1_200 }),
    twoRounds("spring linger 0", connections, { ratePerSecond: 3_000, p50Us: 4_000 }),
    twoRounds("spring linger 5", connections, { ratePerSecond: 2_000, p50Us: 2_400 }),
    twoRounds("raw", connections, { ratePerSecond: 12_000, p50Us: 400 }),
    twoRounds("embedded", connections, { ratePerSecond: 7_000, p50Us: 1_000 }),
  ]),
  echoes: [twoRounds("rejoinder", 32, { ratePerSecond: 5_000, p50Us: 1_500 })],
  accepts: [
    twoRounds("rejoinder", 32, { ratePerSecond: 8_000, p50Us: 4_000 }),
    twoRounds("naive", 32, { ratePerSecond: 5_000, p50Us: 6_000 }),
  ],
  open: [openRounds("rejoinder", 100, 2_000), openRounds("naive", 94, 300_000)],
  wakeUps: [1_500, 1_200, 4_000].map((wakeUpUs) => ({ replyToAnswerUs: wakeUpUs + 500, readUs: 500, wakeUpUs })),
};
