import type { DatabaseSync } from "node:sqlite";
import type { Header, NewRecord, StoredRecord } from "../engine.ts";
import type { Partition } from "./partition.ts";
import { OFFSETS } from "./topics.ts";

/** What is still free in an answer. Becomes less as records are read; the first record always fits. */
export type Room = { records: number; bytes: number; empty: boolean };

/** The records on disk. Writing is done inside of `transact`. */
export type LogFile = {
  /**
   * Runs all writes of `run` or none of them; durable when it returns. Then wakes who waits for what was appended.
   * @throws what SQLite says, and then nothing of it happened.
   */
  transact(run: () => void): void;
  /** Appends and returns the offset. */
  append(partition: Partition, record: NewRecord, timestamp: number): number;
  read(partition: Partition, from: number, room: Room): StoredRecord[];
  /** The first offset whose record is no older, or the partition's end. */
  offsetAt(partition: Partition, time: number): number;
};

type Row = [position: number, timestamp: number, key: string | null, value: string, headers: string | null];

const NO_HEADERS: readonly Header[] = [];

/** @param database opened by `openDatabase` */
export const createLogFile = (database: DatabaseSync): LogFile => {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const insert = database.prepare("INSERT INTO records (position, timestamp, key, value, headers) VALUES (?, ?, ?, ?, ?)");
  const select = database.prepare(
    "SELECT position, timestamp, key, value, headers FROM records WHERE position >= ? AND position < ? ORDER BY position LIMIT ?",
  );
  select.setReturnArrays(true);
  const selectSince = database.prepare(
    "SELECT position FROM records WHERE position >= ? AND position < ? AND timestamp >= ? ORDER BY position LIMIT 1",
  );
  /** The ends before the transaction, of the partitions that it appends to. */
  const ends = new Map<Partition, number>();

  return {
    transact(run) {
      ends.clear();
      try {
        begin.run();
        run();
        commit.run();
      } catch (error) {
        for (const [partition, end] of ends) partition.end = end;
        // Some errors, a full disk among them, have already rolled back.
        if (database.isTransaction) database.exec("ROLLBACK");
        throw error;
      }
      for (const { watchers } of ends.keys()) for (const wake of watchers) wake();
    },
    append(partition, { key, value, headers }, timestamp) {
      const offset = partition.end;
      if (!ends.has(partition)) ends.set(partition, offset);
      insert.run(partition.id * OFFSETS + offset, timestamp, key ?? null, value, headers.length === 0 ? null : JSON.stringify(headers));
      partition.end = offset + 1;
      return offset;
    },
    read(partition, from, room) {
      const records: StoredRecord[] = [];
      if (from >= partition.end || room.records === 0) return records;
      const { id, topic, partition: number } = partition;
      const rows = select.iterate(id * OFFSETS + from, (id + 1) * OFFSETS, room.records) as unknown as Iterable<Row>;
      for (const [position, timestamp, key, value, headers] of rows) {
        const bytes = Buffer.byteLength(value) + (key?.length ?? 0) + (headers?.length ?? 0);
        if (bytes > room.bytes && !room.empty) {
          room.records = 0;
          break;
        }
        room.records -= 1;
        room.bytes -= bytes;
        room.empty = false;
        records.push({
          topic,
          partition: number,
          offset: position % OFFSETS,
          timestamp,
          key: key ?? "",
          value,
          headers: headers === null ? NO_HEADERS : (JSON.parse(headers) as Header[]),
        });
      }
      return records;
    },
    offsetAt(partition, time) {
      const first = partition.id * OFFSETS;
      const row = selectSince.get(first, first + OFFSETS, time);
      return row === undefined ? partition.end : Number(row["position"]) % OFFSETS;
    },
  };
};
