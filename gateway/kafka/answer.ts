import { KafkaError } from "../../kafka/kafka-error.ts";
import { type TopicPartition, topicPartitionKey } from "../../protocol/topic-partition.ts";
import type { FetchedPartition } from "../../kafka/record-batches.ts";
import type { AnswerRoom, StoredRecord } from "../engine.ts";
import type { Directory } from "../../kafka/directory.ts";
import type { Position, Positions } from "./positions.ts";
import { type Reading, readPartitions } from "./partition-reader.ts";
import type { Requests } from "../../kafka/library.ts";
import { sizeOf, storedRecord } from "./stored-record.ts";
import type { Wait } from "./wait.ts";

/** What a batch took of a partition, so that it can be put back. */
export type Taken = { readonly position: Position; readonly from: number; readonly to: number };

export type Answer = { readonly records: StoredRecord[]; readonly taken: Taken[] };

export type AnswerOptions = {
  readonly requests: Requests;
  readonly directory: Directory;
  readonly positions: Positions;
  readonly room: AnswerRoom;
  readonly wait: Wait;
  /** How long the brokers may wait for a first record. */
  readonly waitMs: number;
  /** Whether what was read is still wanted from there. */
  readonly isCurrent: () => boolean;
  /** Moves a position into the log again. */
  readonly moveIntoLog: (position: Position) => Promise<void>;
};

/** A call waits so long for brokers that do not answer, whatever time it has for records. */
const PATIENCE_MS = 5_000;
/** What one read brings at most, or a batch if that is larger: this much is held for every call that is woken at once. */
const READ_BYTES = 256 * 1024;
/** Between attempts while leaders change. */
const PAUSE_MS = 100;
/** How often one answer is added to: a read ends with a segment of the log. */
const MAX_READS = 16;

/**
 * Reads the next records into an answer, as far as there is room. Where a leader was not there it looks for another, if the call has time.
 * @throws KafkaError, GatewayError 503 without room
 */
export const readAnswer = async (options: AnswerOptions): Promise<Answer> => {
  const { positions, wait } = options;
  const answer: Answer = { records: [], taken: [] };
  try {
    await fill(answer, options).catch(async (error: unknown) => {
      const isPassing = error instanceof KafkaError && error.retryable && !wait.isOver();
      if (!isPassing || answer.records.length > 0) throw error;
      await wait.pause(Math.min(PAUSE_MS, wait.leftMs()));
      await fill(answer, { ...options, waitMs: 0 });
    });
  } catch (error) {
    // What was taken is on its way to the client, or is put back.
    if (answer.records.length === 0) throw error;
  }
  rotate(positions);
  return answer;
};

const fill = async (answer: Answer, options: AnswerOptions): Promise<void> => {
  const { positions, room, wait, isCurrent, moveIntoLog } = options;
  const { records, bytes } = room.free();
  let left: Room = { records, bytes };
  for (let reads = 0, waitMs = options.waitMs; reads < MAX_READS; reads += 1, waitMs = 0) {
    const found = await read(options, waitMs, Math.min(left.bytes, room.free().bytes));
    if (found === undefined || !isCurrent()) return;
    const took = takeFetched(positions, found.partitions, left, answer);
    room.take(took.bytes);
    for (const place of found.outOfRange) await moveIntoLog(positionOf(positions, place));
    left = { records: left.records - took.records, bytes: left.bytes - took.bytes };
    // That was answered at once, and would be again.
    if (found.hasMoved && took.records === 0) await wait.pause(Math.min(PAUSE_MS, wait.leftMs()));
    const hasMore = found.outOfRange.length > 0 || (took.records > 0 && [...positions.values()].some(isBehind));
    if (!hasMore || left.records <= 0 || left.bytes <= 0) return;
  }
};

/** Undefined if nobody waits for it any more. */
const read = async (
  { requests, directory, positions, wait }: AnswerOptions,
  waitMs: number,
  bytes: number,
): Promise<Reading | undefined> => {
  const offsets = [...positions.values()].map(({ topic, partition, next = 0 }) => ({ topic, partition, offset: next }));
  const reading = readPartitions(requests, directory, offsets, { maxBytes: Math.min(READ_BYTES, bytes), waitMs });
  // It may fail when nobody waits for it any more.
  reading.catch(() => undefined);
  const found = await wait.until(reading, waitMs + PATIENCE_MS);
  if (found === undefined && !wait.isCut()) throw new KafkaError("unavailable", "it did not answer in time");
  return found;
};

const positionOf = (positions: Positions, place: TopicPartition): Position => positions.get(topicPartitionKey(place)) as Position;

const isBehind = ({ next, end }: Position): boolean => next !== undefined && end !== undefined && next < end;

type Room = { readonly records: number; readonly bytes: number };

/** Takes what was read into the answer, as far as there is room; a first record always is. @returns how much it took */
const takeFetched = (positions: Positions, fetched: readonly FetchedPartition[], room: Room, { records, taken }: Answer): Room => {
  const before = records.length;
  let bytes = 0;
  for (const partition of fetched) {
    const position = positionOf(positions, partition);
    position.end = partition.end;
    const from = position.next ?? 0;
    let to = from;
    const left = partition.records.find((record) => {
      const size = sizeOf(record);
      const fits = records.length - before < room.records && (records.length === 0 || bytes + size <= room.bytes);
      if (!fits) return true;
      records.push(storedRecord(partition, record));
      bytes += size;
      to = record.offset + 1;
      return false;
    });
    position.next = left === undefined ? Math.max(to, partition.next) : to;
    if (to !== from) taken.push({ position, from, to });
  }
  return { records: records.length - before, bytes };
};

/** The next answer begins with another partition, so that a busy one starves no other. */
const rotate = (positions: Positions): void => {
  for (const [key, position] of positions) {
    positions.delete(key);
    positions.set(key, position);
    return;
  }
};

/** The records reached the instance, or they did not and come again. */
export const settleTaken = (taken: readonly Taken[], written: boolean): void => {
  if (written) for (const { position, to } of taken) position.delivered = to;
  // A partition may have been taken from more than once: the first time counts.
  else for (const { position, from } of taken.toReversed()) position.next = from;
};
