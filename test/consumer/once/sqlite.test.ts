import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test, vi } from "vitest";
import { sqliteOnce } from "../../../consumer/once/sqlite.ts";
import { temporaryFolder } from "../../gateway/temporary-folder.ts";
import { createRecordedLog } from "../log.ts";
import { newStep, testOnceStore } from "./once-contract.ts";

const log = createRecordedLog();

testOnceStore("SQLite", async () => {
  const folder = join(await temporaryFolder(), "consumer");
  return async () => sqliteOnce({ folder, log });
});

test("a consumer whose handlers have no steps makes no folder", async () => {
  const folder = join(await temporaryFolder(), "consumer");
  await sqliteOnce({ folder, log }).close();
  expect(existsSync(folder)).toBe(false);
});

test("a folder that another process has is refused before the step runs, and can be had when that process has ended", async () => {
  const folder = join(await temporaryFolder(), "consumer");
  const [first, second] = [sqliteOnce({ folder, log }), sqliteOnce({ folder, log })];
  const step = newStep();
  await first.once(step, async () => "1");
  const run = vi.fn(async () => "2");
  await expect(second.once(step, run)).rejects.toMatchObject({
    name: "RetryableError",
    cause: { message: `Another process is using ${folder}: stop it, or set CONSUMER_DATA_DIR to a folder of its own.` },
  });
  expect(run).not.toHaveBeenCalled();
  await first.close();
  expect(await second.once(step, async () => "2")).toBe("1");
  await second.close();
});

test("a consumer that is stopping takes no further step", async () => {
  const store = sqliteOnce({ folder: await temporaryFolder(), log });
  await store.close();
  await expect(store.once(newStep(), async () => "1")).rejects.toMatchObject({
    cause: { message: "The consumer is stopping, and takes no further steps." },
  });
});

test("many expired results are removed in steps that hold up nobody for long", async () => {
  const folder = await temporaryFolder();
  const store = sqliteOnce({ folder, log });
  const count = async (): Promise<unknown> => {
    const database = new DatabaseSync(join(folder, "once.sqlite"));
    const { rows } = database.prepare("SELECT count(*) AS rows FROM steps").get() as { rows: number };
    database.close();
    return rows;
  };
  await Promise.all(Array.from({ length: 450 }, () => store.once(newStep({ expiresAt: Date.now() - 1 }), async () => "1")));
  const left = [await count()];
  for (let index = 0; index < 3; index++) {
    await store.once(newStep(), async () => "1");
    left.push(await count());
  }
  expect(left).toEqual([250, 51, 2, 3]);
  await store.close();
});
