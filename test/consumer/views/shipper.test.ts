import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { createViewShipper, type ViewShipper } from "../../../consumer/views/shipper.ts";
import { createManualTime, type ManualTime } from "../../helpers/manual-time.ts";
import { createRecordedLog } from "../log.ts";
import { createEdge, type Edge, type EdgeFault } from "./edge.ts";
import { createPartitionLog, foldFromScratch, openWriter, type PartitionLog, type StagedWriter } from "./stage.ts";

type Stage = {
  readonly events: PartitionLog;
  readonly edge: Edge;
  readonly time: ManualTime;
  readonly log: ReturnType<typeof createRecordedLog>;
  readonly writer: StagedWriter;
  restart(version?: number): void;
  /** The same on another machine, which has no file. */
  move(): void;
  close(): Promise<void>;
};

const setStage = (): Stage => {
  const folder = mkdtempSync(join(tmpdir(), "rejoinder-shipping-"));
  const events = createPartitionLog();
  const edge = createEdge();
  const time = createManualTime();
  const log = createRecordedLog();
  let moves = 0;
  let version = 1;
  const open = (): StagedWriter =>
    openWriter({
      file: join(folder, `${moves}.sqlite`),
      events,
      version,
      time,
      shipper: createViewShipper({ post: edge.post, log, time, random: () => 0 }),
    });
  let writer = open();
  return {
    events,
    edge,
    time,
    log,
    get writer() {
      return writer;
    },
    restart(next = version) {
      writer.die();
      version = next;
      writer = open();
    },
    move() {
      writer.die();
      moves += 1;
      writer = open();
    },
    async close() {
      await writer.close();
      rmSync(folder, { recursive: true });
    },
  };
};

const stage = (): Stage => {
  const set = setStage();
  onTestFinished(() => set.close());
  return set;
};

