import { FindCoordinatorKeyTypes } from "@platformatic/kafka";
import { expect, onTestFinished, test } from "vitest";
import type { Engine } from "../../gateway/engine.ts";
import { GatewayError } from "../../gateway/gateway-error.ts";
import { createAdminClient } from "../../kafka/clients.ts";
import { until } from "../helpers/stack.ts";
import { type Kafka, startKafka } from "../kafka/broker/start-kafka.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { ownName } from "../kafka/broker/topics.ts";
import { connectionTo } from "../kafka/connections.ts";
import { consumeRequest, fetchRequest, produceValues, settled, take } from "./engine-contract.ts";
import { kafkaEngineUnderTest, type OpenKafkaOptions } from "./open-kafka-engine.ts";

/** @param named how many of the brokers the engine is told of */
const start = async (
  nodes: 1 | 3,
  options: Partial<OpenKafkaOptions> = {},
  named: number = nodes,
): Promise<{ kafka: Kafka; engine: Engine }> => {
  const kafka = await startKafka({ nodes });
  onTestFinished(() => kafka.remove());
  return { kafka, engine: await kafkaEngineUnderTest({ brokers: kafka.brokers.slice(0, named), ...options }) };
};

const AWAY = { name: "GatewayError", status: 503, retryAfterSeconds: 1, message: expect.stringMatching(/Kafka is not available/) };

kafkaSuite(
  "the gateway when brokers fail",
  () => {
    test("a broker that dies and comes back costs nothing that was acknowledged; meanwhile every call is told to come again", async () => {
      const { kafka, engine } = await start(1);
      const [node] = kafka.nodes as [(typeof kafka.nodes)[0]];
      const { acknowledged, consumed, failures, stop } = flow(engine);
      await until(() => consumed.size > 100);
      await node.kill();
      await until(() => failures.length > 10);
      await until(() =>
        engine.health().then(
          () => false,
          () => true,
        ),
      );
      await expect(engine.health()).rejects.toMatchObject(AWAY);
      await expect(take(engine, { instance: "new" })).rejects.toMatchObject(AWAY);
      await expect(engine.fetch(fetchRequest([{ topic: "t", partition: 0, offset: 0 }]))).rejects.toMatchObject(AWAY);
      await node.restart();
      await kafka.ready();
      const before = acknowledged.size;
      await until(() => acknowledged.size > before + 100);
      await stop();
      await engine.health();
      expectToldApart(failures);
    });

    test("a group goes on when its coordinator dies, and partitions when their leader does", async () => {
      const scope = ownName("coordinator");
      const { kafka, engine } = await start(3, { scope });
      const { acknowledged, consumed, failures, stop } = flow(engine);
      await until(() => consumed.size > 100);
      const coordinator = await coordinatorOf(kafka, `${scope}-g`);
      await kafka.nodes.find(({ id }) => id === coordinator)?.kill();
      await kafka.ready(2);
      const before = consumed.size;
      await until(() => consumed.size > before + 100);
      await stop();
      expect(acknowledged.size).toBeGreaterThan(200);
      expectToldApart(failures);
    });

    test("while a broker stands still, what is on its way stays within its budget, and who comes on top is told to come again", async () => {
      const KIB = 1024;
      const { kafka, engine } = await start(1, { queueBytes: 512 * KIB });
      const [{ pid }] = kafka.nodes as [(typeof kafka.nodes)[0]];
      await produceValues(engine, 0, "first");
      process.kill(pid, "SIGSTOP");
      onTestFinished(() => void process.kill(pid, "SIGCONT"));
      const value = "x".repeat(100 * KIB);
      const outcomes: PromiseSettledResult<unknown>[] = [];
      const calls = Array.from({ length: 50 }, (_, index) => produceValues(engine, index % 4, value));
      for (const call of calls)
        void Promise.allSettled([call]).then(([outcome]) => outcomes.push(outcome as PromiseSettledResult<unknown>));
      await until(() => outcomes.length >= 45);
      for (const outcome of outcomes)
        expect(outcome).toMatchObject({ status: "rejected", reason: { status: 503, message: expect.stringMatching(/too many records/) } });
      const [held] = await queueBytes(engine);
      expect(held).toBeGreaterThan(400 * KIB);
      expect(held).toBeLessThanOrEqual(512 * KIB);
      process.kill(pid, "SIGCONT");
      await Promise.allSettled(calls);
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
      expect(await queueBytes(engine)).toEqual([0]);
    });

    test("partitions without a leader hold up no others, though the only broker that was named has died", async () => {
      const { kafka, engine } = await start(3, { replicas: 1 }, 1);
      for (const partition of [0, 1, 2, 3]) await produceValues(engine, partition, `${partition}`);
      await kafka.nodes[0]?.kill();
      await kafka.ready(2);
      expect(await engine.topics()).toEqual(new Map(Object.entries({ t: 4, u: 1 })));
      const outcomes = await Promise.allSettled([0, 1, 2, 3].map((partition) => produceValues(engine, partition, "again")));
      const led = [0, 1, 2, 3].filter((partition) => outcomes[partition]?.status === "fulfilled");
      expect(led.length).toBeGreaterThanOrEqual(2);
      expect(led.length).toBeLessThan(4);
      const places = [0, 1, 2, 3].map((partition) => ({ topic: "t", partition, offset: 0 }));
      const seen = new Set<number>();
      await until(async () => {
        for (const { partition } of await engine.fetch(fetchRequest(places, { timeoutMs: 1_000 })).catch(() => [])) seen.add(partition);
        return seen.size === led.length;
      });
      expect([...seen].sort()).toEqual(led);
    });
  },
  { needs: "clusters" },
);

const coordinatorOf = async ({ brokers }: Kafka, group: string): Promise<number | undefined> => {
  const admin = createAdminClient(connectionTo(brokers));
  try {
    const [found] = await admin.findCoordinator({ keyType: FindCoordinatorKeyTypes.GROUP, keys: [group] });
    return found?.nodeId;
  } finally {
    await admin.close();
  }
};

/** Produces and consumes until it is told to stop; then all that was acknowledged has been consumed. */
const flow = (engine: Engine) => {
  const acknowledged = new Set<string>();
  const consumed = new Set<string>();
  const failures: unknown[] = [];
  const state = { isOver: false };
  const produceAll = async () => {
    for (let index = 0; !state.isOver; index += 1) {
      const value = `${index}`;
      await produceValues(engine, index % 4, value).then(
        () => acknowledged.add(value),
        (error: unknown) => failures.push(error),
      );
    }
  };
  const consumeAll = async () => {
    while (!state.isOver || [...acknowledged].some((value) => !consumed.has(value))) {
      try {
        for (const { value } of settled(await engine.consume(consumeRequest({ timeoutMs: 500 })))) consumed.add(value);
        await engine.commit({ group: "g", instance: "i" }, []);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const running = Promise.all([produceAll(), consumeAll()]);
  const stop = async (): Promise<void> => {
    state.isOver = true;
    await running;
  };
  return { acknowledged, consumed, failures, stop };
};

/** Of what was on its way when a broker died, 500 says that it may have been stored; anything else that nothing was. */
const expectToldApart = (failures: readonly unknown[]): void => {
  for (const failure of failures) expect(failure).toBeInstanceOf(GatewayError);
  expect(failures.map((failure) => (failure as GatewayError).status).filter((status) => status !== 500 && status !== 503)).toEqual([]);
};

const queueBytes = async (engine: Engine): Promise<readonly (number | undefined)[]> =>
  ((await engine.gauges()).find(({ name }) => name === "produce_queue_bytes")?.values ?? []).map(({ value }) => value);
