import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type ConsumerObserver, SILENT_OBSERVER, type Watched } from "../../../consumer/observe/observer.ts";
import type { AnyPolicy } from "../../../consumer/policies/policy.ts";
import { policyTopicsOf, startPolicies } from "../../../consumer/policies/start-policies.ts";
import type { Source } from "../../../consumer/source.ts";
import { partsOf } from "../../../contract/contract.ts";
import type { PartitionLag } from "../../../protocol/link.ts";
import { topicPartitionKey, type TopicPartition, type TopicPartitionOffset } from "../../../protocol/topic-partition.ts";
import { createManualTime } from "../../helpers/manual-time.ts";
import { createRecordedLog } from "../log.ts";
import { createMemoryLog, type MemoryLog } from "./memory-log.ts";
import { requestsIn } from "./stage.ts";
import { begins, BEGUN, commitRecord, contract, notices, PARTITION, START, TOPIC } from "./transfers.ts";

const definitions = { policies: { begins, notices }, aggregates: partsOf(contract).aggregates };

/** A group of one member, on a log in memory, that gives what is there and then waits. */
const groupSource = (log: MemoryLog, partitions: readonly TopicPartition[], { asks }: { readonly asks: boolean }) => {
  const committed = new Map<string, number>();
  const next = new Map<string, number>();
  let wake = Promise.withResolvers<void>();
  let lost: readonly TopicPartition[] = [];
  const paused = new Set<string>();
  const source: Source = {
    name: "memory",
    group: "test-policies",
    async open() {
      for (const partition of partitions) next.set(topicPartitionKey(partition), committed.get(topicPartitionKey(partition)) ?? 0);
    },
    async *records(signal) {
      signal.addEventListener("abort", () => wake.resolve());
      while (!signal.aborted) {
        for (const partition of partitions) {
          const key = topicPartitionKey(partition);
          for (const record of log.records(partition).slice(next.get(key))) {
            next.set(key, record.offset + 1);
            yield record;
          }
        }
        await wake.promise;
        wake = Promise.withResolvers();
      }
    },
    async commit(positions) {
      const taken = positions.filter((one) => !lost.some((gone) => topicPartitionKey(gone) === topicPartitionKey(one)));
      for (const position of taken) committed.set(topicPartitionKey(position), position.offset);
      return { committed: taken, lost };
    },
    pause: (partition) => void paused.add(topicPartitionKey(partition)),
    produce: () => expect.fail("Expected the event log to be used."),
    ...(asks && {
      lag: async (): Promise<readonly PartitionLag[]> =>
        partitions.map((partition) => ({
          ...partition,
          lag: log.records(partition).length - (committed.get(topicPartitionKey(partition)) ?? 0),
        })),
    }),
    async close() {},
  };
  return {
    source,
    committed,
    paused,
    wake: () => wake.resolve(),
    lose(gone: readonly TopicPartition[]) {
      lost = gone;
    },
  };
};

type StageOptions = { readonly asks?: boolean; readonly dataDir?: string; readonly policies?: Readonly<Record<string, AnyPolicy>> };

const stage = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "rejoinder-policies-"));
  const eventLog = createMemoryLog(2);
  const time = createManualTime(START);
  const log = createRecordedLog();
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const partitions = [PARTITION, { topic: TOPIC, partition: 1 }];
  const start = async ({ asks = true, policies = definitions.policies }: StageOptions = {}, before?: ReadonlyMap<string, number>) => {
    const group = groupSource(eventLog, partitions, { asks });
    for (const [key, offset] of before ?? []) group.committed.set(key, offset);
    const watched: Watched[] = [];
    const observer: ConsumerObserver = { ...SILENT_OBSERVER, watch: (one) => void watched.push(one) };
    const running = startPolicies({
      ...definitions,
      policies,
      source: group.source,
      eventLog,
      dataDir,
      log,
      observer,
      time,
      random: () => 0,
    });
    running.ended.catch(() => {});
    await running.ready;
    onTestFinished(() => running.drain(0));
    return { ...group, running, figures: () => watched.flatMap(({ policies: all }) => all?.() ?? []) };
  };
  /** Lets what is under way come to rest; the commits of some time are made. */
  const settle = async (milliseconds = 1_000): Promise<void> => {
    for (let turn = 0; turn < 10; turn += 1) await time.elapse(0);
    await time.elapse(milliseconds);
    for (let turn = 0; turn < 10; turn += 1) await time.elapse(0);
  };
  return { dataDir, eventLog, time, log, partitions, start, settle };
};

