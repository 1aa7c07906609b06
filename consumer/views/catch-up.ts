import type { Log } from "../../environment/log.ts";
import { pause, type Time } from "../../environment/time.ts";
import { isNextCommit } from "../../protocol/commit-fold.ts";
import { type Commit, type CommitLink, decodeCommit, findCommitLink, hasEvents } from "../../protocol/commit-record.ts";
import type { ConsumerRecord } from "../../protocol/kafka-record.ts";
import type { ProjectedPartition } from "../aggregates/projector.ts";
import { generationOf } from "../../protocol/position.ts";
import { createBackoff } from "../backoff.ts";
import { type EventRecords, TrimmedError } from "../events/event-log.ts";
import { createOutageLog } from "../outage-log.ts";
import type { LastCommit, LinkTable } from "./link-table.ts";
import type { RowTable } from "./row-table.ts";
import { createRowWriter, noRows, type RowWriter } from "./row-writer.ts";
import type { Turns } from "./turns.ts";
import { type ViewFold, ViewError } from "./view-fold.ts";

/** A view that is behind the states of its partition. */
export type ViewBehind = {
  readonly fold: ViewFold;
  readonly table: RowTable;
  /** It cannot go on. */
  failed(error: Error): void;
};

export type CaughtUpTo = { readonly next: number; readonly end: number };

type CatchUpOptions = {
  readonly partition: Pick<ProjectedPartition, "topic" | "partition" | "log" | "transact" | "wrote">;
  /** All of them read the partition together. */
  readonly views: readonly ViewBehind[];
  readonly links: LinkTable;
  /** The offset that the states go on from. Views that have got there take part in the writer's transactions. */
  readonly liveNext: () => number;
  /** Those of all partitions of this process. */
  readonly turns: Turns;
  /** Told after each transaction. @param now `end`: that of the partition, as it was known */
  readonly onProgress: (now: CaughtUpTo) => void;
  /** The views that are left have got to `liveNext`, or beyond. Called before anything else can happen, so that no commit is between. */
  readonly onJoined: (now: CaughtUpTo) => void;
  readonly log: Log;
  readonly time: Time;
  readonly signal: AbortSignal;
};

/** What one transaction folds at most, since everything else in this process waits for it: records, and about so many milliseconds. To write takes as long. */
const MAX_RECORDS = 500;
const IDLE_MS = 20;
const BUSY_MS = 2;
const READ_WAIT_MS = 1_000;
const PAUSES = { firstMs: 250, mostMs: 10_000 };

/**
 * Folds views up to where the states of their partition are. It reads the partition on its own, from its beginning, since only whoever has followed
 * all commits knows which count. How far it is, and the last commit of each key, are in the file, so a restart goes on about there. Resolves when the views
 * have joined, or none is left, or it was aborted; never rejects.
 */
export const catchUp = async (options: CatchUpOptions): Promise<void> => {
  const { partition, links, liveNext, turns, onProgress, onJoined, log, time, signal } = options;
  const { topic, partition: number } = partition;
  const behind = new Set(options.views);
  const known = new Map(options.views.map((view) => [view, noRows()]));
  const backoff = createBackoff(PAUSES);
  const outages = createOutageLog(log, `views catch up with ${topic}-${number} again`);

  const minNext = (): number => Math.min(...[...behind].map(({ table }) => table.next()));

  /** Folds records from an index on, in one transaction. @returns the index of the first that it left */
  const foldSome = ({ records, next: after }: EventRecords, first: number): number => {
    const failures: (() => void)[] = [];
    const started = time.elapsed();
    const mostMs = turns.isBusy() ? BUSY_MS : IDLE_MS;
    let index = first;
    const written = partition.transact(() => {
      const writers = new Map<ViewBehind, RowWriter>(
        [...behind].map((view) => [view, createRowWriter(view.fold, view.table, known.get(view))]),
      );
      const from = minNext();
      let rows = 0;
      /** The first commit names the partition. */
      let isUnnamed = links.next() === 0;
      const stop = (view: ViewBehind, offset: number, error: Error): void => {
        rows += writers.get(view)?.end(offset) ?? 0;
        writers.delete(view);
        failures.push(() => fail(view, error));
      };
      const last = Math.min(records.length, first + MAX_RECORDS);
      for (; index < last; index += 1) {
        // One commit may have thousands of events.
        if (index > first && time.elapsed() - started > mostMs) break;
        const record = records[index] as ConsumerRecord;
        const link = findCommitLink(record);
        if (link === undefined) continue;
        if (isUnnamed) for (const { table } of behind) if (table.generation() === "") table.setGeneration(generationOf(link.commit));
        isUnnamed = false;
        const before = links.read(link.key);
        if (!isNextCommit(before?.last ?? "", link)) continue;
        const now: LastCommit = { last: link.commit, version: (before?.version ?? 0) + (hasEvents(record) ? 1 : 0) };
        links.write(link.key, now);
        if (record.offset < from) continue;
        const commit = commitOf(record, link);
        for (const [view, writer] of writers) {
          try {
            if (commit instanceof Error) throw commit;
            writer.add({ commit, offset: record.offset, version: now.version });
          } catch (error) {
            if (!(error instanceof ViewError)) throw error;
            stop(view, record.offset, error);
          }
        }
      }
      const next = index < records.length ? (records[index] as ConsumerRecord).offset : after;
      for (const writer of writers.values()) rows += writer.end(next);
      links.setNext(next);
      return rows + (index - first);
    });
    partition.wrote(written);
    for (const report of failures) report();
    return index;
  };

  const fail = (view: ViewBehind, error: Error): void => {
    behind.delete(view);
    view.failed(error);
  };

  /** Reads on until the views have joined, or none is left. The log reads the next records while these are folded. */
  const readOn = async (): Promise<void> => {
    while (!signal.aborted) {
      const now = await partition.log.read({ topic, partition: number, offset: links.next() }, { waitMs: READ_WAIT_MS, signal });
      let index = 0;
      /** @returns whether to read on */
      const goOn = (): boolean => {
        if (signal.aborted) return false;
        index = foldSome(now, index);
        if (links.isFull()) partition.transact(() => links.flush());
        const to = { next: links.next(), end: now.end };
        onProgress(to);
        backoff.reset();
        outages.over();
        if (behind.size === 0) return false;
        if (to.next < liveNext()) return true;
        onJoined(to);
        return false;
      };
      do {
        if (!(await turns.take(goOn, signal))) return;
      } while (index < now.records.length && !signal.aborted);
    }
  };

  const begin = (): void => {
    if (links.next() > minNext()) partition.transact(() => links.reset());
  };

  while (!signal.aborted && behind.size > 0) {
    try {
      begin();
      return await readOn();
    } catch (error) {
      if (signal.aborted) return;
      links.rolledBack();
      for (const view of behind) known.set(view, noRows());
      if (error instanceof TrimmedError) for (const view of behind) fail(view, error);
      else {
        const retryInMs = Math.round(backoff.nextMs());
        outages.warn({ reason: (error as Error).message, retryInMs }, `views cannot catch up with ${topic}-${number} now`);
        await pause(time, retryInMs, signal);
      }
    }
  }
};

const commitOf = (record: ConsumerRecord, link: CommitLink): Commit | ViewError => {
  try {
    return decodeCommit(record, link);
  } catch (cause) {
    return new ViewError(`The commit at offset ${record.offset} of ${record.topic}-${record.partition}: ${(cause as Error).message}`, {
      cause,
    });
  }
};
