import type { Batch, StoredRecord } from "./engine.ts";

export type BatchOptions = {
  readonly records: readonly StoredRecord[];
  /** Told whether the records were written. */
  readonly settle: (written: boolean) => void;
  /** Lets the instance take its next consume. */
  readonly finish: () => void;
};

/** What a consume answers. An empty one keeps the instance from nothing. */
export const createBatch = ({ records, settle, finish }: BatchOptions): Batch => {
  if (records.length === 0) finish();
  return {
    records,
    settle(written) {
      if (records.length === 0) return;
      settle(written);
      finish();
    },
  };
};
