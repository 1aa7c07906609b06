import type { FetchRequest, StoredRecord } from "../engine.ts";
import type { Waits } from "../sessions/wait.ts";
import { type LogFile, readInto } from "./log-file.ts";
import { findPartition, requireWithinEnd, type Topics } from "./partition.ts";

export type FetchSeams = { readonly topics: Topics; readonly log: Pick<LogFile, "read">; readonly waits: Waits };

/** Reads without a group. */
export const createFetch =
  ({ topics, log, waits }: FetchSeams) =>
  async (request: FetchRequest): Promise<readonly StoredRecord[]> => {
    const from = request.offsets.map((at) => ({ partition: findPartition(topics, at), offset: at.offset }));
    for (const { partition, offset } of from) requireWithinEnd(partition, offset);
    const read = (): StoredRecord[] =>
      readInto(request.memory, (room) => from.flatMap(({ partition, offset }) => log.read(partition, offset, room)));
    const records = read();
    if (records.length > 0) return records;
    return waits.during(request, async (wait) => {
      while (!wait.isOver()) {
        for (const { partition } of from) partition.watchers.add(wait.wake);
        await wait.pause(wait.leftMs());
        for (const { partition } of from) partition.watchers.delete(wait.wake);
        const appended = wait.isCut() ? [] : read();
        if (appended.length > 0) return appended;
      }
      return [];
    });
  };
