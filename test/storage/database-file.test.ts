import { chmodSync, existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type DatabaseFileOptions, openDatabaseFile } from "../../storage/database-file.ts";
import { SILENT_LOG } from "../gateway/open-engine.ts";
import { temporaryFolder } from "../gateway/temporary-folder.ts";

const open = (folder: string, options: Partial<DatabaseFileOptions> = {}) =>
  openDatabaseFile(
    {
      folder,
      file: "some.sqlite",
      inUse: "Another program has it.",
      synchronous: "NORMAL",
      version: 2,
      migrate: (database) => database.exec("CREATE TABLE IF NOT EXISTS t (n INTEGER)"),
      ...options,
    },
    SILENT_LOG,
  );

test("only the owner can read the folder and its files, also those that were there before", async () => {
  const folder = join(await temporaryFolder(), "made");
  open(folder).close();
  chmodSync(folder, 0o755);
  chmodSync(join(folder, "some.sqlite"), 0o644);
  const { database, close } = open(folder);
  database.exec("INSERT INTO t VALUES (1)");
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const file of readdirSync(folder)) expect([file, statSync(join(folder, file)).mode & 0o777]).toEqual([file, 0o600]);
  close();
});

test("a folder that another one has is refused, and can be had afterwards", async () => {
  const folder = await temporaryFolder();
  const { close } = open(folder);
  expect(() => open(folder)).toThrow("Another program has it.");
  close();
  open(folder).close();
});

test("a file that a later version wrote is refused, and the folder is free again", async () => {
  const folder = await temporaryFolder();
  open(folder, { version: 3 }).close();
  expect(() => open(folder)).toThrow(/version 3 of this program wrote it, and this one reads up to 2/);
  open(folder, { version: 3 }).close();
});

test("a schema is made from the version that wrote the file", async () => {
  const folder = await temporaryFolder();
  const versions: number[] = [];
  const migrate = (_: unknown, version: number): void => void versions.push(version);
  for (const version of [1, 2, 2]) open(folder, { version, migrate }).close();
  expect(versions).toEqual([0, 1, 2]);
});

test("a folder that cannot be made says so", async () => {
  const file = join(await temporaryFolder(), "some.sqlite");
  open(join(file, "..")).close();
  expect(existsSync(file)).toBe(true);
  expect(() => open(file)).toThrow(/EEXIST|ENOTDIR/);
});
