import type { DatabaseSync } from "node:sqlite";
import type { Partition } from "./partition.ts";
import type { WriteQueue } from "./write-queue.ts";

/** Where each group resumes. */
export type Commits = {
  of(group: string, partition: Partition): number | undefined;
  /** Every group's offsets, by partition id. */
  groups(): ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** Resolves once the offsets are on disk. */
  set(group: string, offsets: ReadonlyMap<Partition, number>): Promise<void>;
  /** Counts at once and reaches the disk later: for offsets that no caller waits for. */
  setInBackground(group: string, offsets: ReadonlyMap<Partition, number>): void;
};

export const openCommits = (database: DatabaseSync, queue: WriteQueue): Commits => {
  const groups = new Map<string, Map<number, number>>();
  const upsert = database.prepare(
    'INSERT INTO commits (consumer_group, partition_id, "offset") VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET "offset" = excluded."offset"',
  );
  const remember = (group: string, id: number, offset: number): void => {
    const known = groups.get(group);
    if (known === undefined) groups.set(group, new Map([[id, offset]]));
    else known.set(id, offset);
  };
  const write = (group: string, offsets: ReadonlyMap<Partition, number>): Promise<void> =>
    queue.write(() => {
      for (const [{ id }, offset] of offsets) upsert.run(group, id, offset);
    });

  for (const row of database.prepare('SELECT consumer_group, partition_id, "offset" FROM commits').all())
    remember(String(row["consumer_group"]), Number(row["partition_id"]), Number(row["offset"]));

  return {
    of: (group, { id }) => groups.get(group)?.get(id),
    groups: () => groups,
    async set(group, offsets) {
      if (offsets.size === 0) return;
      await write(group, offsets);
      for (const [{ id }, offset] of offsets) remember(group, id, offset);
    },
    setInBackground(group, offsets) {
      if (offsets.size === 0) return;
      for (const [{ id }, offset] of offsets) remember(group, id, offset);
      // A lost commit makes records come again, which at-least-once allows; the queue keeps the error for /health.
      write(group, offsets).catch(() => undefined);
    },
  };
};
