import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import type { Watched } from "../../../consumer/observe/observer.ts";
import { TrimmedError } from "../../../consumer/events/event-log.ts";
import { type AnyProjection, projection } from "../../../consumer/views/projection.ts";
import { createViewProjector } from "../../../consumer/views/view-projector.ts";
import { defineContract } from "../../../contract/contract.ts";
import { view } from "../../../contract/view.ts";
import { systemTime } from "../../../environment/time.ts";
import { createManualTime } from "../../helpers/manual-time.ts";
import { createRecordedLog } from "../log.ts";
import {
  account,
  balancesOf,
  contractOf,
  createPartitionLog,
  foldFromScratch,
  NO_SHIPPER,
  openWriter,
  type PartitionLog,
  projectionOf,
  type StagedWriter,
  until,
} from "./stage.ts";

const newFile = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "rejoinder-views-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "state.sqlite");
};

const open = (options: Parameters<typeof openWriter>[0]): StagedWriter => {
  const writer = openWriter(options);
  onTestFinished(() => writer.close().catch(() => {}));
  return writer;
};

const credit = (events: PartitionLog, count: number): void => {
  for (let index = 0; index < count; index += 1) events.append(`key-${index % 7}`, { type: "credited", data: { cents: index } });
};

const counter = view({ from: account, version: 1, row: z.int() });

/** Beside the balances, a view whose function fails at one amount. */
const withFragile = (failAt: number) =>
  ({
    projector: ({ log, watch }) =>
      createViewProjector({
        contract: defineContract({ account, balances: balancesOf(1), fragile: counter }),
        projections: {
          balances: projectionOf(1),
          fragile: projection(counter, {
            on: {
              credited(row, { cents }) {
                if (cents === failAt) throw new Error("no such amount");
                return (row ?? 0) + 1;
              },
            },
          }) as AnyProjection,
        },
        shipper: NO_SHIPPER,
        log,
        observer: { watch },
      }),
  }) satisfies Partial<Parameters<typeof openWriter>[0]>;

describe("a view whose function fails", () => {
  test("stops before that commit and says so, and commands and other views go on", () => {
    const events = createPartitionLog();
    const writer = open({ file: newFile(), events, ...withFragile(4) });
    credit(events, 10);
    writer.take();
    expect(writer.rows()).toEqual(foldFromScratch(events, 1));
    expect(writer.rows("fragile").map(({ row }) => row)).toEqual([1, 1, 1, 1]);
    expect(writer.views()).toMatchObject([
      { view: "balances", state: "live", lag: 0 },
      { view: "fragile", version: 1, partition: 0, state: "paused", lag: 6 },
    ]);
    expect(writer.log.lines.filter(({ level }) => level === "error")).toMatchObject([
      { view: "fragile", topic: "account-events", partition: 0, err: { message: expect.stringContaining("offset 4") as unknown } },
    ]);
  });

  test("goes on from there when a program that can fold it starts", async () => {
    const events = createPartitionLog();
    const file = newFile();
    const broken = open({ file, events, ...withFragile(4) });
    credit(events, 10);
    broken.take();
    await broken.close();
    const mended = open({ file, events, ...withFragile(-1) });
    await until(() => mended.views().every(({ state }) => state === "live"));
    mended.take();
    expect(mended.rows("fragile").map(({ row }) => row)).toEqual([2, 2, 2, 1, 1, 1, 1]);
  });

  test("stops while it catches up, too", async () => {
    const events = createPartitionLog();
    const file = newFile();
    credit(events, 10);
    const before = open({ file, events });
    before.take();
    await before.close();
    const writer = open({ file, events, ...withFragile(4) });
    await until(() => writer.views()[1]?.state === "paused");
    expect(writer.rows("fragile").map(({ row }) => row)).toEqual([1, 1, 1, 1]);
  });
});