/** Lets time pass, and what is under way arrive. */
const elapse = async (time: ManualTime, ms = 0): Promise<void> => {
  await time.elapse(ms);
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

const credit = (events: PartitionLog, key: string, cents = 1): number => events.append(key, { type: "credited", data: { cents } });

describe("an edge that does what it should", () => {
  test("gets the rows that changed, at once", async () => {
    const { events, edge, writer, time } = stage();
    writer.take();
    await elapse(time);
    credit(events, "ada");
    credit(events, "bob");
    writer.take();
    await elapse(time);
    expect(edge.rows()).toEqual(foldFromScratch(events, 1));
    credit(events, "ada", 4);
    writer.take();
    await elapse(time);
    expect(edge.batches.at(-1)).toMatchObject({
      from: 2,
      to: 3,
      isCaughtUp: true,
      rows: [{ key: "ada", offset: 2, row: { cents: 5, commits: 2 } }],
    });
  });

  test("hears of commits that changed no row within 100 ms", async () => {
    const { events, edge, writer, time } = stage();
    writer.take();
    await elapse(time);
    events.append("ada");
    events.append("ada");
    writer.take();
    await elapse(time, 100);
    expect(edge.batches.at(-1)).toMatchObject({ to: 2, rows: [] });
  });

  test("gets of a row that changed meanwhile the last change only", async () => {
    const { events, edge, writer, time } = stage();
    writer.take();
    await elapse(time);
    for (let index = 0; index < 10; index += 1) {
      credit(events, "ada");
      writer.take();
    }
    await elapse(time);
    expect(edge.batches.flatMap(({ rows }) => rows)).toEqual([{ key: "ada", offset: 9, row: { cents: 10, commits: 10 } }]);
  });

  test("hears of an empty partition that it is caught up", async () => {
    const { edge, writer, time } = stage();
    writer.take();
    await elapse(time);
    expect(edge.batches).toMatchObject([{ from: 0, to: 0, generation: "", isCaughtUp: true, rows: [] }]);
  });
});

test("an edge that says how soon it wants to be asked gets them by then, as long as the consumer runs", async () => {
  const { events, edge, writer, time } = stage();
  edge.askAgainMs = 1_000;
  credit(events, "ada");
  writer.take();
  for (let times = 0; times < 3; times += 1) {
    await elapse(time, 1_000);
    edge.forget();
    await elapse(time, 1_000);
    expect(edge.rows()).toEqual(foldFromScratch(events, 1));
  }
});

test("an edge whose versions have changed is asked about all partitions at once", async () => {
  const edge = createEdge();
  const other = createEdge();
  const time = createManualTime();
  const log = createRecordedLog();
  const shipper = createViewShipper({
    // What one says of its versions, both say.
    post: async (batch) => {
      const result = await (batch.partition === 0 ? edge : other).post(batch);
      return result.outcome === "stored" ? { ...result, versions } : result;
    },
    log,
    time,
    random: () => 0,
  });
  let versions = "1";
  const folder = mkdtempSync(join(tmpdir(), "rejoinder-shipping-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const open = (partition: number) => {
    const events = createPartitionLog();
    const inPartition = { ship: (table, of) => shipper.ship(table, { ...of, partition }) } satisfies ViewShipper;
    const writer = openWriter({ file: join(folder, `${partition}.sqlite`), events, time, shipper: inPartition });
    onTestFinished(() => writer.close());
    credit(events, "ada");
    writer.take();
    return { events, writer };
  };
  const { events, writer } = open(0);
  open(1);
  await elapse(time);
  other.forget();
  versions = "2";
  credit(events, "ada");
  writer.take();
  await elapse(time);
  expect(other.rows()).toHaveLength(1);
});

test("an edge that lost its rows while nothing changed gets them again within a minute", async () => {
  const { events, edge, writer, time } = stage();
  credit(events, "ada");
  writer.take();
  await elapse(time);
  edge.forget();
  await elapse(time, 60_000);
  expect(edge.rows()).toEqual(foldFromScratch(events, 1));
  expect(edge.next).toBe(1);
});

test("after a start the edge is asked what it has, and gets nothing that it has", async () => {
  const set = stage();
  credit(set.events, "ada");
  set.writer.take();
  await elapse(set.time);
  const before = set.edge.batches.length;
  set.restart();
  await elapse(set.time);
  expect(set.edge.batches.slice(before)).toMatchObject([{ from: 1, to: 1, isCaughtUp: true, rows: [] }]);
});

test("a version that the Worker does not know is told once in the log, and follows when it is deployed", async () => {
  const { events, edge, writer, time, log } = stage();
  edge.fault = () => "unknown";
  credit(events, "ada");
  writer.take();
  await elapse(time, 600_000);
  expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  edge.fault = () => undefined;
  await elapse(time, 60_000);
  expect(edge.rows()).toEqual(foldFromScratch(events, 1));
});

test("rows that are too many for one batch come in several, and the edge tells of commits only when it has the last", async () => {
  const { events, edge, writer, time } = stage();
  for (let index = 0; index < 2_500; index += 1) credit(events, `key-${index % 2_200}`);
  const told: { next: number; rows: number }[] = [];
  edge.onStored = () => void told.push({ next: edge.next, rows: edge.rows().length });
  writer.take();
  await elapse(time);
  expect(told.at(-1)).toEqual({ next: 2_500, rows: 2_200 });
  expect(told.slice(0, -1).every(({ next }) => next === 0)).toBe(true);
  expect(edge.batches.every(({ rows }) => rows.length <= 1_000)).toBe(true);
});

type Step =
  | { readonly do: "credit"; readonly keys: readonly number[] }
  | { readonly do: "close"; readonly key: number }
  | { readonly do: "restart" | "move" | "take" | "forget" }
  | { readonly do: "elapse"; readonly ms: number }
  | { readonly do: "version"; readonly version: number }
  | { readonly do: "fault"; readonly faults: readonly EdgeFault[] };

const faults = fc.constantFrom<EdgeFault>("lost", "unheard", "again", "forgets", "unknown", "too-large", undefined);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("credit" as const), keys: fc.array(fc.nat(5), { maxLength: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("close" as const), key: fc.nat(5) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom("take" as const, "take" as const, "restart" as const, "move" as const, "forget" as const) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("elapse" as const), ms: fc.nat(2_000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("fault" as const), faults: fc.array(faults, { maxLength: 5 }) }) },
);

test("an edge that loses, doubles and forgets ends with the rows, and never tells of a commit whose rows it lacks", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const set = setStage();
      const { events, edge, time } = set;
      let coming: EdgeFault[] = [];
      edge.fault = () => coming.shift();
      edge.onStored = () => {
        const had = new Map(edge.rows().map(({ key, offset }) => [key, offset]));
        for (const { key, offset } of foldFromScratch(events, 1, edge.next))
          if ((had.get(key) ?? -1) < offset) throw new Error(`The edge tells of ${edge.next}, and lacks ${key} at ${offset}.`);
      };
      try {
        for (const one of steps) {
          if (one.do === "credit") for (const [index, key] of one.keys.entries()) credit(events, `key-${key}`, index + 1);
          else if (one.do === "close") events.append(`key-${one.key}`, { type: "closed", data: {} });
          else if (one.do === "take") set.writer.take();
          else if (one.do === "elapse") await elapse(time, one.ms);
          else if (one.do === "restart") set.restart();
          else if (one.do === "move") set.move();
          else if (one.do === "forget") edge.forget();
          else if (one.do === "fault") coming = [...one.faults];
        }
        coming = [];
        set.writer.take();
        for (let round = 0; round < 20; round += 1) await elapse(time, 10_000);
        expect(edge.rows().filter(({ row }) => row !== null)).toEqual(foldFromScratch(events, 1).filter(({ row }) => row !== null));
        expect(edge.next).toBe(events.records.length);
      } finally {
        await set.close();
      }
    }),
    { numRuns: 60 },
  );
});
