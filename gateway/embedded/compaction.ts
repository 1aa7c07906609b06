import type { DatabaseSync } from "node:sqlite";

/** One step cuts off 4 MiB at most, so that no call waits for all of it. */
const PAGES_A_STEP = 1024;
/** Free pages that stay for the next records: the larger of 16 MiB and a quarter of the file. */
const KEPT_PAGES = 4096;
const KEPT_PART = 0.25;

/** Gives the space of removed records back to the disk, one step a call. The function returns whether there is more to do. */
export const createCompaction = (database: DatabaseSync): (() => boolean) => {
  const freePages = database.prepare("PRAGMA freelist_count");
  const allPages = database.prepare("PRAGMA page_count");
  const excess = (): number => {
    const free = Number(freePages.get()?.["freelist_count"]);
    return free - Math.max(KEPT_PAGES, Number(allPages.get()?.["page_count"]) * KEPT_PART);
  };
  return () => {
    if (excess() <= 0) return false;
    database.exec(`PRAGMA incremental_vacuum(${PAGES_A_STEP})`);
    return excess() > 0;
  };
};
