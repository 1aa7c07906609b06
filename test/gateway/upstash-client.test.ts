import { Kafka } from "@upstash/kafka";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayProcess, startGatewayProcess } from "../helpers/gateway.ts";

let gateway: GatewayProcess;
let kafka: Kafka;

beforeAll(async () => {
  gateway = await startGatewayProcess({ GATEWAY_TOPICS: "client:2,many:3" });
  kafka = new Kafka({ url: gateway.url, username: gateway.username, password: gateway.password });
});

afterAll(() => gateway.remove());

test("the published client produces one record and reads it back at its offset", async () => {
  const place = await kafka
    .producer()
    .produce("client", { hello: "world" }, { key: "k", headers: [{ key: "h", value: "v" }], partition: 1 });
  expect(place).toMatchObject({ topic: "client", partition: 1, offset: 0, timestamp: expect.any(Number) });
  const { topic, partition, offset } = place;
  const expected = [{ ...place, key: "k", value: '{"hello":"world"}', headers: [{ key: "h", value: "v" }] }];
  expect(await kafka.consumer().fetch({ topic, partition, offset, timeout: 1000 })).toEqual(expected);
  const sets = { topicPartitionOffsets: [{ topic, partition, offset }], timeout: 1000 };
  expect(await kafka.consumer().fetch(sets as Parameters<ReturnType<Kafka["consumer"]>["fetch"]>[0])).toEqual(expected);
});

test("the published client produces many, consumes them in a group, commits, and ends its instance", async () => {
  const values = Array.from({ length: 20 }, (_, index) => `value ${index}`);
  const places = await kafka.producer().produceMany(values.map((value, index) => ({ topic: "many", value, key: String(index) })));
  expect(places).toHaveLength(20);
  const consumer = kafka.consumer();
  const name = { consumerGroupId: "clients", instanceId: "one" };
  const records = await consumer.consume({
    ...name,
    topics: ["many", "client"],
    autoCommit: false,
    autoOffsetReset: "earliest",
    timeout: 1000,
  });
  expect(
    records
      .filter(({ topic }) => topic === "many")
      .map(({ value }) => value)
      .sort(),
  ).toEqual([...values].sort());

  const partitions = [0, 1, 2].map((partition) => ({ topic: "many", partition }));
  const first = records.find(({ topic }) => topic === "many");
  if (first === undefined) throw new Error("Expected a record.");
  const { topic, partition, offset } = first;
  await consumer.commit({ ...name, offset: { topic, partition, offset } });
  expect(await consumer.committed({ ...name, topicPartitions: partitions })).toEqual([{ topic, partition, offset }]);
  await consumer.commit(name);
  const ends = partitions.map((place) => ({ ...place, offset: places.filter((stored) => stored.partition === place.partition).length }));
  expect(await consumer.committed({ ...name, topicPartitions: partitions })).toEqual(ends);

  expect(await consumer.consume({ ...name, topics: ["many"], timeout: 1 })).toEqual([]);
  await kafka.admin().removeConsumerInstance("clients", "one");
  expect(await consumer.consume({ ...name, topics: ["many"], autoOffsetReset: "earliest", timeout: 1 })).toEqual([]);
});

test("the published client lists topics and instances, and asks for offsets", async () => {
  expect(await kafka.admin().topics()).toMatchObject({ client: 2, many: 3 });
  const place = await kafka.producer().produce("client", "x");
  const name = { consumerGroupId: "admins", instanceId: "one" };
  await kafka.consumer().consume({ ...name, topics: ["client"], autoCommit: false, autoOffsetReset: "earliest" });
  const topicPartitionOffset = { topic: "client", partition: place.partition, offset: 0 };
  await kafka.consumer().commit({ ...name, offset: topicPartitionOffset });
  const { topic, partition } = place;
  expect(await kafka.admin().consumers()).toContainEqual({
    name: "admins",
    instances: [{ name: "one", topics: [{ topic: "client", partitions: [0, 1] }] }],
  });
  expect(await kafka.admin().topicPartitionOffsets({ timestamp: "earliest", topicPartition: { topic, partition } })).toEqual([
    topicPartitionOffset,
  ]);
  expect(await kafka.admin().committedOffsets({ ...name, topicPartition: { topic, partition } })).toEqual([topicPartitionOffset]);
});

test("the published client is woken by what is produced while it waits", async () => {
  const name = { consumerGroupId: "waiters", instanceId: "one" };
  await kafka.consumer().consume({ ...name, topics: ["client"], autoCommit: false, timeout: 1 });
  const waiting = kafka.consumer().consume({ ...name, topics: ["client"], timeout: 60_000 });
  await kafka.producer().produce("client", "woken");
  expect(await waiting).toMatchObject([{ value: "woken" }]);
});
