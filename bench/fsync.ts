/** When the gateway's log reaches the disk: before each answer, or when the system sees fit. */
export const FSYNCS = ["always", "os"] as const;

export type Fsync = (typeof FSYNCS)[number];

/** Measures with one setting after the other. */
export const withEachFsync = async <Result>(
  what: string,
  say: (line: string) => void,
  measure: (fsync: Fsync) => Promise<Result>,
): Promise<Result[]> => {
  const results: Result[] = [];
  for (const fsync of FSYNCS) {
    say(`measuring ${what} with fsync ${fsync}`);
    results.push(await measure(fsync));
  }
  return results;
};
