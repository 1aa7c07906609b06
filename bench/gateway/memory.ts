import { spreadOf } from "../spread.ts";

/** How much memory a process held at a moment, counted from the beginning of the flood. */
export type MemorySample = { readonly atMs: number; readonly bytes: number };

export type Memory = {
  /** How long each window is: a minute, or a quarter of a flood of less than four. */
  readonly windowMs: number;
  /** The medians of one window after another. The first one is the start of the process, and says nothing. */
  readonly windowBytes: readonly number[];
  /** The last window over the second. */
  readonly lastToSecond: number;
  readonly peakBytes: number;
};

const LONGEST_WINDOW_MS = 60_000;
const LEAST_WINDOWS = 4;

/** Whether memory stayed flat over a flood. @throws TypeError if there is no sample in one of the windows. */
export const summarizeMemory = (samples: readonly MemorySample[], floodMs: number): Memory => {
  const windowMs = Math.min(LONGEST_WINDOW_MS, floodMs / LEAST_WINDOWS);
  const windowBytes = Array.from({ length: Math.floor(floodMs / windowMs) }, (_, index) => {
    const within = samples.filter(({ atMs }) => Math.floor(atMs / windowMs) === index);
    return spreadOf(within.map(({ bytes }) => bytes)).median;
  });
  return {
    windowMs,
    windowBytes,
    lastToSecond: (windowBytes.at(-1) ?? Number.NaN) / (windowBytes[1] ?? Number.NaN),
    peakBytes: Math.max(...samples.map(({ bytes }) => bytes)),
  };
};
