/** One second of this page's traffic. Latencies are milliseconds from sending to the end; undefined if nothing ended. */
export type Second = {
  /** Whole seconds since 1970. */
  readonly at: number;
  readonly sent: number;
  readonly ended: number;
  /** How many requests were open at its end. */
  readonly inFlight: number;
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
};

/** Counts requests for each second, and remembers the newest seconds. */
export type Measures = {
  /** A request was sent. */
  sent(): void;
  /** A request is open that was sent before. */
  opened(): void;
  /** A request is open no more; with its latency if it has come to an end that counts. */
  closed(latencyMs: number | undefined): void;
  /** The newest seconds, the oldest of them first, up to this one; without a gap. */
  seconds(): readonly Second[];
};

/** `before` and `inFlight` are how many were open when the second began, and at its end. */
type Bucket = { readonly before: number; sent: number; readonly latencies: number[]; inFlight: number };

/** How many seconds are remembered. */
export const SECONDS = 60;

/** @param now milliseconds since 1970, of a clock that only goes forward */
export const createMeasures = (now: () => number): Measures => {
  const buckets = new Map<number, Bucket>();
  let inFlight = 0;

  const second = (): number => Math.floor(now() / 1_000);
  const change = (by: number): Bucket => {
    const at = second();
    for (const old of buckets.keys()) if (old <= at - SECONDS) buckets.delete(old);
    let bucket = buckets.get(at);
    if (bucket === undefined) buckets.set(at, (bucket = { before: inFlight, sent: 0, latencies: [], inFlight }));
    bucket.inFlight = inFlight += by;
    return bucket;
  };

  return {
    sent: () => void (change(1).sent += 1),
    opened: () => void change(1),
    closed(latencyMs) {
      const { latencies } = change(-1);
      if (latencyMs !== undefined) latencies.push(latencyMs);
    },
    seconds() {
      const last = second();
      const first = last - SECONDS + 1;
      let open = [...buckets].find(([at]) => at >= first)?.[1].before ?? inFlight;
      return Array.from({ length: SECONDS }, (_, index) => {
        const bucket = buckets.get(first + index);
        open = bucket?.inFlight ?? open;
        const latencies = (bucket?.latencies ?? []).toSorted((a, b) => a - b);
        const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(latencies, share));
        return { at: first + index, sent: bucket?.sent ?? 0, ended: latencies.length, inFlight: open, p50, p95, p99 };
      });
    },
  };
};

/** By the nearest rank. */
const percentile = (sorted: readonly number[], share: number): number | undefined =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
