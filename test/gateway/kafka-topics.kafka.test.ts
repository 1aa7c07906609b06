import {
  AclOperations,
  AclPermissionTypes,
  type ConfigDescription,
  ConfigResourceTypes,
  ResourcePatternTypes,
  ResourceTypes,
} from "@platformatic/kafka";
import { expect, onTestFinished, test } from "vitest";
import { openKafkaEngine } from "../../gateway/kafka/kafka-engine.ts";
import { createAdminClient } from "../../kafka/clients.ts";
import type { KafkaLogin } from "../../kafka/config.ts";
import { USERS } from "../kafka/broker/listeners.ts";
import { kafkaSuite } from "../kafka/broker/suite.ts";
import { createTopic, ownName } from "../kafka/broker/topics.ts";
import { connectionTo } from "../kafka/connections.ts";
import { fetchRequest, take } from "./engine-contract.ts";
import { SILENT_LOG } from "./open-engine.ts";
import { kafkaEngineUnderTest } from "./open-kafka-engine.ts";

const record = (topic: string, partition = 0, value = "v") => ({ topic, partition, value, headers: [] });

kafkaSuite("topics on Kafka", ({ brokers }) => {
  test("declared topics are made with their settings, and one that is there is left as it is, with a word in the log", async () => {
    const there = await createTopic(brokers, "there", 2);
    const made = ownName("made");
    const lines: string[] = [];
    const note = (_: unknown, message?: string) => void lines.push(String(message));
    const engine = await openKafkaEngine(
      {
        connection: connectionTo(brokers),
        topics: new Map([
          [there, { partitions: 6 }],
          [made, { partitions: 3, retention: { ms: 1_000, bytes: undefined } }],
        ]),
      },
      { log: { info: note, warn: note } },
    );
    const counts = await engine.topics();
    await engine.close();
    expect([counts.get(there), counts.get(made)]).toEqual([2, 3]);
    expect(lines.toSorted()).toEqual([`made the topic "${made}"`, expect.stringMatching(/has 2 partitions and GATEWAY_TOPICS says 6/)]);
    expect(await settingsOf(made)).toMatchObject({ "retention.ms": "1000", "retention.bytes": "-1" });
  });

  const settingsOf = async (topic: string): Promise<Record<string, unknown>> => {
    const admin = createAdminClient(connectionTo(brokers));
    try {
      const resources = [
        { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: ["retention.ms", "retention.bytes"] },
      ];
      const [described] = await (admin.describeConfigs({ resources }) as Promise<ConfigDescription[]>);
      return Object.fromEntries(described?.configs.map(({ name, value }) => [name, value]) ?? []);
    } finally {
      await admin.close();
    }
  };

  test("Kafka's own topics are not shown", async () => {
    const engine = await kafkaEngineUnderTest({ brokers });
    await take(engine);
    const plain = await openKafkaEngine({ connection: connectionTo(brokers), topics: new Map() }, { log: SILENT_LOG });
    const names = [...(await plain.topics()).keys()];
    await plain.close();
    expect(names.filter((name) => name.startsWith("__"))).toEqual([]);
  });

  test("a topic that is not there is made on demand only if that is wanted", async () => {
    const strict = await kafkaEngineUnderTest({ brokers });
    expect(await strict.provideTopics(new Set(["t", "new"]), true)).toEqual(new Map([["t", 4]]));
    await expect(take(strict, { topics: ["new"] })).rejects.toMatchObject({ status: 404, message: expect.stringMatching(/no topic/) });
    await expect(strict.fetch(fetchRequest([{ topic: "new", partition: 0, offset: 0 }]))).rejects.toMatchObject({ status: 404 });
    await expect(strict.fetch(fetchRequest([{ topic: "t", partition: 4, offset: 0 }]))).rejects.toMatchObject({ status: 400 });

    const easy = await kafkaEngineUnderTest({ brokers, partitionsOnDemand: 2 });
    expect(await easy.provideTopics(new Set(["t", "new"]), false)).toEqual(
      new Map([
        ["t", 4],
        ["new", 2],
      ]),
    );
    expect([...(await easy.topics()).keys()]).not.toContain("new");
    await easy.provideTopics(new Set(["new"]), true);
    expect(await easy.produce([record("new", 1)])).toMatchObject([{ topic: "new", partition: 1, offset: 0 }]);
  });

  test("records that a broker refuses are told from those that it stored", async () => {
    const scope = ownName("small");
    const topic = await createTopic(brokers, `${scope}-t`, 2, { "max.message.bytes": "2000" });
    const name = topic.slice(scope.length + 1);
    const engine = await kafkaEngineUnderTest({ brokers, scope, topics: {} });
    const large = "x".repeat(5_000);
    await expect(engine.produce([record(name, 0), record(name, 0, large), record(name, 1)])).rejects.toMatchObject({
      status: 500,
      results: [
        { index: 0, offset: 0 },
        { index: 1, status: 413 },
        { index: 2, offset: 0 },
      ],
    });
    await expect(engine.produce([record(name, 0, large)])).rejects.toMatchObject({ status: 413 });
  });
});

