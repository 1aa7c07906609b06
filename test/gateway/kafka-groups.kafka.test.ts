import { MessagesStreamModes } from "@platformatic/kafka";
import { afterAll, expect, test } from "vitest";
import { systemTime } from "../../environment/time.ts";
import type { Engine } from "../../gateway/engine.ts";
import { createConsumerClient } from "../../bench/kafka/consumption.ts";
import { createAdminClient } from "../../kafka/clients.ts";
import { until } from "../helpers/stack.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { createTopic, ownName } from "../kafka/broker/topics.ts";
import { connectionTo } from "../kafka/connections.ts";
import { consumeRequest, FROM_THE_BEGINNING, ownership, produceValues, settled, take } from "./engine-contract.ts";
import { kafkaEngineUnderTest } from "./open-kafka-engine.ts";

const WITHIN = { timeout: 60_000 };
const SHORT_SESSION = { ...FROM_THE_BEGINNING, sessionTimeoutMs: 500 };

kafkaSuite("consumer groups on Kafka", ({ brokers }) => {
  /** Two gateways on one cluster. */
  const open = async (count: 1 | 2): Promise<[one: Engine, other: Engine]> => {
    const scope = ownName("groups");
    const one = await kafkaEngineUnderTest({ brokers, scope });
    return [one, count === 1 ? one : await kafkaEngineUnderTest({ brokers, scope })];
  };
  const admin = createAdminClient(connectionTo(brokers));
  afterAll(() => admin.close());
  const countOf = async (engine: Engine, instance: string) => (await ownership(engine))[instance]?.length;

  test("instances at several gateways share one group, and each record goes to one of them", async () => {
    const [one, other] = await open(2);
    await take(one, { instance: "a" });
    await take(other, { instance: "b" });
    await expect.poll(async () => [await countOf(one, "a"), await countOf(other, "b")], WITHIN).toEqual([2, 2]);
    for (const partition of [0, 1, 2, 3]) await produceValues(one, partition, `${partition}`);
    const values = [...(await take(one, { instance: "a" })), ...(await take(other, { instance: "b" }))];
    expect(values.sort()).toEqual(["0", "1", "2", "3"]);
  });

  test("an instance whose gateway has died goes on at another gateway at once, and the first is told if it lives after all", async () => {
    const [one, other] = await open(2);
    await produceValues(one, 0, "a", "b");
    expect(await take(one)).toEqual(["a", "b"]);
    await one.commit({ group: "g", instance: "i" }, [{ topic: "t", partition: 0, offset: 1 }]);
    const waiting = one.consume(consumeRequest({ timeoutMs: 60_000 }));
    waiting.catch(() => undefined);
    expect(await take(other)).toEqual(["b"]);
    expect(await ownership(other)).toEqual({ i: [0, 1, 2, 3] });
    await expect(waiting).rejects.toMatchObject({ status: 409, message: expect.stringMatching(/another gateway/) });
    await expect(one.commit({ group: "g", instance: "i" }, [])).rejects.toMatchObject({ status: 404 });
    expect(await ownership(other)).toEqual({ i: [0, 1, 2, 3] });
  });

  test("an instance of which nothing is heard is ended, and its partitions go to the others", async () => {
    const [engine] = await open(1);
    await take(engine, { instance: "silent", options: SHORT_SESSION });
    await take(engine, { instance: "heard" });
    await expect.poll(() => ownership(engine), WITHIN).toEqual({ heard: [0, 1, 2, 3] });
  });

  test("an instance keeps what it can and goes on where it was, when others come and go", async () => {
    const [engine] = await open(1);
    for (const partition of [0, 1, 2, 3]) await produceValues(engine, partition, `${partition}`);
    expect(await take(engine, { instance: "a" })).toHaveLength(4);
    // What moved was not committed: it comes again, and nothing else does.
    expect(await take(engine, { instance: "b" })).toHaveLength(2);
    await expect.poll(() => countOf(engine, "a"), WITHIN).toBe(2);
    expect(await take(engine, { instance: "a" })).toEqual([]);
    await engine.deleteConsumer({ group: "g", instance: "b" });
    await expect.poll(() => countOf(engine, "a"), WITHIN).toBe(4);
    expect(await take(engine, { instance: "a" })).toHaveLength(2);
  });

  test("auto-commit commits what was delivered before its partitions go to others", async () => {
    const [engine] = await open(1);
    const options = { ...FROM_THE_BEGINNING, autoCommit: true, autoCommitIntervalMs: 60_000 };
    for (const partition of [0, 1, 2, 3]) await produceValues(engine, partition, `${partition}`);
    expect(await take(engine, { instance: "a", options })).toHaveLength(4);
    await take(engine, { instance: "b", options });
    await expect.poll(() => countOf(engine, "b"), WITHIN).toBe(2);
    expect(await take(engine, { instance: "b" })).toEqual([]);
    const places = [0, 1, 2, 3].map((partition) => ({ topic: "t", partition }));
    expect(await engine.committed({ group: "g", instance: "a" }, places)).toEqual(places.map((place) => ({ ...place, offset: 1 })));
  });

  test("clients of Kafka's own are in the same groups", async () => {
    const scope = ownName("mixed");
    const topic = await createTopic(brokers, `${scope}-t`, 4);
    const name = topic.slice(scope.length + 1);
    const engine = await kafkaEngineUnderTest({ brokers, scope, topics: {} });
    const partitionsOf = async () => (await engine.consumers())[0]?.instances[0]?.topics[0]?.partitions.length;
    await take(engine, { topics: [name] });
    expect(await partitionsOf()).toBe(4);
    const native = createConsumerClient(connectionTo(brokers), { groupId: `${scope}-g` });
    const stream = await native.consume({ topics: [topic], mode: MessagesStreamModes.COMMITTED, fallbackMode: "earliest" });
    stream.on("data", () => {});
    await expect.poll(partitionsOf, WITHIN).toBe(2);
    expect(native.assignments?.flatMap(({ partitions }) => partitions)).toHaveLength(2);
    await native.close(true);
    await expect.poll(partitionsOf, WITHIN).toBe(4);
  });

  test("a group gets the partitions that a topic gets later", async () => {
    const scope = ownName("growing");
    let later = 0;
    const time = { ...systemTime, now: () => Date.now() + later };
    const engine = await kafkaEngineUnderTest({ brokers, scope, time });
    await take(engine);
    await admin.createPartitions({ topics: [{ name: `${scope}-t`, count: 6 }] });
    later = 60_000;
    await expect.poll(() => countOf(engine, "i"), WITHIN).toBe(6);
  });

  test("an instance that is deleted while its group still rebalances is gone", async () => {
    const [engine] = await open(1);
    await take(engine, { instance: "a" });
    const joining = engine.consume(consumeRequest({ instance: "b" }));
    await until(async () => "b" in (await ownership(engine)));
    await engine.deleteConsumer({ group: "g", instance: "b" });
    expect(settled(await joining)).toEqual([]);
    await expect.poll(() => ownership(engine), WITHIN).toEqual({ a: [0, 1, 2, 3] });
  });

  test("no record is passed over while instances at two gateways come and go", async () => {
    const [one, other] = await open(2);
    const produced = new Set<string>();
    const seen = new Set<string>();
    const flow = { isOver: false };
    const produceAll = async () => {
      for (let index = 0; !flow.isOver; index += 1) {
        for (const partition of [0, 1, 2, 3]) {
          await produceValues(one, partition, `${partition}/${index}`);
          produced.add(`${partition}/${index}`);
        }
      }
    };
    const consumeAll = async (engine: Engine, instance: string, isLeft: () => boolean) => {
      const name = { group: "g", instance };
      while (!isLeft()) {
        for (const { value } of settled(await engine.consume(consumeRequest({ instance, timeoutMs: 200 })))) seen.add(value);
        // Refused where the partition has gone to another instance, which then begins at the last commit.
        await engine.commit(name, []).catch((error: unknown) => expect(error).toMatchObject({ status: 409 }));
      }
      await engine.deleteConsumer(name);
    };
    const producing = produceAll();
    const staying = consumeAll(one, "stays", () => flow.isOver && produced.size === seen.size);
    for (const [round, engine] of [one, other, one, other].entries()) {
      const goal = seen.size + 200;
      await consumeAll(engine, `guest-${round}`, () => seen.size > goal);
    }
    flow.isOver = true;
    await producing;
    await staying;
    expect(seen).toEqual(produced);
  });

  test("instances that read different topics each get their own", async () => {
    const [engine] = await open(1);
    await take(engine, { instance: "a", topics: ["t"] });
    await take(engine, { instance: "b", topics: ["u"] });
    const owned = async () => Object.fromEntries((await engine.consumers())[0]?.instances.map(({ name, topics }) => [name, topics]) ?? []);
    await expect.poll(owned, WITHIN).toEqual({ a: [{ topic: "t", partitions: [0, 1, 2, 3] }], b: [{ topic: "u", partitions: [0] }] });
  });

  test("commits by many at once during a rebalance lose nothing", async () => {
    const [engine] = await open(1);
    for (const partition of [0, 1, 2, 3]) await produceValues(engine, partition, "x");
    const batch = await engine.consume(consumeRequest({ instance: "a" }));
    batch.settle(true);
    const joining = engine.consume(consumeRequest({ instance: "b" }));
    const outcomes = await Promise.allSettled(
      [0, 1, 2, 3].map((partition) => engine.commit({ group: "g", instance: "a" }, [{ topic: "t", partition, offset: 1 }])),
    );
    settled(await joining);
    const places = [0, 1, 2, 3].map((partition) => ({ topic: "t", partition }));
    const committed = await engine.committed({ group: "g", instance: "a" }, places);
    expect(committed.map(({ partition }) => partition)).toEqual(
      [0, 1, 2, 3].filter((partition) => outcomes[partition]?.status === "fulfilled"),
    );
    for (const outcome of outcomes) if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ status: 409 });
  });
});
