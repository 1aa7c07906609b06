import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { createTopic } from "../kafka/broker/topics.ts";
import { createKafkaConsumerStage, produceAll, toRecords } from "./kafka-consumer.ts";
import type { RecordedLog } from "./log.ts";
import { newRequest } from "./requests.ts";

const SESSION_TIMEOUT_MS = 6_000;

/** The partitions that a member was last told to have. */
const assigned = ({ lines }: RecordedLog): unknown =>
  lines.findLast(({ msg }) => msg === "the partitions of this member")?.["partitions"] ?? [];

kafkaSuite("a consumer group on Kafka", ({ brokers }) => {
  const setUp = async (name: string, count: number) => {
    const topic = await createTopic(brokers, name, 6);
    const requests = Array.from({ length: count }, (_, index) => newRequest({ data: { a: index, b: 0 } }));
    const stage = await createKafkaConsumerStage(brokers, topic);
    return { ...stage, requests, send: (some = requests) => produceAll(brokers, toRecords(topic, some)) };
  };

  test("what is under way when partitions go to another member is finished and committed first, so that nothing runs twice", async () => {
    const { start, receiver, requests, send } = await setUp("hand-over", 60);
    const release = Promise.withResolvers<void>();
    const runs: number[] = [];
    const handle = async ({ a }: { a: number }) => {
      runs.push(a);
      await release.promise;
      return { sum: a };
    };
    const one = start("one", handle);
    await one.ready;
    await send();
    await expect.poll(() => runs.length).toBe(60);
    const two = start("two", handle);
    await expect
      .poll(() => one.log.lines, { timeout: 20_000 })
      .toContainEqual(expect.objectContaining({ msg: "partitions go to other members" }));
    release.resolve();
    await receiver.until(() => receiver.stored.size === requests.length);
    await expect.poll(() => assigned(two.log), { timeout: 20_000 }).toHaveLength(3);
    const others = Array.from({ length: 30 }, (_, index) => newRequest({ data: { a: 60 + index, b: 0 } }));
    await send(others);
    await receiver.until(() => receiver.stored.size === requests.length + others.length);
    expect(runs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 90 }, (_, index) => index));
  });

  test("while members come and go every request is handled once, and those of one key in their order", async () => {
    const { start, receiver, send } = await setUp("churn", 0);
    const keys = 100;
    const requests = Array.from({ length: 5_000 }, (_, index) =>
      newRequest({ data: { a: index, b: 0 }, orderingKey: `k${index % keys}`, deadline: Date.now() + 110_000 }),
    );
    const runs: number[] = [];
    const handle = async ({ a }: { a: number }) => {
      runs.push(a);
      await delay(10);
      return { sum: a };
    };
    const isDone = () => receiver.stored.size === requests.length;
    await start("steady", handle).ready;
    const comeAndGo = async (name: string) => {
      for (let round = 0; round < 3 || !isDone(); round += 1) {
        const guest = start(name, handle);
        await guest.ready;
        const before = receiver.stored.size;
        await receiver.until(() => receiver.stored.size > before || isDone());
        await guest.drain(10_000);
      }
    };
    const coming = Promise.all([comeAndGo("one"), comeAndGo("two")]);
    for (let from = 0; from < requests.length; from += 100) await send(requests.slice(from, from + 100));
    await receiver.until(isDone);
    await coming;
    expect(runs.toSorted((a, b) => a - b)).toEqual(requests.map((_, index) => index));
    for (let key = 0; key < keys; key += 1) {
      const ofKey = runs.filter((index) => index % keys === key);
      expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
    }
  });

  test("a handler may take longer than a member may be silent", async () => {
    const { start, receiver, requests, send } = await setUp("slow", 2);
    let runs = 0;
    const handle = async ({ a }: { a: number }) => {
      runs += 1;
      await delay(SESSION_TIMEOUT_MS * 1.5);
      return { sum: a };
    };
    await start("one", handle, { sessionTimeoutMs: SESSION_TIMEOUT_MS }).ready;
    await send();
    await receiver.until(() => receiver.stored.size === requests.length);
    expect(runs).toBe(requests.length);
  });

  test("of two processes with one name the later one stays, and the other ends and says why", async () => {
    const { start, receiver, send } = await setUp("name", 10);
    const handle = ({ a }: { a: number }) => ({ sum: a });
    const first = start("same", handle);
    await first.ready;
    const ended = expect(first.ended).rejects.toThrow(/Another process has taken the place of "same".*CONSUMER_INSTANCE/);
    await start("same", handle).ready;
    await ended;
    await send();
    await receiver.until(() => receiver.stored.size === 10);
  });
});