kafkaSuite(
  "users of Kafka without rights",
  ({ brokers, saslBrokers }) => {
    const guest: KafkaLogin = { mechanism: "PLAIN", username: "guest", password: USERS.guest };
    const connection = connectionTo(saslBrokers, { sasl: guest });
    const open = async () => {
      const engine = await openKafkaEngine({ connection, topics: new Map() }, { log: SILENT_LOG });
      onTestFinished(() => engine.close());
      return engine;
    };

    /** Lets the guest read a topic, and nothing else. */
    const allowReading = async (topic: string): Promise<void> => {
      const admin = createAdminClient(connectionTo(brokers));
      try {
        await admin.createAcls({
          creations: [
            {
              resourceType: ResourceTypes.TOPIC,
              resourceName: topic,
              resourcePatternType: ResourcePatternTypes.LITERAL,
              principal: "User:guest",
              host: "*",
              operation: AclOperations.READ,
              permissionType: AclPermissionTypes.ALLOW,
            },
          ],
        });
      } finally {
        await admin.close();
      }
    };

    test("are told which right is missing", async () => {
      const topic = await createTopic(brokers, "readable", 1);
      await allowReading(topic);
      const engine = await open();
      await expect.poll(() => engine.topics().then((topics) => topics.get(topic)), { timeout: 10_000 }).toBe(1);
      expect(await engine.fetch(fetchRequest([{ topic, partition: 0, offset: 0 }]))).toEqual([]);
      await expect(engine.produce([record(topic)])).rejects.toMatchObject({
        status: 403,
        message: expect.stringMatching(/needs .*Write to produce/),
      });
      await expect(take(engine, { topics: [topic] })).rejects.toMatchObject({
        status: 403,
        message: expect.stringMatching(/needs Read on the group/),
      });
      expect(await engine.consumers()).toEqual([]);
    });

    test("are told what is not allowed", async () => {
      const topic = await createTopic(brokers, "secret", 1);
      const engine = await open();
      const names = new Set([topic]);
      const refused = { status: 403, message: expect.stringMatching(/does not allow it: TOPIC_AUTHORIZATION_FAILED/) };
      await expect(engine.provideTopics(names, false)).rejects.toMatchObject(refused);
      await expect(engine.fetch(fetchRequest([{ topic, partition: 0, offset: 0 }]))).rejects.toMatchObject(refused);
      await expect(take(engine, { topics: [topic] })).rejects.toMatchObject(refused);
      expect((await engine.topics()).has(topic)).toBe(false);
    });

    test("cannot start a gateway whose topics are not there", async () => {
      const opening = openKafkaEngine({ connection, topics: new Map([[ownName("t"), { partitions: 1 }]]) }, { log: SILENT_LOG });
      await expect(opening).rejects.toMatchObject({ code: "unauthorized", message: expect.stringMatching(/cannot be made/) });
    });
  },
  { needs: "listeners" },
);
