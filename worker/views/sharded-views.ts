import type { ViewVersion } from "../../protocol/view-api.ts";
import type { ViewBatchResult } from "../../protocol/view-batch.ts";
import { compareKeys, shardOf } from "./rules.ts";
import type { ActionResult, FoundRows, ListedViewRow, Unreadable, ViewStore } from "./view-store.ts";

/** The rows of views in several shards. Each has all watermarks, and the rows whose keys are its own. */
export const shardedViews = (shards: readonly ViewStore[]): ViewStore => {
  const [first] = shards;
  if (first === undefined) throw new RangeError("Expected at least one shard.");
  if (shards.length === 1) return first;
  const shardFor = (key: string): ViewStore => shards[shardOf(key, shards.length)] ?? first;
  const all = <Result>(ask: (shard: ViewStore, index: number) => Promise<Result>): Promise<Result[]> => Promise.all(shards.map(ask));

  return {
    async store(batch) {
      const rows = Map.groupBy(batch.rows, ({ key }) => shardOf(key, shards.length));
      return together(await all((shard, index) => shard.store({ ...batch, rows: rows.get(index) ?? [] })));
    },

    read: (query, caller) => shardFor(query.key).read(query, caller),

    async list(query, caller) {
      if (query.prefix.includes("/")) return shardFor(query.prefix).list(query, caller);
      const ask = async (): Promise<readonly FoundRows[] | Unreadable> => {
        const pages: FoundRows[] = [];
        for (const page of await all((shard) => shard.list(query, caller))) {
          if (page.outcome !== "found") return page;
          pages.push(page);
        }
        return pages;
      };
      let pages = await ask();
      // While a version takes over, some shards serve the one before, for a moment.
      if (isMixed(pages)) pages = await ask();
      if ("outcome" in pages) return pages;
      if (isMixed(pages)) return { outcome: "not-ready" };
      const rows: ListedViewRow[] = pages.flatMap((page) => page.rows).toSorted((one, other) => compareKeys(one.key, other.key));
      // Behind the end of a page that is not the last one of its shard, rows of that shard are missing.
      const ends = pages.flatMap((page) => (page.hasMore ? (page.rows.at(-1)?.key ?? []) : []));
      const whole = rows.filter(({ key }) => ends.every((end) => compareKeys(key, end) <= 0));
      const hasMore = whole.length > query.limit || ends.length > 0;
      return { outcome: "found", version: pages[0]?.version ?? 0, rows: whole.slice(0, query.limit), hasMore };
    },

    async versions(views) {
      const found = await all((shard) => shard.versions(views));
      return views.map((_, index) => found.map((versions) => versions[index] ?? []).reduce(mergeVersions));
    },

    async act(view, action) {
      const results = await all((shard) => shard.act(view, action));
      return results.reduce((one, other) => (SEVERITY.indexOf(one) >= SEVERITY.indexOf(other) ? one : other));
    },
  };
};

const isMixed = (pages: readonly FoundRows[] | Unreadable): boolean =>
  !("outcome" in pages) && pages.some(({ version }) => version !== pages[0]?.version);

/** What is told of an action that did not end the same everywhere. */
const SEVERITY: readonly ActionResult[] = ["unknown", "done", "not-ready", "in-use"];

/** A batch is stored when all have it. Whoever has it already takes it again. */
const together = (results: readonly ViewBatchResult[]): ViewBatchResult => {
  const nexts = results.flatMap((result) => (result.outcome === "behind" ? result.next : []));
  if (nexts.length > 0) return { outcome: "behind", next: Math.min(...nexts) };
  const unknown = results.find(({ outcome }) => outcome === "unknown");
  return unknown ?? { outcome: "stored", versions: results.map((one) => ("versions" in one ? one.versions : "")).join("/") };
};

/** All have what the one has that has the least. */
const mergeVersions = (some: readonly ViewVersion[], others: readonly ViewVersion[]): readonly ViewVersion[] =>
  some.flatMap((one) => {
    const other = others.find(({ version }) => version === one.version);
    if (other === undefined) return [];
    const progress = one.progress.flatMap((mine) => {
      const theirs = other.progress.find(({ partition }) => partition === mine.partition);
      if (theirs === undefined) return [];
      const { partition, next, isCaughtUp } = mine;
      return { partition, next: Math.min(next, theirs.next), isCaughtUp: isCaughtUp && theirs.isCaughtUp };
    });
    const isServed = one.isServed && other.isServed;
    const { servedSince, ...rest } = one;
    return {
      ...rest,
      isServed,
      ...(isServed && servedSince !== undefined && { servedSince }),
      isReady: one.isReady && other.isReady,
      progress,
    };
  });
