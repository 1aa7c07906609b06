import type { CaseRounds } from "./rounds.ts";

/** How far rate × mean may be from the number of connections. */
const TOLERANCE = 0.05;

/**
 * The cases whose rate, mean latency and connections do not fit together (Little's law), as lines for people. Taken over all
 * rounds, in which what the ends of each cut off evens out.
 */
export const findMismeasured = (cases: readonly CaseRounds[], setting: string): string[] =>
  cases.flatMap(({ name, connections, rounds }) => {
    const little = rounds.reduce((sum, round) => sum + round.little, 0) / rounds.length;
    if (Math.abs(little - 1) <= TOLERANCE) return [];
    return [`${name} at ${connections}, ${setting}: rate × mean ÷ connections is ${little.toFixed(3)}`];
  });
