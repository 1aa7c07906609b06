import { type Calls, type Measurement, measureLoad, type Target, type Work } from "./load.ts";
import type { Pace } from "./pace.ts";
import { type Processes, type ProcessorTime, withProcessorTime } from "./processor-time.ts";
import { type Line, ratioOfRounds, type Say, type Spread, spreadOf, type Table } from "./result.ts";

/** What is sent, and on how many connections. */
export type Case = {
  readonly name: string;
  readonly connections: number;
  readonly work: Target | Work | Calls;
  /** The cases that its rate is divided by, on as many connections and in the same round, by the heads of the columns. */
  readonly beside?: Readonly<Record<string, string>>;
  /** How many records each unit of the work moves, if the table is to tell records a second. */
  readonly records?: number;
  /** Those whose processor time is read. */
  readonly processes?: Processes;
};

/** A case and its measurements, one a round, each with how long {@link measureArithmetic} took before. Without `processes`, no processor times. */
export type MeasuredCase = Omit<Case, "work" | "processes"> & {
  readonly rounds: readonly Measurement[];
  readonly arithmeticMs: readonly number[];
  readonly processorTimes: readonly ProcessorTime[];
};

/** A load that is faster than ever before by more than this share still gains from a just-in-time compiler. */
const STILL_GAINING = 0.05;
/** Once or twice may be a slow moment of the machine. */
const STEADY_TIMES = 3;
const MAX_TIMES = 16;

/** Loads something until it has been no faster three times in a row, or sixteen times. @returns the rates, the first one first */
export const warmUpUntilSteady = async (load: () => Promise<number>): Promise<readonly number[]> => {
  const rates: number[] = [];
  for (let best = 0, steady = 0; steady < STEADY_TIMES && rates.length < MAX_TIMES;) {
    const rate = await load();
    rates.push(rate);
    steady = rate > best * (1 + STILL_GAINING) ? 0 : steady + 1;
    best = Math.max(best, rate);
  }
  return rates;
};

/** Loads every case once before it counts; of one name, the last case is enough. */
export const warmUp = async (cases: readonly Case[], measureMs: number): Promise<void> => {
  for (const { work, connections } of new Map(cases.map((one) => [one.name, one])).values())
    await measureLoad(work, { connections, warmUpMs: 0, measureMs });
};

/** Measures the cases in turn, round after round: what slows the machine down for a while slows all of them, and their ratio within a round stays. */
export const measureCases = async (
  cases: readonly Case[],
  pace: Pick<Pace, "rounds" | "warmUpMs" | "measureMs">,
  say: Say,
): Promise<MeasuredCase[]> => {
  const measured = cases.map((one) => ({
    ...one,
    rounds: [] as Measurement[],
    arithmeticMs: [] as number[],
    processorTimes: [] as ProcessorTime[],
  }));
  for (let round = 1; round <= pace.rounds; round++) {
    for (const { name, work, connections, processes, rounds, arithmeticMs, processorTimes } of measured) {
      arithmeticMs.push(measureArithmetic());
      const { result, processorTime } = await withProcessorTime(processes, () => measureLoad(work, { ...pace, connections }));
      rounds.push(result);
      if (processorTime !== undefined) processorTimes.push(processorTime);
      say(`round ${round}/${pace.rounds}  ${name} at ${connections}: ${Math.round(result.ratePerSecond)}/s`);
    }
  }
  return measured;
};

const TURNS = 10_000_000;

/** How many milliseconds a fixed piece of arithmetic takes now. It needs only the processor: if it varies, the machine was shared or slowed down. */
export const measureArithmetic = (): number => {
  const began = performance.now();
  let value = 1;
  for (let turn = 0; turn < TURNS; turn++) value = (Math.imul(value, 31) + turn) | 0;
  // The result is used, or the loop could be left out.
  return value === 0.5 ? Number.NaN : performance.now() - began;
};

export const steadinessOf = (cases: readonly MeasuredCase[]): Spread => spreadOf(cases.flatMap(({ arithmeticMs }) => arithmeticMs));

/** The rounds of a case. @throws TypeError if it was not measured */
export const roundsOf = (cases: readonly MeasuredCase[], name: string, connections: number): readonly Measurement[] => {
  const found = cases.find((one) => one.name === name && one.connections === connections);
  if (found === undefined) throw new TypeError(`Expected ${name} at ${connections} connections to be measured`);
  return found.rounds;
};

type MeasuredNumber = "ratePerSecond" | "p50Us" | "p99Us";

export type Comparison = { readonly connections: number; readonly of: string; readonly to: string; readonly number?: MeasuredNumber };

/** The ratio of two cases, taken within each round. @throws TypeError if one of them was not measured */
export const ratioOf = (cases: readonly MeasuredCase[], { connections, of, to, number = "ratePerSecond" }: Comparison): Spread => {
  const [above, below] = [of, to].map((name) => roundsOf(cases, name, connections).map((round) => round[number]));
  return ratioOfRounds(above ?? [], below ?? []);
};

/** A line for each case: rate, latencies, and the ratios to the cases beside it. */
export const tableOf = (title: string, cases: readonly MeasuredCase[]): Table => ({ title, lines: cases.map((one) => lineOf(one, cases)) });

const lineOf = ({ name, connections, rounds, records, beside = {} }: MeasuredCase, cases: readonly MeasuredCase[]): Line => {
  const over = (of: (round: Measurement) => number): Spread => spreadOf(rounds.map(of));
  const ratios = Object.entries(beside).map(([head, to]) => [`rate ÷ ${head}`, ratioOf(cases, { connections, of: name, to })]);
  return {
    name,
    numbers: {
      connections,
      "rate/s": over((round) => round.ratePerSecond),
      ...(records !== undefined && { "records/s": over((round) => round.ratePerSecond * records) }),
      "p50 µs": over((round) => round.p50Us),
      "p99 µs": over((round) => round.p99Us),
      ...(Object.fromEntries(ratios) as Line["numbers"]),
    },
  };
};

/** How far rate × mean may be from the number of connections. */
const TOLERANCE = 0.05;

/** The cases that contradict Little's law, as lines for people. Taken over all rounds: what the ends of each round cut off evens out. */
export const findMismeasured = (
  cases: readonly Pick<MeasuredCase, "name" | "connections" | "rounds">[],
  setting: string,
): readonly string[] =>
  cases.flatMap(({ name, connections, rounds }) => {
    const little = rounds.reduce((sum, round) => sum + round.little, 0) / rounds.length;
    if (Math.abs(little - 1) <= TOLERANCE) return [];
    return [`${name} at ${connections}, ${setting}: rate × mean ÷ connections is ${little.toFixed(3)}`];
  });
