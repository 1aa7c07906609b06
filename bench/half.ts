import type { Fsync } from "./fsync.ts";
import type { Pace } from "./pace.ts";

/** One half of the bench, measured with each fsync setting. */
export type Half = {
  /** What one must know of it, beside what holds for all, to compare two runs. */
  conditions(): Readonly<Record<string, unknown>>;
  /** Starts what it measures, measures it and stops it. @throws Error if something answers as it should not. */
  measure(fsync: Fsync, pace: Pace, say: (line: string) => void): Promise<HalfResult>;
};

/** What one half came to with one fsync setting. */
export type HalfResult = {
  /** For the file. */
  readonly result: object;
  /** For people. */
  readonly text: string;
  /** Measurements that contradict themselves, as lines for people. */
  readonly mismeasured: readonly string[];
};
