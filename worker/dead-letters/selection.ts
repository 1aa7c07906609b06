import { readSettlementRecord, type Settlement } from "../../protocol/dead-letter-settlement.ts";
import { RejoinderError } from "../../protocol/errors.ts";
import type { TopicPartition, TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { type Letter, readLetter } from "./letter.ts";
import type { DeadLetterLog, OffsetRange } from "./log.ts";

/** Which dead letters are meant. What is absent does not matter. */
export type LetterFilter = {
  readonly operation?: string | undefined;
  /** The code of the problem; for a letter of Spring, the class of the exception. */
  readonly code?: string | undefined;
  readonly correlationId?: string | undefined;
  /** When the letter was written, milliseconds since 1970: from `since` on, and before `until`. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Where the letters are. */
  readonly at?: readonly TopicPartitionOffset[] | undefined;
  /** Whether those count, too, that were redriven or dropped already. */
  readonly settled?: boolean | undefined;
};

/** A letter, and what was done with it. */
export type SelectedLetter = { readonly letter: Letter; readonly settlement: Settlement | undefined };

/** Where a letter is in the order of time. */
export type LetterPosition = TopicPartitionOffset & {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
};

/** The dead letters that a filter meant at some moment. */
export type Selection = {
  readonly count: number;
  /** One after another, each partition's in its order. @throws LogError */
  letters(): AsyncGenerator<SelectedLetter>;
  /** The newest `limit`, the newest first, of those that come after a letter in that order. @throws LogError */
  newest(limit: number, after?: LetterPosition): Promise<readonly SelectedLetter[]>;
};

type SelectOptions = {
  /** How many records may be read to find the letters. Default: as many as there are. */
  readonly maxRecords?: number;
};

/**
 * Finds dead letters. A letter may be settled by any record behind it, so each partition is read to its end first. That keeps offsets alone; the
 * letters are read a second time when they are asked for, and are in memory one by one.
 * @param topics dead-letter topics
 * @throws LogError
 * @throws RejoinderError `TOO_MANY_DEAD_LETTERS`
 */
export const selectLetters = async (
  log: DeadLetterLog,
  topics: readonly string[],
  filter: LetterFilter,
  { maxRecords = Number.POSITIVE_INFINITY }: SelectOptions = {},
): Promise<Selection> => {
  const ranges = (await log.ranges(topics, filter.since)).flatMap((range) => narrowed(range, filter.at));
  const records = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  if (records > maxRecords) {
    const detail = `Expected at most ${maxRecords} records in the dead-letter topics from then on, got ${records}. Choose a later since, or call rejoinder dead-letters.`;
    throw new RejoinderError("TOO_MANY_DEAD_LETTERS", { detail });
  }
  const found: Found[] = [];
  for (const range of ranges) found.push(...(await findLetters(log, range, filter)));

  /** Of one partition, in the order of their offsets. */
  const read = async function* (wanted: readonly Found[]): AsyncGenerator<SelectedLetter> {
    const settlements = new Map(wanted.map(({ offset, settlement }) => [offset, settlement]));
    const [first, last] = [wanted[0], wanted.at(-1)];
    if (first === undefined || last === undefined) return;
    for await (const record of log.records({ ...first, start: first.offset, end: last.offset + 1 }))
      if (settlements.has(record.offset)) yield { letter: readLetter(record), settlement: settlements.get(record.offset) };
  };

  return {
    count: found.length,
    async *letters() {
      for (const partition of byPartition(found)) yield* read(partition);
    },
    async newest(limit, after) {
      const ordered = found.toSorted(newestFirst).filter((one) => after === undefined || newestFirst(after, one) < 0);
      const wanted = new Set(ordered.slice(0, limit));
      const letters: SelectedLetter[] = [];
      for (const partition of byPartition(found.filter((one) => wanted.has(one))))
        for await (const selected of read(partition)) letters.push(selected);
      return letters.toSorted((one, other) => newestFirst(one.letter.record, other.letter.record));
    },
  };
};

type Found = LetterPosition & { readonly settlement: Settlement | undefined };

const isSamePartition = (one: TopicPartition, other: TopicPartition): boolean =>
  one.topic === other.topic && one.partition === other.partition;

const byPartition = (found: readonly Found[]): Iterable<readonly Found[]> =>
  Map.groupBy(found, ({ topic, partition }) => `${topic}/${partition}`).values();

/** What has to be read to find letters and whatever settles them. */
const narrowed = (range: OffsetRange, at: readonly TopicPartitionOffset[] | undefined): readonly OffsetRange[] => {
  if (at === undefined) return [range];
  const offsets = at
    .filter((one) => isSamePartition(one, range) && one.offset >= range.start && one.offset < range.end)
    .map(({ offset }) => offset);
  return offsets.length === 0 ? [] : [{ ...range, start: Math.min(...offsets) }];
};

/** The letters of a partition that the filter means, in their order, each with what settles it. */
const findLetters = async (log: DeadLetterLog, range: OffsetRange, filter: LetterFilter): Promise<Iterable<Found>> => {
  const { topic, partition } = range;
  const at = filter.at && new Set(filter.at.filter((one) => isSamePartition(one, range)).map(({ offset }) => offset));
  const found = new Map<number, Found>();
  for await (const record of log.records(range)) {
    const { offset, timestamp } = record;
    const settled = readSettlementRecord(record);
    if (settled === undefined) {
      if (at?.has(offset) !== false && isMeant(timestamp, filter) && hasContent(readLetter(record), filter))
        found.set(offset, { topic, partition, offset, timestamp, settlement: undefined });
      continue;
    }
    const letter = found.get(settled.offset);
    if (!filter.settled) found.delete(settled.offset);
    else if (letter !== undefined) found.set(settled.offset, { ...letter, settlement: settled.settlement });
  }
  return found.values();
};

const isMeant = (timestamp: number, { since, until }: LetterFilter): boolean =>
  (since === undefined || timestamp >= since) && (until === undefined || timestamp < until);

const hasContent = ({ operation, code, correlationId }: Letter, filter: LetterFilter): boolean =>
  (filter.operation === undefined || operation === filter.operation) &&
  (filter.code === undefined || code === filter.code) &&
  (filter.correlationId === undefined || correlationId === filter.correlationId);

const newestFirst = (one: LetterPosition, other: LetterPosition): number =>
  other.timestamp - one.timestamp ||
  (one.topic === other.topic ? one.partition - other.partition : one.topic < other.topic ? -1 : 1) ||
  other.offset - one.offset;
