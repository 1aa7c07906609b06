import { build, type Histogram } from "hdr-histogram-js";

const LONGEST_US = 60_000_000;

/** Latencies in microseconds, to three digits. */
export type LatencyHistogram = {
  record(latencyMs: number): void;
  readonly count: number;
  /** @param percent 0–100 */
  percentileUs(percent: number): number;
};

export const createHistogram = (): LatencyHistogram => {
  const histogram: Histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: LONGEST_US, numberOfSignificantValueDigits: 3 });
  return {
    record: (latencyMs) => histogram.recordValue(Math.max(1, Math.round(latencyMs * 1_000))),
    get count() {
      return histogram.totalCount;
    },
    percentileUs: (percent) => histogram.getValueAtPercentile(percent),
  };
};
