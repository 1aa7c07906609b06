import { type Measurement, measureLoad, type Target } from "./load.ts";
import type { Pace } from "./pace.ts";
import { measureArithmetic } from "./steadiness.ts";

/** One line of the table: a target under so many connections. */
export type Case<Name extends string = string> = { readonly name: Name; readonly target: Target; readonly connections: number };

/** What a case came to in each round. */
export type CaseRounds<Name extends string = string> = {
  readonly name: Name;
  readonly connections: number;
  readonly rounds: readonly Measurement[];
  /** What {@link measureArithmetic} took before each of them, in milliseconds. */
  readonly arithmeticMs: readonly number[];
};

/**
 * Measures the cases in turn, round after round: what slows the machine down for a while then slows all of them, and the
 * ratio of two cases within a round stays.
 */
export const measureRounds = async <Name extends string>(
  cases: readonly Case<Name>[],
  { rounds, warmUpMs, measureMs }: Pace,
  say: (line: string) => void,
): Promise<CaseRounds<Name>[]> => {
  const measured = cases.map(({ name, connections }) => ({ name, connections, rounds: [] as Measurement[], arithmeticMs: [] as number[] }));
  for (let round = 1; round <= rounds; round++) {
    for (const [index, { name, target, connections }] of cases.entries()) {
      measured[index]?.arithmeticMs.push(measureArithmetic());
      const measurement = await measureLoad(target, { connections, warmUpMs, measureMs });
      measured[index]?.rounds.push(measurement);
      say(`round ${round}/${rounds}  ${name} at ${connections}: ${Math.round(measurement.ratePerSecond)}/s`);
    }
  }
  return measured;
};
