import { Kafka, UpstashError } from "@upstash/kafka";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GatewayProcess } from "../helpers/gateway.ts";

const USERS = "tester:secret,päul:pässwörd";
const TOPICS = "one:1,two:2,three:3";

type Consume = Parameters<ReturnType<Kafka["consumer"]>["consume"]>[0];
type Fetch = Parameters<ReturnType<Kafka["consumer"]>["fetch"]>[0];

/** Longer than the client's five retries: 0.5 + 1 + 2 + 4 + 8 s. */
const WITH_RETRIES = 60_000;

/**
 * What the published client, unmodified, must find in a gateway: every method that it has, and its quirks.
 * @param start starts a gateway process of the engine, with variables of its environment
 */
export const describeUpstashClient = (engine: string, start: (environment: Record<string, string>) => Promise<GatewayProcess>): void => {
  describe(`@upstash/kafka on the ${engine} engine`, () => {
    let gateway: GatewayProcess;
    let kafka: Kafka;
    let groups = 0;

    beforeAll(async () => {
      gateway = await start({ GATEWAY_TOPICS: TOPICS, GATEWAY_CREDENTIALS: USERS });
      kafka = new Kafka({ url: gateway.url, username: "tester", password: "secret" });
    });

    afterAll(() => gateway.remove());

    const newGroup = () => ({ consumerGroupId: `group-${(groups += 1)}`, instanceId: "one" });

    /** Consumes until there are so many records: the first answers may be empty while a group comes together. */
    const consumeUntil = async (count: number, request: Consume) => {
      const records = [];
      while (records.length < count) records.push(...(await kafka.consumer().consume(request)));
      return records;
    };

    const endOf = async (topic: string, partition: number) =>
      (await kafka.admin().topicPartitionOffsets({ timestamp: "latest", topicPartition: { topic, partition } }))[0]?.offset ?? -1;

    test("produce answers where the record is, and fetch reads it back as it was", async () => {
      const timestamp = Date.now() - 1000;
      const headers = [
        { key: "h", value: "v" },
        { key: "h", value: "ä" },
      ];
      const place = await kafka.producer().produce("two", { hello: "wörld" }, { key: "k", partition: 1, timestamp, headers });
      expect(place).toEqual({ topic: "two", partition: 1, offset: expect.any(Number), timestamp });
      const { topic, partition, offset } = place;
      expect(await kafka.consumer().fetch({ topic, partition, offset, timeout: 1000 })).toEqual([
        { ...place, key: "k", value: '{"hello":"wörld"}', headers },
      ]);
    });

    test.each([
      ["text", "text", "text"],
      ["a number", 5, "5"],
      ["null", null, "null"],
      ["an array", [1, "two"], '[1,"two"]'],
    ])("produce sends %s as a string, and a record without key or headers has an empty key and no headers", async (_, message, value) => {
      const { topic, partition, offset } = await kafka.producer().produce("one", message);
      expect(await kafka.consumer().fetch({ topic, partition, offset })).toMatchObject([{ value, key: "", headers: [] }]);
    });

    test("produceMany answers in the order of the requests, over topics and partitions", async () => {
      const requests = [
        { topic: "three", value: "a", partition: 2 },
        { topic: "one", value: "b" },
        { topic: "three", value: "c", partition: 2 },
        { topic: "two", value: "d", partition: 0 },
      ];
      const places = await kafka.producer().produceMany(requests);
      expect(places.map(({ topic }) => topic)).toEqual(requests.map(({ topic }) => topic));
      expect(places[2]).toMatchObject({ partition: 2, offset: (places[0]?.offset ?? -1) + 1 });
      const stored = await Promise.all(places.map(({ topic, partition, offset }) => kafka.consumer().fetch({ topic, partition, offset })));
      expect(stored.map(([first]) => first?.value)).toEqual(["a", "b", "c", "d"]);
    });

    test("keys go where Kafka's own partitioner puts them", async () => {
      const places = await Promise.all(["21", "foobar", "abc"].map((key) => kafka.producer().produce("three", "x", { key })));
      expect(places.map(({ partition }) => partition)).toEqual([-973932308, -790332482, 479470107].map((hash) => (hash & 0x7fffffff) % 3));
    });

    test.each([
      ["in parallel calls", { parallel: true }],
      ["in one call", { parallel: false }],
      ["as it does by itself", undefined],
    ])("fetch reads several places %s", async (_, options) => {
      const places = await kafka.producer().produceMany([
        { topic: "two", value: "second", partition: 0 },
        { topic: "three", value: "third", partition: 1 },
        { topic: "one", value: "first" },
      ]);
      const [first, second, third] = places.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
      const request = { ...first, topicPartitionOffsets: [second, third], timeout: 1000 } as Fetch;
      const records = await kafka.consumer().fetch(request, options);
      expect(records.map(({ value }) => value).sort()).toEqual(["first", "second", "third"]);
    });

    test("fetch waits for its timeout and answers nothing where there is nothing yet", async () => {
      expect(await kafka.consumer().fetch({ topic: "one", partition: 0, offset: await endOf("one", 0), timeout: 1 })).toEqual([]);
    });

    test("a group consumes one topic or several from the beginning, and nothing twice", async () => {
      const total = (await endOf("one", 0)) + (await endOf("two", 0)) + (await endOf("two", 1));
      const request = { ...newGroup(), autoCommit: false, autoOffsetReset: "earliest", timeout: 1000 } as const;
      const records = await consumeUntil(total, { ...request, topics: ["one", "two"] });
      expect(new Set(records.map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`)).size).toBe(total);
      expect(await kafka.consumer().consume({ ...request, topics: ["one", "two"], timeout: 1 })).toEqual([]);
      const single = await consumeUntil(await endOf("one", 0), { ...request, ...newGroup(), topics: ["one"] });
      expect(new Set(single.map(({ topic }) => topic))).toEqual(new Set(["one"]));
    });

    test("a consume that waits is answered with what is produced meanwhile", async () => {
      const name = newGroup();
      await kafka.consumer().consume({ ...name, topics: ["one"], timeout: 1 });
      const waiting = kafka.consumer().consume({ ...name, topics: ["one"], timeout: 60_000 });
      await kafka.producer().produce("one", "woken");
      expect(await waiting).toMatchObject([{ value: "woken" }]);
    });

    test("commit takes one offset, several, or none for all that was delivered, and committed tells them verbatim", async () => {
      await kafka
        .producer()
        .produceMany([0, 1, 2].flatMap((partition) => ["a", "b"].map((value) => ({ topic: "three", partition, value }))));
      const name = newGroup();
      const ends = await Promise.all([0, 1, 2].map((partition) => endOf("three", partition)));
      const topicPartitions = ends.map((_, partition) => ({ topic: "three", partition }));
      const committed = async () => (await kafka.consumer().committed({ ...name, topicPartitions })).map(({ offset }) => offset);
      const request: Consume = { ...name, topics: ["three"], autoCommit: false, autoOffsetReset: "earliest", timeout: 1000 };
      await consumeUntil(
        ends.reduce((sum, end) => sum + end, 0),
        request,
      );
      expect(await committed()).toEqual([]);
      await kafka.consumer().commit({ ...name, offset: { topic: "three", partition: 0, offset: 1 } });
      expect(await committed()).toEqual([1]);
      await kafka.consumer().commit({ ...name, offset: [0, 1, 2].map((partition) => ({ topic: "three", partition, offset: 0 })) });
      expect(await committed()).toEqual([0, 0, 0]);
      await kafka.consumer().commit(name);
      expect(await committed()).toEqual(ends);
      expect(await kafka.admin().committedOffsets({ ...name, topicPartitions })).toEqual(
        ends.map((offset, partition) => ({ topic: "three", partition, offset })),
      );
      const topicPartition = { topic: "three", partition: 1 };
      expect(await kafka.admin().committedOffsets({ ...name, topicPartition })).toEqual([{ ...topicPartition, offset: ends[1] }]);
    });

    test("an instance that is removed and comes again goes on at the committed offset", async () => {
      await kafka.producer().produceMany(["a", "b"].map((value) => ({ topic: "two", partition: 0, value })));
      const ends = [await endOf("two", 0), await endOf("two", 1)] as const;
      const name = newGroup();
      const request: Consume = { ...name, topics: ["two"], autoCommit: false, autoOffsetReset: "earliest", timeout: 1000 };
      await consumeUntil(ends[0] + ends[1], request);
      const last = { topic: "two", partition: 0, offset: ends[0] - 1 };
      await kafka.consumer().commit({ ...name, offset: [last, { topic: "two", partition: 1, offset: ends[1] }] });
      await kafka.admin().removeConsumerInstance(name.consumerGroupId, name.instanceId);
      expect((await kafka.admin().consumers()).map(({ name: group }) => group)).not.toContain(name.consumerGroupId);
      expect(await consumeUntil(1, request)).toMatchObject([{ ...last, value: "b" }]);
    });

    test("auto-commit commits what was delivered, at its interval", async () => {
      const name = newGroup();
      const request: Consume = {
        ...name,
        topics: ["one"],
        autoCommit: true,
        autoCommitInterval: 100,
        autoOffsetReset: "earliest",
        timeout: 1,
      };
      const end = await endOf("one", 0);
      await consumeUntil(end, request);
      const topicPartitions = [{ topic: "one", partition: 0 }];
      await expect
        .poll(() => kafka.consumer().committed({ ...name, topicPartitions }), { timeout: 15_000 })
        .toEqual([{ topic: "one", partition: 0, offset: end }]);
    });

    test("by itself a new group begins with what comes next", async () => {
      const name = newGroup();
      expect(await kafka.consumer().consume({ ...name, topics: ["one"], timeout: 1 })).toEqual([]);
      await kafka.producer().produce("one", "next");
      expect(await consumeUntil(1, { ...name, topics: ["one"] })).toMatchObject([{ value: "next" }]);
    });

    test("topics, consumers and offsets by time are listed", async () => {
      expect(await kafka.admin().topics()).toEqual({ one: 1, two: 2, three: 3 });
      const { consumerGroupId, instanceId } = newGroup();
      await kafka.consumer().consume({ consumerGroupId, instanceId, topics: ["two", "one"], timeout: 1 });
      const assigned = { topic: expect.any(String), partitions: expect.any(Array) };
      const group = async () => (await kafka.admin().consumers()).find(({ name }) => name === consumerGroupId);
      await expect.poll(group).toEqual({ name: consumerGroupId, instances: [{ name: instanceId, topics: [assigned, assigned] }] });
      const timestamp = Date.now() + 1_800_000;
      const { offset } = await kafka.producer().produce("two", "later", { partition: 0, timestamp });
      const topicPartition = { topic: "two", partition: 0 };
      const at = async (time: number | "earliest" | "latest") =>
        (await kafka.admin().topicPartitionOffsets({ timestamp: time, topicPartition }))[0]?.offset;
      expect([await at("earliest"), await at(timestamp), await at("latest")]).toEqual([0, offset, offset + 1]);
      const topicPartitions = [topicPartition, { topic: "one", partition: 0 }];
      expect(await kafka.admin().topicPartitionOffsets({ timestamp: "earliest", topicPartitions })).toEqual(
        topicPartitions.map((place) => ({ ...place, offset: 0 })),
      );
    });

    test("a password of other than ASCII characters is known in the encoding of the client, which is Latin-1", async () => {
      const paul = new Kafka({ url: gateway.url, username: "päul", password: "pässwörd" });
      expect(await paul.admin().topics()).toMatchObject({ one: 1 });
    });

    test("names of groups and instances need no encoding, but for the slash", async () => {
      const name = { consumerGroupId: "grüppe 1 😀", instanceId: "a+b" };
      await kafka.consumer().consume({ ...name, topics: ["one"], timeout: 1 });
      const names = async () => (await kafka.admin().consumers()).map((group) => group.name);
      expect(await names()).toContain(name.consumerGroupId);
      await kafka.admin().removeConsumerInstance(name.consumerGroupId, name.instanceId);
      expect(await names()).not.toContain(name.consumerGroupId);
    });

    test(
      "a call that goes on failing is told after the client's retries, with the status and what is wrong",
      { timeout: WITH_RETRIES },
      async () => {
        const stranger = new Kafka({ url: gateway.url, username: "tester", password: "wrong" });
        const slash = { consumerGroupId: "a/b", instanceId: "i" };
        const told = (call: Promise<unknown>) => expect(call).rejects;
        await Promise.all([
          told(stranger.admin().topics()).toMatchObject({ name: "UpstashError", status: 401, error: expect.stringContaining("password") }),
          told(kafka.producer().produce("nowhere", "x")).toMatchObject({
            status: 404,
            message: expect.stringContaining('no topic "nowhere"'),
          }),
          told(kafka.admin().removeConsumerInstance("nobody", "i")).toMatchObject({ status: 404 }),
          told(kafka.consumer().consume({ ...slash, topics: ["one"] })).toMatchObject({
            status: 400,
            error: expect.stringContaining("%2F"),
          }),
          told(kafka.consumer().commit(slash)).toMatchObject({ status: 404, error: expect.stringContaining("%2F") }),
          told(kafka.consumer().fetch({ topic: "one", partition: 9, offset: 0 })).toBeInstanceOf(UpstashError),
          told(kafka.consumer().consume({ ...newGroup(), topics: ["one"], autoOffsetReset: "none" })).toMatchObject({ status: 400 }),
        ]);
      },
    );

    test("a call made while the gateway is away is answered when it is back", { timeout: WITH_RETRIES }, async () => {
      const end = await endOf("one", 0);
      await gateway.process.stop();
      const produced = kafka.producer().produce("one", "patience");
      await gateway.restart();
      expect(await produced).toMatchObject({ topic: "one", offset: end });
    });
  });
};
