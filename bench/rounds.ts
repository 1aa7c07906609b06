import { type Calls, type Measurement, measureLoad, type Target, type Work } from "./load.ts";
import type { Pace } from "./pace.ts";
import { type Spread, spreadOf } from "./spread.ts";
import { measureArithmetic } from "./steadiness.ts";

/** One line of the table: what is sent, under so many connections. */
export type Case<Name extends string = string> = {
  readonly name: Name;
  readonly work: Target | Work | Calls;
  readonly connections: number;
};

/** What a case came to in each round. */
export type CaseRounds<Name extends string = string> = {
  readonly name: Name;
  readonly connections: number;
  readonly rounds: readonly Measurement[];
  /** What {@link measureArithmetic} took before each of them, in milliseconds. */
  readonly arithmeticMs: readonly number[];
};

/** Loads each case once before it counts, so that every just-in-time compiler has seen its work. */
export const warmUp = async (cases: readonly Case[], measureMs: number): Promise<void> => {
  for (const { work, connections } of cases) await measureLoad(work, { connections, warmUpMs: 0, measureMs });
};

/**
 * Measures the cases in turn, round after round: what slows the machine down for a while then slows all of them, and the
 * ratio of two cases within a round stays.
 */
export const measureRounds = async <Name extends string>(
  cases: readonly Case<Name>[],
  { rounds, warmUpMs, measureMs }: Pick<Pace, "rounds" | "warmUpMs" | "measureMs">,
  say: (line: string) => void,
): Promise<CaseRounds<Name>[]> => {
  const measured = cases.map(({ name, connections }) => ({ name, connections, rounds: [] as Measurement[], arithmeticMs: [] as number[] }));
  for (let round = 1; round <= rounds; round++) {
    for (const [index, { name, work, connections }] of cases.entries()) {
      measured[index]?.arithmeticMs.push(measureArithmetic());
      const measurement = await measureLoad(work, { connections, warmUpMs, measureMs });
      measured[index]?.rounds.push(measurement);
      say(`round ${round}/${rounds}  ${name} at ${connections}: ${Math.round(measurement.ratePerSecond)}/s`);
    }
  }
  return measured;
};

/** The rounds of one case. @throws TypeError if it was not measured. */
export const roundsOf = <Name extends string>(
  cases: readonly CaseRounds<Name>[],
  name: Name,
  connections: number,
): readonly Measurement[] => {
  const found = cases.find((candidate) => candidate.name === name && candidate.connections === connections);
  if (found === undefined) throw new TypeError(`Expected ${name} at ${connections} connections to be measured`);
  return found.rounds;
};

export type MeasuredNumber = "ratePerSecond" | "p50Us" | "p99Us";

/** The ratio of two cases, taken within each round. */
export const ratioOf = (above: readonly Measurement[], below: readonly Measurement[], member: MeasuredNumber): Spread =>
  spreadOf(above.map((measurement, round) => measurement[member] / (below[round]?.[member] ?? Number.NaN)));

/** A number over the rounds. */
export const spreadOverRounds = (rounds: readonly Measurement[], member: MeasuredNumber): Spread =>
  spreadOf(rounds.map((measurement) => measurement[member]));

/** The median of a number over the rounds. */
export const medianOf = (rounds: readonly Measurement[], member: MeasuredNumber): number => spreadOverRounds(rounds, member).median;