test("a new version is folded beside the one before, and joins without a gap while commands come in", async () => {
  const events = createPartitionLog();
  const file = newFile();
  credit(events, 3_000);
  const before = open({ file, events });
  before.take();
  await before.close();
  const writer = open({ file, events, version: 2 });
  for (let lag = Number.POSITIVE_INFINITY; writer.views()[0]?.state !== "live"; lag = writer.views()[0]?.lag ?? 0) {
    // Some come whenever it has gone on.
    if (lag > (writer.views()[0]?.lag ?? 0)) {
      credit(events, 3);
      writer.take();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  writer.take();
  expect(writer.rows()).toEqual(foldFromScratch(events, 2));
  expect(writer.log.lines.map(({ msg }) => msg)).toEqual(["the view catches up", "the view has caught up"]);
});

test("a view that catches up gives way to the commands of all partitions after a few milliseconds, however many events commits have", async () => {
  const events = createPartitionLog();
  const file = newFile();
  const many = Array.from({ length: 100 }, (_, cents) => ({ type: "credited", data: { cents } }));
  for (let commit = 0; commit < 40; commit += 1) events.append(`key-${commit}`, ...many);
  const before = open({ file, events });
  before.take();
  await before.close();
  let now = 0;
  const time = { ...systemTime, elapsed: () => now };
  const slow = projection(balancesOf(2), {
    on: {
      credited: (row, { cents }, { version: commits }) => ((now += 0.1), { cents: (row?.cents ?? 0) + cents, commits }),
      closed: () => null,
    },
  }) as AnyProjection;
  let watched: Watched = {};
  const projector = createViewProjector({
    contract: contractOf(2),
    projections: { balances: slow },
    shipper: NO_SHIPPER,
    log: createRecordedLog(),
    observer: { watch: (more) => void (watched = more) },
    time,
  });
  open({ file, events, version: 2, projector: () => projector });
  // Commands come in to another partition.
  const busy = createPartitionLog();
  busy.append("busy", { type: "credited", data: { cents: 1 } });
  open({ file: newFile(), events: busy, version: 2, projector: () => projector }).take();
  const lagNow = (): number => watched.views?.()[0]?.lag ?? 0;
  const taken: number[] = [];
  for (let lag = lagNow(); lag > 0;) {
    await new Promise((resolve) => setImmediate(resolve));
    const left = lagNow();
    taken.push(lag - left);
    lag = left;
  }
  expect(Math.max(...taken)).toBe(1);
});

test("after a restart a view goes on about where it was", async () => {
  const events = createPartitionLog();
  const file = newFile();
  for (let index = 0; index < 4_000; index += 1) events.append(`key-${index}`, { type: "credited", data: { cents: index } });
  const before = open({ file, events });
  before.take();
  await before.close();
  const first = open({ file, events, version: 2 });
  await until(() => (first.views()[0]?.lag ?? 0) < 1_500);
  first.die();
  const reads: number[] = [];
  const watched = { ...events, read: (...args: Parameters<typeof events.read>) => (reads.push(args[0].offset), events.read(...args)) };
  const second = open({ file, events: watched as PartitionLog, version: 2 });
  await until(() => second.views()[0]?.state === "live");
  expect(reads[0]).toBeGreaterThanOrEqual(1_000);
  expect(second.rows()).toHaveLength(4_000);
});

test("a log that cannot be read is tried again, and one that was trimmed stops the view", async () => {
  const events = createPartitionLog();
  const file = newFile();
  const time = createManualTime();
  credit(events, 10);
  const before = open({ file, events });
  before.take();
  await before.close();
  const writer = open({ file, events, version: 2, time });
  events.fail = new Error("nobody is there");
  await until(() => writer.log.lines.some(({ reason }) => reason === "nobody is there"));
  events.fail = new TrimmedError("records from offset 0 on are gone");
  await time.elapse(10_000);
  await until(() => writer.views()[0]?.state === "paused");
  expect(writer.log.lines.at(-1)).toMatchObject({ level: "error", err: { message: "records from offset 0 on are gone" } });
});

test("rows of events that were wiped are made anew", async () => {
  const events = createPartitionLog();
  const file = newFile();
  credit(events, 20);
  const before = open({ file, events });
  before.take();
  await before.close();
  events.wipe();
  credit(events, 30);
  const writer = open({ file, events, isReset: true });
  writer.take();
  await until(() => writer.views().every(({ state }) => state === "live"));
  expect(writer.rows()).toEqual(foldFromScratch(events, 1));
});

test("rows of a former version are there for an hour, for a program that goes back to it, and then deleted", async () => {
  const events = createPartitionLog();
  const file = newFile();
  const time = createManualTime();
  credit(events, 10);
  const shipper = { ship: () => ({ changed: () => {}, shipped: Number.MAX_SAFE_INTEGER, close: () => {} }) };
  const before = open({ file, events, time, shipper });
  before.take();
  await before.close();
  const writer = open({ file, events, version: 2, time, shipper });
  const versions = (): unknown[] => writer.database.prepare("SELECT DISTINCT version FROM view_versions JOIN view_rows USING (id)").all();
  await until(() => writer.views()[0]?.state === "live");
  await time.elapse(59 * 60_000);
  expect(versions()).toHaveLength(2);
  await time.elapse(3 * 60_000);
  expect(versions()).toEqual([{ version: 2 }]);
  expect(writer.database.prepare("SELECT count(*) AS links FROM view_links").get()).toEqual({ links: 0 });
});
