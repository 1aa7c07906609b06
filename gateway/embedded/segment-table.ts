import type { DatabaseSync } from "node:sqlite";
import type { Partition } from "./partition.ts";
import type { RecordTable } from "./record-table.ts";
import type { Segment } from "./segment.ts";

/** The segments of partitions on disk. What a segment holds is written down when it is full; until then it is measured from the records. */
export type SegmentTable = {
  /** Reads a partition's segments; begins the first one if there are none. */
  load(partitionId: number, records: RecordTable, now: number): Pick<Partition, "segments" | "end">;
  /** Begins a segment at an offset. */
  begin(partitionId: number, base: number, now: number): Segment;
  /** Writes down what a segment holds. */
  write(partitionId: number, segment: Segment): void;
  /** Removes the segments before an offset. */
  removeBefore(partitionId: number, base: number): void;
};

export const openSegmentTable = (database: DatabaseSync): SegmentTable => {
  const select = database.prepare("SELECT base, begun_at, stored_at, bytes, latest FROM segments WHERE partition_id = ? ORDER BY base");
  const insert = database.prepare("INSERT INTO segments (partition_id, base, begun_at) VALUES (?, ?, ?)");
  const update = database.prepare("UPDATE segments SET stored_at = ?, bytes = ?, latest = ? WHERE partition_id = ? AND base = ?");
  const remove = database.prepare("DELETE FROM segments WHERE partition_id = ? AND base < ?");

  const begin = (partitionId: number, base: number, begunAt: number): Segment => {
    insert.run(partitionId, base, begunAt);
    return { base, begunAt, storedAt: begunAt, bytes: 0, latest: -1 };
  };

  return {
    load(partitionId, records, now) {
      const segments = select.all(partitionId).map((row): Segment => ({
        base: Number(row["base"]),
        begunAt: Number(row["begun_at"]),
        storedAt: Number(row["stored_at"]),
        bytes: Number(row["bytes"]),
        latest: Number(row["latest"]),
      }));
      if (segments.length === 0) segments.push(begin(partitionId, 0, now));
      const active = segments.at(-1) as Segment;
      const { last, latest, bytes } = records.measure(active.base);
      // If the records are more than was written down, nobody knows when the last was stored: not later than now.
      if (active.bytes !== bytes) active.storedAt = now;
      Object.assign(active, { bytes, latest });
      return { segments, end: last === undefined ? active.base : last + 1 };
    },
    begin,
    write: (partitionId, { base, storedAt, bytes, latest }) => void update.run(storedAt, bytes, latest, partitionId, base),
    removeBefore: (partitionId, base) => void remove.run(partitionId, base),
  };
};
