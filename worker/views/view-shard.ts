import type { ViewVersion } from "../../protocol/view-api.ts";
import type { ViewBatchResult } from "../../protocol/view-batch.ts";
import { type Alarm, createNextAlarm } from "../mailbox/next-alarm.ts";
import type { Caller } from "../request-publisher.ts";
import type { createKeyedWaiters } from "../waiters.ts";
import { compareTo, hasAllOf, isOfOtherLog, isReady, settle, type Version } from "./rules.ts";
import type { FoundRow, FoundRows, KnownRow, ListQuery, RowQuery, TextBatch, Unreadable, ViewPosition, ViewStore } from "./view-store.ts";
import type { KeptRow, ViewTables } from "./view-tables.ts";

type ViewShardOptions = {
  readonly tables: ViewTables;
  /** In memory. A wait for a commit ends at an offset, that for a row at any change. */
  readonly waiters: ReturnType<typeof createKeyedWaiters<true, number>>;
  /** Runs all of it or nothing. What was lost nevertheless is sent again by the consumer, so nobody waits for it to be durable. */
  readonly transaction: <T>(run: () => T) => T;
  readonly alarm: Alarm;
  /** See {@link ViewBatchResult}. */
  readonly askAgainMs?: number;
  readonly now: () => number;
  readonly logError: (message: string, error: unknown) => void;
};

/** How long the 404 of a row that left says where it did. */
const TOMBSTONE_MS = 7 * 24 * 3_600_000;
/** How long a version is kept that another one has taken over from: an operator can switch back meanwhile. */
const FORMER_VERSION_MS = 24 * 3_600_000;
const SWEEP_MS = 3_600_000;
const SWEEP_AGAIN_MS = 1_000;
const MAX_DELETES = 2_000;

const ANY_CHANGE = -1;
const rowKey = (view: string, key: string): string => `${view} ${key}`;
/** No key of a row begins so. */
const partitionKey = (view: string, partition: number): string => `${view} \0${partition}`;

/**
 * The rows of views whose keys belong to one shard, and how far it is in each partition. It keeps what consumers ship, and serves the newest version
 * of which all partitions were caught up once, and that has all that callers of the one before may have seen.
 */
