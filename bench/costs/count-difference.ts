import type { Counts } from "./counted/counts.ts";

/** What was counted between the two. */
export const subtractCounts = (after: Counts, before: Counts): Counts => ({
  workerRequests: subtractEach(after.workerRequests, before.workerRequests),
  objectCalls: subtractEach(after.objectCalls, before.objectCalls),
  objectActiveMs: after.objectActiveMs - before.objectActiveMs,
  rowsRead: after.rowsRead - before.rowsRead,
  rowsWritten: after.rowsWritten - before.rowsWritten,
  alarmsSet: after.alarmsSet - before.alarmsSet,
  kvOperations: subtractEach(after.kvOperations, before.kvOperations),
  outgoingFetches: after.outgoingFetches - before.outgoingFetches,
});

const subtractEach = (after: Readonly<Record<string, number>>, before: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]));
