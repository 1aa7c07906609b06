import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../gateway/embedded/database.ts";
import { createLogFile } from "../../gateway/embedded/log-file.ts";
import type { Partition } from "../../gateway/embedded/partition.ts";
import { openTopics } from "../../gateway/embedded/topics.ts";
import { fetchRequest, take } from "./engine-contract.ts";
import { engineUnderTest, SILENT_LOG } from "./open-engine.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Segments of 10 bytes: every record fills one. */
const RETENTION = { ms: undefined, bytes: 100 };

const openLog = async () => {
  const folder = await temporaryFolder();
  const open = () => {
    const opened = openDatabase(folder, "os", SILENT_LOG);
    const { database } = opened;
    const { topics } = openTopics(database, { declared: new Map([["t", { partitions: 1 }]]), retention: RETENTION }, 0);
    const partition = topics.get("t")?.[0] as Partition;
    const file = createLogFile(database, { onWritten: () => {}, onGrown: () => {} });
    return { ...opened, partition, file };
  };
  const log = open();
  onTestFinished(() => void (log.database.isOpen && log.close()));
  return { ...log, open };
};

const record = (value: string) => ({ topic: "t", value, headers: [] });
const everything = { records: 100, bytes: 10_000, empty: true };

test("knows nothing of a transaction that failed, neither its records nor its segments", async () => {
  const { file, partition } = await openLog();
  file.transact(() => file.append(partition, record("before"), 5, 1000));
  const state = () => structuredClone({ segments: partition.segments, end: partition.end });
  const before = state();
  expect(() =>
    file.transact(() => {
      for (let index = 0; index < 5; index += 1) file.append(partition, record(`lost ${index}`), 9, 2000);
      throw new Error("disk full");
    }),
  ).toThrow("disk full");
  expect(state()).toEqual(before);
  file.transact(() => file.append(partition, record("after"), 6, 3000));
  expect(file.read(partition, 0, { ...everything }).map(({ offset, value }) => [offset, value])).toEqual([
    [0, "before"],
    [1, "after"],
  ]);
});

test("finds the same segments in the file as it had in memory", async () => {
  const { close, file, partition, open } = await openLog();
  for (const [index, value] of ["one", "two", "three", "four"].entries())
    file.transact(() => file.append(partition, record(value), 10 - index, index));
  file.removeOldest(partition, 2, 100);
  file.settle([partition]);
  const { segments, end } = partition;
  close();
  const again = open();
  onTestFinished(again.close);
  expect(again.partition).toMatchObject({ segments, end });
  expect(segments.map(({ base, latest }) => [base, latest])).toEqual([
    [2, 8],
    [3, 7],
  ]);
});

test("refuses a file that a later version wrote", async () => {
  const folder = await temporaryFolder();
  const { database, close } = openDatabase(folder, "os", SILENT_LOG);
  database.exec("PRAGMA user_version = 99");
  close();
  expect(() => openDatabase(folder, "os", SILENT_LOG)).toThrow(/version 99 .* reads up to 2/);
});

test("takes over a file of the first version, with its records, offsets and commits", async () => {
  const dataDir = await temporaryFolder();
  const first = new DatabaseSync(join(dataDir, "log.sqlite"));
  first.exec(`
    CREATE TABLE partitions (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, number INTEGER NOT NULL, UNIQUE (topic, number)) STRICT;
    CREATE TABLE records (position INTEGER PRIMARY KEY, timestamp INTEGER NOT NULL, key TEXT, value TEXT NOT NULL, headers TEXT) STRICT;
    CREATE TABLE commits (consumer_group TEXT NOT NULL, partition_id INTEGER NOT NULL, "offset" INTEGER NOT NULL,
      PRIMARY KEY (consumer_group, partition_id)) STRICT, WITHOUT ROWID;
    INSERT INTO partitions VALUES (0, 't', 0), (1, 'u', 0);
    INSERT INTO records VALUES (${2 ** 40}, 5, 'k', 'a', NULL), (${2 ** 40 + 1}, 6, NULL, 'b', '[{"key":"h","value":"v"}]');
    INSERT INTO commits VALUES ('g', 1, 1);
    PRAGMA user_version = 1;
  `);
  first.close();
  const engine = await engineUnderTest({ dataDir, topics: {} });
  const [place] = await engine.produce([{ topic: "u", timestamp: 7, value: "c", headers: [] }]);
  expect(place).toMatchObject({ partition: 0, offset: 2 });
  expect(await take(engine, { topics: ["u"] })).toEqual(["b", "c"]);
  const [a, b] = await engine.fetch(fetchRequest([{ topic: "u", partition: 0, offset: 0 }]));
  expect([a, b]).toMatchObject([
    { timestamp: 5, key: "k", value: "a", headers: [] },
    { timestamp: 6, key: "", value: "b", headers: [{ key: "h", value: "v" }] },
  ]);
  expect(await engine.offsetsAt(6, [{ topic: "u", partition: 0 }])).toEqual([{ topic: "u", partition: 0, offset: 1 }]);
});
