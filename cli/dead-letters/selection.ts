import { readSettlementRecord, type Settlement } from "../../protocol/dead-letter-settlement.ts";
import type { TopicPartitionOffset } from "../../protocol/topic-partition.ts";
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
  /** Where the letter is. */
  readonly at?: TopicPartitionOffset | undefined;
  /** Whether those count, too, that were redriven or dropped already. */
  readonly settled?: boolean | undefined;
};

/** A letter, and what was done with it. */
export type SelectedLetter = { readonly letter: Letter; readonly settlement: Settlement | undefined };

/** The dead letters that a filter meant at some moment. */
export type Selection = {
  readonly count: number;
  /** One after another, each partition's in its order. */
  letters(): AsyncGenerator<SelectedLetter>;
};

/**
 * Finds dead letters. A letter may be settled by any record behind it, so each partition is read to its end first. That keeps offsets alone; the
 * letters are read a second time when they are asked for, and are in memory one by one.
 * @param topics dead-letter topics
 * @throws LogError
 */
export const selectLetters = async (log: DeadLetterLog, topics: readonly string[], filter: LetterFilter): Promise<Selection> => {
  const ranges = (await log.ranges(topics, filter.since)).flatMap((range) => narrowed(range, filter.at));
  const found: { readonly range: OffsetRange; readonly offsets: ReadonlyMap<number, Settlement | undefined> }[] = [];
  for (const range of ranges) {
    const offsets = await findOffsets(log, range, filter);
    if (offsets.size > 0) found.push({ range, offsets });
  }
  return {
    count: found.reduce((sum, { offsets }) => sum + offsets.size, 0),
    async *letters() {
      for (const { range, offsets } of found) {
        const all = [...offsets.keys()];
        const start = all[0] as number;
        const end = (all.at(-1) as number) + 1;
        for await (const record of log.records({ ...range, start, end }))
          if (offsets.has(record.offset)) yield { letter: readLetter(record), settlement: offsets.get(record.offset) };
      }
    },
  };
};

/** What has to be read to find a letter and whatever settles it. */
const narrowed = (range: OffsetRange, at: TopicPartitionOffset | undefined): readonly OffsetRange[] => {
  if (at === undefined) return [range];
  const isThere = at.topic === range.topic && at.partition === range.partition && at.offset >= range.start && at.offset < range.end;
  return isThere ? [{ ...range, start: at.offset }] : [];
};

/** The offsets of the letters that the filter means, in their order, each with what settles it. */
const findOffsets = async (
  log: DeadLetterLog,
  range: OffsetRange,
  filter: LetterFilter,
): Promise<ReadonlyMap<number, Settlement | undefined>> => {
  const offsets = new Map<number, Settlement | undefined>();
  for await (const record of log.records(range)) {
    const settled = readSettlementRecord(record);
    if (settled === undefined) {
      if (isMeant(record.offset, record.timestamp, filter) && hasContent(readLetter(record), filter)) offsets.set(record.offset, undefined);
    } else if (!filter.settled) offsets.delete(settled.offset);
    else if (offsets.has(settled.offset)) offsets.set(settled.offset, settled.settlement);
  }
  return offsets;
};

const isMeant = (offset: number, timestamp: number, { since, until, at }: LetterFilter): boolean =>
  (since === undefined || timestamp >= since) && (until === undefined || timestamp < until) && (at === undefined || offset === at.offset);

const hasContent = ({ operation, code, correlationId }: Letter, filter: LetterFilter): boolean =>
  (filter.operation === undefined || operation === filter.operation) &&
  (filter.code === undefined || code === filter.code) &&
  (filter.correlationId === undefined || correlationId === filter.correlationId);
