import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import { upstashSource } from "../../consumer/sources/upstash.ts";
import { type GatewayProcess, startGatewayProcess } from "../helpers/gateway.ts";
import { createRecordedLog } from "./log.ts";
import { type Fate, startLossyProxy } from "./lossy-proxy.ts";
import { callGateway, produce } from "./requests.ts";
import { describeSource, type SourceStage, take } from "./source-contract.ts";

const TOPICS = Array.from({ length: 20 }, (_, index) => `topic-${index}`);
let gateway: GatewayProcess;
let used = 0;

beforeAll(async () => {
  gateway = await startGatewayProcess({ GATEWAY_TOPICS: TOPICS.map((topic) => `${topic}:3`).join(",") });
});
afterAll(() => gateway.remove());

const newTopic = (): string => TOPICS[used++] as string;
const createSource = (topic: string, instance: string, { url } = { url: gateway.url }, log = createRecordedLog()) => {
  const { username, password } = gateway;
  return upstashSource({
    url,
    username,
    password,
    group: `of-${topic}`,
    instance,
    topics: [topic],
    log,
    consumeTimeoutMs: 500,
    random: () => 0,
  });
};

describe.concurrent("as a source", () => {
  describeSource((): SourceStage => ({
    newTopic,
    createSource,
    produce: (records) => produce(gateway, records),
    read: async (topic) => {
      const fetched = [0, 1, 2].map((partition) => callGateway(gateway, "/fetch", { topic, partition, offset: 0, timeout: 1 }));
      return (await Promise.all(fetched)).flat() as never;
    },
  }));
});

type OnTestFinished = TestContext["onTestFinished"];

/** 50 records wait, then the answers of the gateway meet their fates, then 20 more come. */
const readThrough = async (onTestFinished: OnTestFinished, fates: readonly Fate[]) => {
  const proxy = await startLossyProxy(gateway.url);
  onTestFinished(() => proxy.close());
  const topic = newTopic();
  const records = (count: number, from: number) =>
    Array.from({ length: count }, (_, index) => ({ topic, partition: index % 3, value: String(from + index) }));
  await produce(gateway, records(50, 0));
  proxy.lose(...fates);
  const log = createRecordedLog();
  const source = createSource(topic, "one", proxy, log);
  const stop = new AbortController();
  await source.open(stop.signal, async () => {});
  const seen = new Set<number>();
  const order: string[] = [];
  let more = fates.includes("dropped") ? undefined : produce(gateway, records(20, 50));
  for await (const { value, partition, offset } of source.records(stop.signal)) {
    seen.add(Number(value));
    order.push(`${partition}/${String(offset).padStart(4, "0")}`);
    if (seen.size === 50) more ??= produce(gateway, records(20, 50));
    if (seen.size === 70) break;
  }
  await source.close();
  return { order, lost: proxy.lost, log };
};

describe.concurrent("when the network fails", () => {
  test("finds records again whose answer was dropped on its way, though nothing follows them", async ({ onTestFinished }) => {
    const { lost } = await readThrough(onTestFinished, ["dropped"]);
    expect(lost).toBe(50);
  });

  test("finds records again when answers are dropped one after another", async ({ onTestFinished }) => {
    const { lost } = await readThrough(onTestFinished, ["dropped", "dropped", "arrives", "dropped"]);
    expect(lost).toBeGreaterThanOrEqual(100);
  });

  test("fetches what stands before a record that comes too early, and gives it first", async ({ onTestFinished }) => {
    const { lost, order, log } = await readThrough(onTestFinished, ["emptied"]);
    expect(lost).toBe(50);
    for (const partition of ["0", "1", "2"]) {
      const ofPartition = order.filter((place) => place.startsWith(partition));
      expect(ofPartition).toEqual(ofPartition.toSorted());
    }
    expect(log.lines).toContainEqual(expect.objectContaining({ level: "warn", msg: "records lost on their way were read again" }));
  });

  test("keeps trying while the gateway is away, says so, and is there when it comes", async () => {
    const topic = newTopic();
    const away = await startLossyProxy(gateway.url);
    await away.close();
    const log = createRecordedLog();
    const stop = new AbortController();
    const opening = createSource(topic, "one", away, log).open(stop.signal, async () => {});
    await expect.poll(() => log.lines).toContainEqual(expect.objectContaining({ level: "warn", reason: "ECONNREFUSED" }));
    stop.abort();
    await opening;
  });
});

test("how far the group is behind is what it has not committed, of each partition, also where it has committed nothing", async () => {
  const topic = newTopic();
  const records = [0, 0, 0, 1].map((partition, index) => ({ topic, partition, value: String(index) }));
  await produce(gateway, records);
  const source = createSource(topic, "one");
  const stop = new AbortController();
  await source.open(stop.signal, async () => {});
  await take(source, 4, stop);
  await source.commit([{ topic, partition: 0, offset: 2 }]);
  expect(await source.lag?.()).toEqual([1, 1, 0].map((lag, partition) => ({ topic, partition, lag })));
  await source.close();
});

test("takes nothing twice or never when the gateway is killed while it reads", async () => {
  const topic = newTopic();
  await produce(
    gateway,
    Array.from({ length: 30 }, (_, index) => ({ topic, value: String(index) })),
  );
  const source = createSource(topic, "one");
  const stop = new AbortController();
  await source.open(stop.signal, async () => {});
  const first = await take(source, 30, stop);
  const positions = [0, 1, 2].map((partition) => ({
    topic,
    partition,
    offset: first.filter((record) => record.partition === partition).length,
  }));
  expect(await source.commit(positions)).toEqual({ committed: positions, lost: [] });
  const next = take(source, 1, stop);
  await gateway.restart("SIGKILL");
  await produce(gateway, [{ topic, value: "after" }]);
  expect(await next).toMatchObject([{ value: "after" }]);
  await source.close();
});