export const createViewShard = ({ tables, waiters, transaction, alarm, askAgainMs, now, logError }: ViewShardOptions) => {
  const nextAlarm = createNextAlarm({ alarm, now, logError });

  /** @returns what `run` returns; if it fails, nothing of it is there */
  const commit = <T>(run: () => T): T => {
    try {
      return transaction(run);
    } catch (error) {
      tables.forget();
      throw error;
    }
  };

  /** Everybody who waits for anything of a view looks again. */
  const wakeAll = (view: string): void => {
    for (const key of waiters.keys()) if (key.startsWith(`${view} `)) waiters.wake(key, true, () => true);
  };

  const serve = (version: Version): void => tables.serve(version, now());

  const storeNow = (batch: TextBatch) => {
    const { view, version: number, partition, partitions, rows } = batch;
    const served = tables.servedOf(view);
    let version = tables.versionsOf(view).find((one) => one.version === number);
    // It was dropped, and nobody would read it.
    if (version === undefined && served !== undefined && number < served.version) return { outcome: "unknown" } as const;
    const settlement = settle(version?.progress.get(partition), batch);
    if (settlement.outcome !== "stored") return settlement;
    version ??= tables.addVersion(view, number, null);
    if (settlement.begins) tables.deletePartition(version, partition, partitions);
    version = tables.setProgress(version, partition, partitions, settlement.progress);
    const changed = rows.filter((row) => tables.keep(version as Version, partition, row, now())).map(({ key }) => key);
    // Only once, so that an operator can switch back.
    const takesOver = !version.wasServed && isReady(version) && (served === undefined || mayFollow(version, served));
    if (takesOver) serve(version);
    return {
      outcome: "stored",
      changed,
      wakesAll: takesOver || settlement.begins,
      isServed: takesOver || served?.version === number,
    } as const;
  };

  /** @returns whether it was woken; if not, its time is over, its caller is gone, or no wait is worth while any more */
  const waitFor = async (key: string, waitMs: number, offset: number, caller: Caller | undefined): Promise<boolean> => {
    const wait = waiters.wait(key, waitMs, offset, caller?.waitsAs);
    const signal = caller?.signal;
    if (signal?.aborted === true) wait.cancel();
    else signal?.addEventListener("abort", wait.cancel, { once: true });
    const value = await wait.ended;
    // One signal serves all waits of a stream.
    signal?.removeEventListener("abort", wait.cancel);
    return value === true;
  };

  /** Whether a version that is ready takes over from the one that is served. While a deploy is under way, consumers of both ship to either. */
  const mayFollow = (version: Version, served: Version): boolean =>
    version.version > served.version && (!isReady(served) || hasAllOf(version, served));

  /** The version to read. */
  const readable = (view: string): Version | Unreadable => {
    const version = tables.servedOf(view);
    return version === undefined || !isReady(version) ? { outcome: "not-ready" } : version;
  };

  /** The same, once it has the commit that the reader wants. */
  const reach = async (
    { view, after, waitMs }: Pick<RowQuery, "view" | "after" | "waitMs">,
    caller: Caller | undefined,
  ): Promise<Version | Unreadable> => {
    const until = now() + waitMs;
    for (let isOver = false; ;) {
      const version = readable(view);
      if ("outcome" in version) return version;
      const place = after === undefined ? "there" : compareTo(version, after);
      if (after === undefined || place === "there") return version;
      if (place === "gone") return { outcome: "gone" };
      if (place === "no-partition") return { outcome: "no-partition", partitions: version.partitions };
      const left = until - now();
      if (isOver || left <= 0) return { outcome: isOfOtherLog(version, after) ? "gone" : "behind" };
      if (!waiters.hasRoom(caller?.waitsAs)) return { outcome: "overloaded" };
      // From the look to the wait nothing may come between, or a wake-up is lost.
      isOver = !(await waitFor(partitionKey(view, after.partition), left, after.offset, caller));
    }
  };

  const positionOf = ({ progress }: Version, { partition, offset }: KeptRow): ViewPosition => ({
    partition,
    offset,
    generation: progress.get(partition)?.generation ?? "",
  });

  const find = (version: Version, key: string): FoundRow => {
    const kept = tables.find(version, key);
    if (kept === undefined) return { outcome: "found", version: version.version, row: null };
    const reached = (version.progress.get(kept.partition)?.reached ?? 0) - 1;
    return {
      outcome: "found",
      version: version.version,
      position: positionOf(version, kept),
      row: kept.row,
      ...(reached >= 0 && { reached }),
    };
  };

  const isKnown = ({ version, position }: FoundRow, { known, knowsNone = false }: RowQuery): boolean =>
    position === undefined ? knowsNone : known.some((one) => isSame(one, position) && one.version === version);

  const read = async (query: RowQuery, caller?: Caller): Promise<FoundRow | Unreadable> => {
    const { view, key, after, waitMs, known, knowsNone } = query;
    const until = now() + waitMs;
    let version = after === undefined ? readable(view) : await reach(query, caller);
    for (let isOver = false; ;) {
      if ("outcome" in version) return version;
      const found = find(version, key);
      const hasNews = known.length > 0 || knowsNone === true ? !isKnown(found, query) : found.row !== null;
      const left = until - now();
      if (hasNews || after !== undefined || isOver || left <= 0) return found;
      if (!waiters.hasRoom(caller?.waitsAs)) return { outcome: "overloaded" };
      isOver = !(await waitFor(rowKey(view, key), left, ANY_CHANGE, caller));
      version = readable(view);
    }
  };

  const versionsOf = (view: string): ViewVersion[] =>
    tables.versionsOf(view).map((version): ViewVersion => ({
      version: version.version,
      isServed: version.servedSince !== null,
      ...(version.servedSince !== null && { servedSince: new Date(version.servedSince).toISOString() }),
      isReady: isReady(version),
      partitions: version.partitions,
      progress: [...version.progress]
        .map(([partition, { next, reached }]) => ({ partition, next, isCaughtUp: reached !== null }))
        .toSorted((one, other) => one.partition - other.partition),
    }));

  /** The versions that another one took over from long ago. */
  const dropFormer = (): void => {
    for (const { view, version: number, servedSince } of tables.versions())
      if (servedSince !== null && servedSince <= now() - FORMER_VERSION_MS)
        for (const former of tables.versionsOf(view)) if (former.version < number) tables.deleteVersion(former);
  };

  const ensureAlarm = (ms = SWEEP_MS): Promise<void> => nextAlarm.by(now() + ms);

  const told = (): ViewBatchResult => {
    const versions = Array.from(tables.versions(), ({ id }) => id).join(".");
    return { outcome: "stored", versions, ...(askAgainMs !== undefined && { askAgainMs }) };
  };

  const store = (batch: TextBatch): ViewBatchResult => {
    const stored = commit(() => storeNow(batch));
    if (stored.outcome === "old") return told();
    if (stored.outcome !== "stored") return stored;
    const { view, partition, rows } = batch;
    if (stored.wakesAll) wakeAll(view);
    else if (stored.isServed) {
      const reached = tables.servedOf(view)?.progress.get(partition)?.reached ?? 0;
      waiters.wake(partitionKey(view, partition), true, (offset) => offset < reached);
      for (const key of stored.changed) waiters.wake(rowKey(view, key), true, () => true);
    }
    if (stored.wakesAll || rows.some(({ text }) => text === null) || tables.versionsOf(view).length > 1) void ensureAlarm();
    return told();
  };

  return {
    store: async (batch) => store(batch),
    read,

    async list({ view, prefix, behind, limit, after, waitMs }: ListQuery, caller?: Caller): Promise<FoundRows | Unreadable> {
      const version = await reach({ view, after, waitMs }, caller);
      if ("outcome" in version) return version;
      const { rows, hasMore } = tables.list(version, prefix, behind, limit);
      const listed = rows.map((row) => ({ key: row.key, position: positionOf(version, row), row: row.row }));
      return { outcome: "found", version: version.version, rows: listed, hasMore };
    },

    versions: async (views) => views.map(versionsOf),

    async act(view, { action, version: number }) {
      const version = tables.versionsOf(view).find((one) => one.version === number);
      if (version === undefined) return "unknown";
      if (action === "switch" && !isReady(version)) return "not-ready";
      if (action === "drop" && version.servedSince !== null) return "in-use";
      commit(() => {
        if (action === "switch") serve(version);
        else if (action === "drop") tables.deleteVersion(version);
        else tables.renew(version);
      });
      wakeAll(view);
      await ensureAlarm(action === "switch" ? SWEEP_MS : SWEEP_AGAIN_MS);
      return "done";
    },

    /** The alarm: deletes what nobody reads any longer, in parts. Never rejects, except if the alarm cannot be set. */
    async ring(): Promise<void> {
      // First of all, so that there is a next round even if this one fails.
      await nextAlarm.sweepIn(SWEEP_MS);
      try {
        const hasMore = commit(() => {
          dropFormer();
          const hasMoreTombstones = tables.deleteTombstones(now() - TOMBSTONE_MS, MAX_DELETES);
          return tables.deleteSome(MAX_DELETES) || hasMoreTombstones;
        });
        if (hasMore) await nextAlarm.sweepIn(SWEEP_AGAIN_MS);
        else if (tables.versions().every(({ view }) => tables.versionsOf(view).length === 1) && !tables.hasTombstones())
          await nextAlarm.clear();
      } catch (error) {
        logError("Rows of views could not be deleted and will be tried again", error);
      }
    },
  } satisfies ViewStore & Record<string, unknown>;
};

export type ViewShard = ReturnType<typeof createViewShard>;

const isSame = (one: KnownRow, other: ViewPosition): boolean =>
  one.offset === other.offset && one.partition === other.partition && one.generation === other.generation;
