import { expect, test } from "vitest";
import { openProducer as open, recordFor, startScriptedCluster, valuesSentTo as valuesOf } from "./scripted-cluster.ts";

const record = (value: string, key?: string) => recordFor("requests", value, key);
const inMs = (ms: number) => Date.now() + ms;

const NOT_LEADER = 6;
const NOT_ENOUGH_REPLICAS = 19;
const MESSAGE_TOO_LARGE = 10;
const INVALID_RECORD = 87;

test("records without a key go to another partition with each batch, and all of a batch to one", async () => {
  const cluster = await startScriptedCluster({ topics: { requests: [0, 1, 2] }, brokers: 3 });
  const producer = open(cluster);
  for (let batch = 0; batch < 12; batch++) await producer.produce([record(`${batch}/a`), record(`${batch}/b`)], inMs(5_000));
  expect(cluster.sent.map(({ values }) => values.length)).toEqual(Array.from({ length: 12 }, () => 2));
  expect(new Set(cluster.sent.map(({ partition }) => partition))).toEqual(new Set([0, 1, 2]));
});

test("records of a key keep their order when the leader refuses some of them for a while, and none is sent past another", async () => {
  let refusals = 3;
  const cluster = await startScriptedCluster({
    topics: { requests: [0] },
    onProduce: () => (refusals-- > 0 ? { errorCode: NOT_ENOUGH_REPLICAS } : {}),
  });
  const producer = open(cluster);
  const outcomes = await Promise.all(["a", "b", "c", "d"].map((value) => producer.produce([record(value, "key")], inMs(10_000))));
  expect(outcomes.flat()).toMatchObject([0, 1, 2, 3].map((offset) => ({ outcome: "stored", metadata: { offset } })));
  expect(cluster.sent.at(-1)?.values).toEqual(["a", "b", "c", "d"]);
});

test("a leader that has moved is followed", async () => {
  const topics = { requests: [0] };
  const cluster = await startScriptedCluster({
    topics,
    brokers: 2,
    onProduce: ([batch]) => (batch?.broker === topics.requests[0] ? {} : { errorCode: NOT_LEADER }),
  });
  const producer = open(cluster);
  await producer.produce([record("a", "key")], inMs(5_000));
  topics.requests = [1];
  expect(await producer.produce([record("b", "key")], inMs(5_000))).toMatchObject([{ outcome: "stored" }]);
  expect(cluster.sent.map(({ broker, values }) => [broker, ...values])).toEqual([
    [0, "a"],
    [0, "b"],
    [1, "b"],
  ]);
});

test("what a leader had appended before it lost the partition is unknown, and never sent again", async () => {
  const cluster = await startScriptedCluster({ topics: { requests: [0] }, onProduce: () => ({ errorCode: NOT_LEADER, baseOffset: 7 }) });
  expect(await open(cluster).produce([record("a", "key")], inMs(1_000))).toMatchObject([
    { outcome: "unknown", detail: expect.stringMatching(/NOT_LEADER_OR_FOLLOWER/) },
  ]);
  expect(valuesOf(cluster)).toEqual(["a"]);
});

test("what is under way when a connection is lost is unknown, and never sent again; what waits behind it is sent", async () => {
  let hangUps = 1;
  const cluster = await startScriptedCluster({ topics: { requests: [0] }, onProduce: () => (hangUps-- > 0 ? "hang-up" : {}) });
  const producer = open(cluster);
  const outcomes = await Promise.all(["a", "b"].map((value) => producer.produce([record(value, "key")], inMs(5_000))));
  const others = await producer.produce([record("c", "key")], inMs(5_000));
  expect([...outcomes.flat(), ...others].map(({ outcome }) => outcome)).toContain("unknown");
  expect(others).toMatchObject([{ outcome: "stored" }]);
  expect(new Set(valuesOf(cluster)).size).toBe(valuesOf(cluster).length);
});

test("a broker that takes records and says nothing makes them unknown at the deadline, and is given up", async () => {
  let isSilent = true;
  const cluster = await startScriptedCluster({ topics: { requests: [0] }, onProduce: () => (isSilent ? "silence" : {}) });
  const producer = open(cluster);
  const [behind, under] = [producer.produce([record("a", "key")], inMs(300)), producer.produce([record("b", "key")], inMs(200))];
  expect(await under).toMatchObject([{ outcome: expect.stringMatching(/unknown|unavailable/) }]);
  expect(await behind).toMatchObject([{ outcome: "unknown" }]);
  isSilent = false;
  expect(await producer.produce([record("c", "key")], inMs(5_000))).toMatchObject([{ outcome: "stored" }]);
});