const requests = (log: MemoryLog, topic: string): readonly unknown[] => requestsIn(log, topic).map(({ data }) => data);

test("the topics of aggregates with policies are followed, and no others", () => {
  expect(policyTopicsOf(definitions)).toEqual([TOPIC]);
  expect(policyTopicsOf({ ...definitions, policies: {} })).toEqual([]);
});

test("events of all partitions are followed and committed, and each partition has a file", async () => {
  const { dataDir, eventLog, partitions, start, settle } = await stage();
  for (const [index, partition] of partitions.entries()) eventLog.store(partition, [commitRecord(`t${index}`, `c${index}`, "", [BEGUN])]);
  const { committed, figures } = await start();
  await settle();
  expect(requests(eventLog, "account-commands").length).toBe(2);
  expect([...committed]).toEqual([
    [`${TOPIC}/0`, 1],
    [`${TOPIC}/1`, 1],
  ]);
  expect((await readdir(join(dataDir, "policies"))).toSorted()).toEqual([`${TOPIC}-0`, `${TOPIC}-1`]);
  expect(figures()).toEqual([
    { state: "ready", waiting: 1, late: 0 },
    { state: "ready", waiting: 1, late: 0 },
  ]);
});

test.each([
  ["a source that must be asked", true],
  ["a source that tells of its partitions", false],
])("with %s, timers of a partition fire after a restart, though no event comes; with the file, and without", async (_, asks) => {
  const { dataDir, eventLog, start, settle } = await stage();
  eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN])]);
  const first = await start();
  await settle();
  await first.running.drain(0);
  await settle(60_000);
  expect(requests(eventLog, "transfer-commands")).toEqual([]);

  const tell = ({ running }: { readonly running: { onRead(position: TopicPartitionOffset): void } }): void =>
    asks ? undefined : running.onRead({ ...PARTITION, offset: 1 });
  const second = await start({ asks }, first.committed);
  tell(second);
  await settle();
  expect(requests(eventLog, "transfer-commands")).toEqual([{ transfer: "t1" }]);
  await second.running.drain(0);

  await rm(join(dataDir, "policies"), { recursive: true });
  const third = await start({ asks }, first.committed);
  tell(third);
  await settle();
  expect(new Set(requestsIn(eventLog, "transfer-commands").map(({ correlationId }) => correlationId)).size).toBe(1);
  expect(requests(eventLog, "account-commands").length).toBe(1);
});

test("a partition that goes to others lets go of its file, and of its timers", async () => {
  const { eventLog, start, settle } = await stage();
  eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN])]);
  const here = await start({ asks: false });
  await settle();
  here.lose([PARTITION]);
  eventLog.store(PARTITION, [commitRecord("t2", "c2", "", [BEGUN])]);
  here.wake();
  await settle();
  expect(here.figures()).toEqual([]);
  const there = await start({ asks: false }, here.committed);
  await settle(60_000);
  expect(requestsIn(eventLog, "transfer-commands").length).toBe(2);
  expect(there.figures()).toEqual([{ state: "ready", waiting: 0, late: 0 }]);
});

test("a partition whose policy fails is left out, and the others go on", async () => {
  const { eventLog, partitions, start, settle, log } = await stage();
  const broken = { ...begins, on: { begun: (data: { from: string }) => (data.from === "eve" ? ("" as never) : undefined) } } as AnyPolicy;
  const eve = { type: "begun", data: { from: "eve", to: "bob", cents: 1 } };
  eventLog.store(PARTITION, [commitRecord("t0", "c0", "", [eve])]);
  eventLog.store(partitions[1] as TopicPartition, [commitRecord("t1", "c1", "", [BEGUN])]);
  const { committed, paused, figures } = await start({ policies: { broken } });
  await settle();
  expect([...committed]).toEqual([[`${TOPIC}/1`, 1]]);
  expect([...paused]).toEqual([`${TOPIC}/0`]);
  expect(figures().map(({ state }) => state)).toEqual(["paused", "ready"]);
  expect(log.lines.filter(({ level }) => level === "error").length).toBe(1);
});
