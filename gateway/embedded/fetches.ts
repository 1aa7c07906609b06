import type { Clock } from "../clock.ts";
import type { FetchRequest, StoredRecord } from "../engine.ts";
import { type LogFile, readInto } from "./log-file.ts";
import { findPartition, requireWithinEnd, type Topics } from "./partition.ts";
import { createWait, type Wait } from "./wait.ts";

/** Reading without a group. */
export type Fetches = {
  fetch(request: FetchRequest): Promise<readonly StoredRecord[]>;
  /** Ends all waiting, now and from now on. */
  drain(): void;
};

export const createFetches = ({ topics, log, clock }: { topics: Topics; log: LogFile; clock: Clock }): Fetches => {
  const waiting = new Set<Wait>();
  let draining = false;

  return {
    async fetch(request) {
      const from = request.offsets.map((place) => ({ partition: findPartition(topics, place), offset: place.offset }));
      for (const { partition, offset } of from) requireWithinEnd(partition, offset);
      const read = (): StoredRecord[] =>
        readInto(request.room, (room) => from.flatMap(({ partition, offset }) => log.read(partition, offset, room)));
      const records = read();
      if (records.length > 0 || draining) return records;
      const wait = createWait(request, clock);
      waiting.add(wait);
      try {
        const partitions = from.map(({ partition }) => partition);
        while (!wait.isOver()) {
          await wait.wokenBy(partitions);
          const appended = read();
          if (appended.length > 0) return appended;
        }
        return [];
      } finally {
        wait.end();
        waiting.delete(wait);
      }
    },
    drain() {
      draining = true;
      for (const wait of waiting) wait.end();
    },
  };
};
