import type { Log } from "../../environment/log.ts";
import type { Time } from "../../environment/time.ts";
import type { ProjectedPartition } from "../aggregates/projector.ts";
import type { LinkTable } from "./link-table.ts";
import type { PartitionView } from "./partition-view.ts";
import type { RowTables } from "./row-table.ts";

type SweeperOptions = {
  readonly partition: Pick<ProjectedPartition, "topic" | "partition" | "transact" | "wrote">;
  readonly tables: RowTables;
  readonly links: LinkTable;
  readonly views: readonly PartitionView[];
  readonly log: Log;
  readonly time: Time;
};

/** A program that goes back to the version before, or to the fold before, finds the rows for so long. */
const KEEP_MS = 3_600_000;
const LOOK_MS = 60_000;
/** What one transaction deletes, and how long it is until the next one. */
const MAX_ROWS = 1_000;
const PAUSE_MS = 10;

/** Drops versions that no view has any more, and deletes what was dropped, little by little. */
export const startSweeper = ({ partition, tables, links, views, log, time }: SweeperOptions) => {
  const startedAt = time.elapsed();
  const { topic, partition: number, transact, wrote } = partition;
  let timer: unknown;
  let isClosed = false;

  const drop = (): void => {
    const kept = views.map(({ table }) => table);
    const settled = new Set(views.filter((view) => view.isSettledSince(KEEP_MS)).map(({ fold }) => fold.view));
    const known = new Set(views.map(({ fold }) => fold.view));
    const isUnused = (view: string): boolean => settled.has(view) || (!known.has(view) && time.elapsed() - startedAt >= KEEP_MS);
    const dropped = tables.others(kept).filter(({ view }) => isUnused(view));
    if (dropped.length === 0) return;
    transact(() => tables.drop(dropped));
    for (const { view, version } of dropped) log.info({ view, version, topic, partition: number }, "dropped rows of a former version");
  };

  const sweep = (): void => {
    if (isClosed) return;
    let hasMore = false;
    try {
      drop();
      if (tables.hasDropped() || links.hasOld()) {
        const deleted = transact(() => tables.sweep(MAX_ROWS) + links.sweep(MAX_ROWS));
        wrote(deleted);
        hasMore = deleted >= MAX_ROWS;
      }
    } catch (error) {
      log.warn({ err: error, topic, partition: number }, "former rows of views cannot be deleted now");
    }
    timer = time.setTimeout(sweep, hasMore ? PAUSE_MS : LOOK_MS);
  };

  timer = time.setTimeout(sweep, PAUSE_MS);
  return {
    /** There is something to delete. */
    wake() {
      time.clearTimeout(timer);
      if (!isClosed) timer = time.setTimeout(sweep, PAUSE_MS);
    },
    close() {
      isClosed = true;
      time.clearTimeout(timer);
    },
  };
};
