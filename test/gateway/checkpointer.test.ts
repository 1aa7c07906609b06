import { stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createCheckpointer } from "../../storage/checkpointer.ts";
import { openDatabase } from "../../gateway/embedded/database.ts";
import { produceValues } from "./engine-contract.ts";
import { engineUnderTest, openEngine, SILENT_LOG } from "./open-engine.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const MIB = 1024 * 1024;
const PATIENTLY = { timeout: 15_000 } as const;
/** As many as make a checkpoint worth while. */
const MANY_PAGES = 5000;

test("brings what is written into the file while it is being written to, and lets the write-ahead log begin anew", async () => {
  const dataDir = await temporaryFolder();
  const engine = await openEngine({ dataDir });
  const sizeOf = async (name: string) => (await stat(join(dataDir, name))).size;
  let produced = 0;
  const produceMore = async () => {
    await produceValues(engine, 0, "x".repeat(MIB));
    produced += 1;
    return sizeOf("log.sqlite");
  };
  while ((await produceMore()) < 60 * MIB);
  expect(await sizeOf("log.sqlite-wal")).toBeLessThan(150 * MIB);
  await engine.close();
  const again = await engineUnderTest({ dataDir });
  expect(await again.offsetsAt("latest", [{ topic: "t", partition: 0 }])).toMatchObject([{ offset: produced }]);
});

const openChecked = async (path?: string) => {
  const opened = openDatabase(await temporaryFolder(), "os", SILENT_LOG);
  const warnings: unknown[] = [];
  const checkpointer = createCheckpointer(opened.database, path ?? opened.path, {
    warn: (warning: unknown) => void warnings.push(warning),
  });
  onTestFinished(async () => {
    await checkpointer.close();
    opened.close();
  });
  const walPages = () => Number(opened.database.prepare("PRAGMA wal_checkpoint(PASSIVE)").get()?.["log"]);
  return { ...opened, checkpointer, warnings, walPages };
};

test("begins the write-ahead log anew only when all of it is in the file", async () => {
  const { database, checkpointer, warnings, walPages } = await openChecked();
  database.exec("CREATE TABLE filling (value BLOB); INSERT INTO filling VALUES (zeroblob(20000000))");
  const before = walPages();
  checkpointer.wrote(MANY_PAGES);
  const writeAndCount = () => {
    database.exec("INSERT INTO filling VALUES ('x')");
    return walPages();
  };
  await expect.poll(writeAndCount, PATIENTLY).toBeLessThan(before / 10);
  expect(warnings).toEqual([]);
});

test("says what went wrong when the file cannot be reached, and tries again once more was written", async () => {
  const { checkpointer, warnings } = await openChecked("/nowhere/at/all.sqlite");
  checkpointer.wrote(MANY_PAGES);
  await expect.poll(() => warnings.length, PATIENTLY).toBe(1);
  expect(warnings[0]).toMatchObject({ failure: expect.stringContaining("unable to open") });
  checkpointer.wrote(511);
  checkpointer.wrote(1);
  await expect.poll(() => warnings.length, PATIENTLY).toBe(2);
});
