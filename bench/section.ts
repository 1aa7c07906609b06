import type { Pace } from "./pace.ts";
import type { Spread } from "./spread.ts";

/** One part of the bench. */
export type Section = {
  /** What one must know of it, beside what holds for all, to compare two runs. @throws ConfigurationError if it is told to measure what it cannot. */
  conditions(): Readonly<Record<string, unknown>>;
  /**
   * Starts what it measures, measures it and stops it.
   * @throws Error if something answers as it should not
   * @throws ConfigurationError if somebody else's server, which it was given, does not answer
   */
  measure(pace: Pace, say: (line: string) => void): Promise<readonly SectionResult[]>;
};

/** What it came to with one setting. */
export type SectionResult = {
  /** For the file. */
  readonly result: object;
  /** For people. */
  readonly text: string;
  /** What of it is to be quoted, by name. */
  readonly ratios?: Readonly<Record<string, Spread>>;
  /** A picture of it, as SVG. */
  readonly plot?: string;
  /** Measurements that contradict themselves, as lines for people. */
  readonly mismeasured: readonly string[];
};