test("records that a broker blames are refused, and the others of their batch are stored in their order", async () => {
  const cluster = await startScriptedCluster({
    topics: { requests: [0] },
    onProduce: ([batch]) => {
      const blamed = (batch?.values ?? []).flatMap((value, index) => (value === "bad" ? [index] : []));
      return blamed.length > 0 ? { errorCode: INVALID_RECORD, blamed } : {};
    },
  });
  const outcomes = await open(cluster).produce(
    ["a", "bad", "b", "bad", "c"].map((value) => record(value, "key")),
    inMs(5_000),
  );
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(["stored", "rejected", "stored", "rejected", "stored"]);
  expect(cluster.sent.at(-1)?.values).toEqual(["a", "b", "c"]);
});

test("a batch that is too large is sent in parts, and only the record that is too large by itself is refused", async () => {
  const cluster = await startScriptedCluster({
    topics: { requests: [0] },
    onProduce: ([batch]) => ((batch?.values.join("").length ?? 0) > 100_000 ? { errorCode: MESSAGE_TOO_LARGE } : {}),
  });
  const values = ["a", "b", "c", "d"].map((letter) => letter.repeat(letter === "c" ? 200_000 : 60_000));
  const outcomes = await open(cluster).produce(
    values.map((value) => record(value, "key")),
    inMs(5_000),
  );
  expect(outcomes).toMatchObject([
    { outcome: "stored", metadata: { offset: 0 } },
    { outcome: "stored", metadata: { offset: 1 } },
    { outcome: "rejected", detail: expect.stringMatching(/max\.message\.bytes/) },
    { outcome: "stored", metadata: { offset: 2 } },
  ]);
});

test("a topic that is not there is refused after a second look, and nothing beside it", async () => {
  const cluster = await startScriptedCluster({ topics: { requests: [0] } });
  const outcomes = await open(cluster).produce([{ ...record("a"), topic: "nope" }, record("b")], inMs(60_000));
  expect(outcomes).toMatchObject([{ outcome: "rejected", detail: expect.stringMatching(/Create the topic/) }, { outcome: "stored" }]);
  expect(cluster.counts.metadata).toBe(2);
});

test("a partition without a leader is waited for until the deadline, and those beside it are not", async () => {
  const topics = { requests: [-1, 0] };
  const cluster = await startScriptedCluster({ topics });
  const producer = open(cluster);
  const outcomes = await producer.produce(
    Array.from({ length: 20 }, (_, index) => record(String(index), String(index))),
    inMs(400),
  );
  expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(["stored", "unavailable"]));
  expect(new Set(cluster.sent.map(({ partition }) => partition))).toEqual(new Set([1]));
  topics.requests = [0, 0];
  const again = await producer.produce(
    Array.from({ length: 20 }, (_, index) => record(String(index), String(index))),
    inMs(5_000),
  );
  expect(again.map(({ outcome }) => outcome)).toEqual(again.map(() => "stored"));
});

test("no record is lost or doubled whatever brokers do, and each has one outcome", async () => {
  let calls = 0;
  const topics = { requests: [0, 1, 2] };
  const stored: string[] = [];
  const cluster = await startScriptedCluster({
    topics,
    brokers: 3,
    onProduce: (batches) => {
      const step = ++calls % 11;
      if (step === 3) return { errorCode: NOT_LEADER };
      if (step === 5) return "hang-up";
      if (step === 7) topics.requests = topics.requests.map((leader) => (leader + 1) % 3);
      if (step === 9) return { errorCode: NOT_ENOUGH_REPLICAS };
      stored.push(...batches.flatMap(({ values }) => values));
      return {};
    },
  });
  const producer = open(cluster);
  const outcomes = await Promise.all(
    Array.from({ length: 300 }, async (_, index) => {
      const value = String(index);
      const [result] = await producer.produce([record(value, index % 2 === 0 ? `key-${index % 7}` : undefined)], inMs(15_000));
      return { value, outcome: result?.outcome };
    }),
  );
  const acknowledged = outcomes.filter(({ outcome }) => outcome === "stored").map(({ value }) => value);
  expect(new Set(stored).size).toBe(stored.length);
  expect(acknowledged.toSorted()).toEqual(stored.toSorted());
  expect(outcomes.filter(({ outcome }) => outcome !== "stored" && outcome !== "unknown")).toEqual([]);
});
