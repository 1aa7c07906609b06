import fc from "fast-check";
import { expect, test } from "vitest";
import type { TextBatch } from "../../../worker/views/view-store.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { dropTables } from "../support/mailbox.ts";
import { batchOf, openShard } from "../support/view-shard.ts";

type Change = { readonly key: string; readonly row: number | null };
type Partition = readonly Change[];

/** How the rows are after so many commits: of each key its last change, with its offset. */
const rowsAfter = (log: Partition, commits: number): Map<string, readonly [offset: number, row: number | null]> => {
  const rows = new Map<string, readonly [number, number | null]>();
  for (const [offset, { key, row }] of log.slice(0, commits).entries()) rows.set(key, [offset, row]);
  return rows;
};

/** A consumer of one partition and version: it has folded so many commits, and ships rows a few at a time. */
const createWriter = (log: Partition, version: number, partition: number, partitions: number) => {
  const writer = {
    /** It has been at the end once before it ships. */
    folded: log.length,
    next: undefined as number | undefined,
    fold: (): void => void (writer.folded = log.length),
    nextBatch(most: number): TextBatch {
      const head = { version, partition, partitions };
      const { next } = writer;
      if (next === undefined) return batchOf([], { ...head, from: writer.folded, to: writer.folded });
      const changed = [...rowsAfter(log, writer.folded)]
        .map(([key, [offset, row]]) => [key, offset, row] as const)
        .filter(([, offset]) => offset >= next)
        .toSorted(([, one], [, other]) => one - other);
      const isCaughtUp = changed.length <= most;
      const to = isCaughtUp ? Math.max(writer.folded, next) : (changed[most]?.[1] ?? 0);
      return batchOf(changed.slice(0, most), { ...head, from: next, to, isCaughtUp });
    },
  };
  return writer;
};

const PARTITIONS = 2;
const VERSIONS = 2;
const change = fc.record({ key: fc.constantFrom("a", "b", "c", "d"), row: fc.option(fc.nat(99)) });
const place = { version: fc.integer({ min: 1, max: VERSIONS }), partition: fc.nat(PARTITIONS - 1), writer: fc.nat(1) };
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("commit" as const), partition: place.partition, change }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("fold" as const), ...place }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("ship" as const), ...place, most: fc.integer({ min: 1, max: 3 }), fate: fc.nat(5) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("arrive" as const), index: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("takeOver" as const), ...place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);

test(
  "whatever is late, lost or repeated by two consumers, readers see the newest rows, and never older ones than before",
  { timeout: 60_000 },
  async () => {
    await host.inStorage(async (storage) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          dropTables(storage);
          let { shard } = openShard(storage);
          const logs: Change[][] = Array.from({ length: PARTITIONS }, () => []);
          const keyIn = (partition: number, key: string) => `${partition}/${key}`;
          const writerOf = (version: number, partition: number) => createWriter(logs[partition] ?? [], version, partition, PARTITIONS);
          const writers = new Map<string, ReturnType<typeof createWriter>>();
          const find = (version: number, partition: number, number: number) => {
            const name = `${version} ${partition} ${number}`;
            const found = writers.get(name) ?? writerOf(version, partition);
            writers.set(name, found);
            return found;
          };
          const late: TextBatch[] = [];
          const seen = new Map<string, number>();

          /** What readers see is as new as what they saw, and as what the edge says that it has. */
          const look = async () => {
            const [versions = []] = await shard.versions(["balances"]);
            const served = versions.find(({ isServed }) => isServed);
            for (const [partition, log] of logs.entries())
              for (const key of ["a", "b", "c", "d"]) {
                const found = await shard.read({ view: "balances", key: keyIn(partition, key), known: [], waitMs: 0 });
                if (found.outcome !== "found") {
                  expect([found.outcome, served?.isReady ?? false]).toEqual(["not-ready", false]);
                  continue;
                }
                const offset = found.position?.offset ?? -1;
                const name = `${partition} ${key}`;
                expect(offset, name).toBeGreaterThanOrEqual(seen.get(name) ?? -1);
                seen.set(name, offset);
                for (const reached of Array.from(log.keys()).filter((one) => one % 3 === 0)) {
                  const query = { view: "balances", prefix: "", behind: "", limit: 1, waitMs: 0 };
                  const has = await shard.list({ ...query, after: { partition, offset: reached, generation: "0123456789ab" } });
                  if (has.outcome === "found")
                    expect(offset, `${found.version} ${name}`).toBeGreaterThanOrEqual(
                      rowsAfter(log, reached + 1).get(keyIn(partition, key))?.[0] ?? -1,
                    );
                }
              }
          };

          for (const one of steps) {
            if (one.do === "commit") logs[one.partition]?.push({ ...one.change, key: keyIn(one.partition, one.change.key) });
            else if (one.do === "arrive") {
              const batch = late[one.index % Math.max(late.length, 1)];
              if (batch !== undefined) await shard.store(batch);
            } else if (one.do === "restart") ({ shard } = openShard(storage));
            else if (one.do === "fold") find(one.version, one.partition, one.writer).fold();
            else if (one.do === "takeOver")
              writers.set(`${one.version} ${one.partition} ${one.writer}`, writerOf(one.version, one.partition));
            else {
              const writer = find(one.version, one.partition, one.writer);
              const batch = writer.nextBatch(one.most);
              if (one.fate < 2) late.push(batch);
              // It is lost, or its answer is: the consumer asks again what the edge has.
              if (one.fate === 0) writer.next = undefined;
              else {
                const result = await shard.store(batch);
                writer.next =
                  one.fate === 1 || result.outcome === "unknown" ? undefined : result.outcome === "behind" ? result.next : batch.to;
              }
            }
            await look();
          }

          // In the end one consumer of each partition ships all.
          for (const version of [1, 2])
            for (const partition of logs.keys()) {
              const writer = writerOf(version, partition);
              for (let isDone = false; !isDone;) {
                const batch = writer.nextBatch(2);
                const result = await shard.store(batch);
                writer.next = result.outcome === "behind" ? result.next : batch.to;
                isDone = result.outcome !== "behind" && batch.isCaughtUp;
              }
            }
          await look();
          const all = await shard.list({ view: "balances", prefix: "", behind: "", limit: 100, waitMs: 0 });
          const expected = logs.flatMap((log) =>
            [...rowsAfter(log, log.length)].flatMap(([key, [offset, row]]) => (row === null ? [] : [{ key, offset, row: { cents: row } }])),
          );
          expect(all).toMatchObject({ outcome: "found", version: 2 });
          const rows = all.outcome === "found" ? all.rows : [];
          expect(rows.map(({ key, position, row }) => ({ key, offset: position.offset, row: JSON.parse(row) as unknown }))).toEqual(
            expected.toSorted((one, other) => (one.key < other.key ? -1 : 1)),
          );
        }),
        { numRuns: 150 },
      );
    });
  },
);
