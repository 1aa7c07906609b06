import type { DatabaseSync } from "node:sqlite";
import type { NewRecord, ResponseMemory, StoredRecord } from "../engine.ts";
import { createTransact } from "../../storage/database-file.ts";
import { headersFromText, headersToText } from "./headers-text.ts";
import { activeSegment, type Partition } from "./partition.ts";
import { ROW_BYTES } from "./record-table.ts";
import { isFull } from "./segment.ts";
import { openSegmentTable } from "./segment-table.ts";

/** What is still free in a response. Becomes less as records are read; the first record always fits. */
export type Room = { records: number; bytes: number; empty: boolean };

/** Reads into a response's memory, and takes what was read out of it. @throws GatewayError 503 without memory */
export const readInto = <Result>(memory: ResponseMemory, read: (room: Room) => Result): Result => {
  const free = memory.free();
  const room = { ...free, empty: true };
  const result = read(room);
  memory.take(free.bytes - room.bytes);
  return result;
};

/** The records on disk. Appending is done inside of `transact`. */
export type LogFile = {
  /**
   * Runs all writes of `run` or none of them; durable when it returns. Then wakes the calls that wait for what was appended.
   * @throws what SQLite throws, and then nothing was written
   */
  transact(run: () => void): void;
  /** Appends and returns the offset. */
  append(partition: Partition, record: NewRecord, timestamp: number, now: number): number;
  read(partition: Partition, from: number, room: Room): StoredRecord[];
  /** The first offset whose record is no older, or the partition's end. */
  offsetAt(partition: Partition, time: number): number;
  /** Removes so many of the oldest segments. Not to be called inside of `transact`. @throws what SQLite throws */
  removeOldest(partition: Partition, segments: number, now: number): void;
  /** Writes down what only memory knows, before the file is closed. @throws what SQLite throws */
  settle(partitions: Iterable<Partition>): void;
};

export type LogFileSeams = {
  /** Called with the pages that a transaction has written, approximately. */
  readonly onWritten: (pages: number) => void;
  /** Called with partitions that have got another segment. */
  readonly onGrown: (partitions: readonly Partition[]) => void;
};

/** SQLite's own page size. */
const PAGE_BYTES = 4096;

/** @param database opened by `openDatabase` */
export const createLogFile = (database: DatabaseSync, { onWritten, onGrown }: LogFileSeams): LogFile => {
  const runAll = createTransact(database);
  const segmentTable = openSegmentTable(database);
  /** How to undo, in memory, what the transaction does to the partitions that it touches. */
  const undo = new Map<Partition, () => void>();
  const grown = new Set<Partition>();

  /** The bytes that the transaction appends. */
  let appended = 0;

  const transact: LogFile["transact"] = (run) => {
    undo.clear();
    grown.clear();
    appended = 0;
    try {
      runAll(run);
    } catch (error) {
      for (const restore of undo.values()) restore();
      throw error;
    }
    onWritten(1 + undo.size + Math.ceil(appended / PAGE_BYTES));
  };

  const touch = (partition: Partition): void => {
    if (undo.has(partition)) return;
    const { segments, end } = partition;
    const { length } = segments;
    const active = activeSegment(partition);
    const { storedAt, bytes, latest } = active;
    undo.set(partition, () => {
      segments.length = length;
      Object.assign(active, { storedAt, bytes, latest });
      partition.end = end;
    });
  };

  const roll = (partition: Partition, now: number): void => {
    segmentTable.write(partition.id, activeSegment(partition));
    partition.segments.push(segmentTable.begin(partition.id, partition.end, now));
    grown.add(partition);
  };

  return {
    transact(run) {
      transact(run);
      for (const { watchers } of undo.keys()) for (const wake of watchers) wake();
      if (grown.size > 0) onGrown([...grown]);
    },
    append(partition, { key = null, value, headers }, timestamp, now) {
      touch(partition);
      if (isFull(activeSegment(partition), partition.retention, now)) roll(partition, now);
      const offset = partition.end;
      const headerText = headersToText(headers);
      partition.records.insert(offset, timestamp, key, value, headerText);
      const active = activeSegment(partition);
      const bytes = ROW_BYTES + textBytesOf(value, key, headerText);
      appended += bytes;
      active.bytes += bytes;
      active.latest = Math.max(active.latest, timestamp);
      active.storedAt = now;
      partition.end = offset + 1;
      return offset;
    },
    read(partition, from, room) {
      const records: StoredRecord[] = [];
      if (from >= partition.end || room.records === 0) return records;
      const { topic, partition: number } = partition;
      for (const [offset, timestamp, key, value, headers] of partition.records.rows(from, room.records)) {
        const bytes = textBytesOf(value, key, headers);
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
          offset,
          timestamp,
          key: key ?? "",
          value,
          headers: headersFromText(headers),
        });
      }
      return records;
    },
    offsetAt({ records, segments, end }, time) {
      const segment = segments.find(({ latest }) => latest >= time);
      return segment === undefined ? end : (records.firstSince(segment.base, time) ?? end);
    },
    removeOldest(partition, count, now) {
      const { id, segments, records } = partition;
      transact(() => {
        touch(partition);
        if (count === segments.length) roll(partition, now);
        const base = segments[count]?.base ?? partition.end;
        records.removeBefore(base);
        segmentTable.removeBefore(id, base);
      });
      segments.splice(0, count);
    },
    settle(partitions) {
      runAll(() => {
        for (const partition of partitions) segmentTable.write(partition.id, activeSegment(partition));
      });
    },
  };
};

/** The bytes of a record's texts. */
const textBytesOf = (value: string, key: string | null, headers: string | null): number =>
  Buffer.byteLength(value) + (key === null ? 0 : Buffer.byteLength(key)) + (headers === null ? 0 : Buffer.byteLength(headers));
