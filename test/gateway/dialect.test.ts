import { describe, expect, test } from "vitest";
import { type GatewayUnderTest, gatewayUnderTest } from "./gateway-under-test.ts";

const EARLIEST = { "Kafka-Auto-Offset-Reset": "earliest", "KAFKA-ENABLE-AUTO-COMMIT": "false" };

const produce = async (gateway: GatewayUnderTest, ...values: string[]) =>
  gateway.call("/produce", { body: values.map((value) => ({ topic: "other", value })) });

describe("produce", () => {
  test("answers one object for a message in the path, and reads its key from the query", async () => {
    const gateway = await gatewayUnderTest();
    const { status, body } = await gateway.call("/produce/other/hello%2Fworld?key=k%20k", { method: "GET" });
    expect(status).toBe(200);
    expect(body).toEqual({ topic: "other", partition: 0, offset: 0, timestamp: expect.any(Number) });
    const stored = await gateway.call("/fetch", { body: { topic: "other", partition: 0, offset: 0 } });
    expect(stored.body).toEqual([{ ...(body as object), key: "k k", value: "hello/world", headers: [] }]);
  });

  test("answers an array in the order of the request, also for a single record", async () => {
    const gateway = await gatewayUnderTest();
    const single = await gateway.call("/produce/other", { body: { value: "one" } });
    expect(single.body).toEqual([expect.objectContaining({ topic: "other", offset: 0 })]);
    const several = await gateway.call("/produce/", {
      body: [
        { topic: "numbers", value: "a", partition: 2, timestamp: 1637745834744, key: "", headers: [{ key: "h", value: "ä" }] },
        { topic: "other", value: "b" },
        { topic: "numbers", value: "c", partition: 2, key: null, headers: null, timestamp: null },
      ],
    });
    expect(several.body).toMatchObject([
      { topic: "numbers", partition: 2, offset: 0, timestamp: 1637745834744 },
      { topic: "other", partition: 0, offset: 1 },
      { topic: "numbers", partition: 2, offset: 1 },
    ]);
  });

  test.each([
    ["a form", { "content-type": "application/x-www-form-urlencoded" }],
    ["text", { "content-type": "text/plain" }],
    ["nothing known", { "content-type": "" }],
  ])("reads the body as JSON when it is declared as %s", async (_, headers) => {
    const gateway = await gatewayUnderTest();
    expect((await gateway.call("/produce/other", { body: JSON.stringify({ value: "x" }), headers })).status).toBe(200);
  });

  test("puts records of one key into one partition, and those of a call without keys into one that is another for each call", async () => {
    const gateway = await gatewayUnderTest();
    const partitions = async (record: object) => {
      const { body } = await gateway.call("/produce/numbers", { body: Array.from({ length: 6 }, () => ({ value: "x", ...record })) });
      return new Set((body as { partition: number }[]).map(({ partition }) => partition));
    };
    expect(await partitions({ key: "foobar" })).toEqual(new Set([(-790332482 & 0x7fffffff) % 3]));
    const [first, second, third, fourth] = [await partitions({}), await partitions({}), await partitions({}), await partitions({})];
    expect([first, second, third].map((of) => of.size)).toEqual([1, 1, 1]);
    expect(new Set([first, second, third].flatMap((of) => [...of]))).toEqual(new Set([0, 1, 2]));
    expect(fourth).toEqual(first);
  });

  test("keeps text as it was: NUL, emoji, and an empty value", async () => {
    const gateway = await gatewayUnderTest();
    const values = ["a\u0000b", "😀 naïve", ""];
    await produce(gateway, ...values);
    const { body } = await gateway.call("/fetch", { body: { topic: "other", partition: 0, offset: 0 } });
    expect((body as { value: string }[]).map(({ value }) => value)).toEqual(values);
  });
});

describe("fetch", () => {
  test("answers from the offset on, one place or a set of them or both", async () => {
    const gateway = await gatewayUnderTest();
    await produce(gateway, "a", "b", "c");
    await gateway.call("/produce/numbers", { body: { value: "n", partition: 1 } });
    const { body } = await gateway.call("/fetch/", {
      body: { topic: "other", partition: 0, offset: 1, topicPartitionOffsets: [{ topic: "numbers", partition: 1, offset: 0 }] },
    });
    expect(body).toMatchObject([
      { topic: "other", offset: 1, value: "b" },
      { topic: "other", offset: 2, value: "c" },
      { topic: "numbers", value: "n" },
    ]);
  });

  test("answers nothing after its timeout, at the end", async () => {
    const gateway = await gatewayUnderTest();
    await produce(gateway, "a");
    expect(await gateway.call("/fetch", { body: { topic: "other", partition: 0, offset: 1, timeout: 1 } })).toMatchObject({
      status: 200,
      body: [],
    });
  });

  test("answers at most 500 records, and at most 4 MiB", async () => {
    const gateway = await gatewayUnderTest({ topics: { other: 1, large: 1 } });
    await produce(gateway, ...Array.from({ length: 501 }, String));
    const many = await gateway.call("/fetch", { body: { topic: "other", partition: 0, offset: 0 } });
    expect(many.body).toHaveLength(500);
    for (let index = 0; index < 5; index += 1)
      await gateway.call("/produce/large", { body: { value: "x".repeat(1024 * 1024), timestamp: index } });
    const large = await gateway.call("/fetch", { body: { topic: "large", partition: 0, offset: 0 } });
    expect(large.body).toHaveLength(4);
  });
});

describe("consume and commit", () => {
  test("takes the topic from the path, from `topic`, or from `topics`", async () => {
    const gateway = await gatewayUnderTest();
    await produce(gateway, "a");
    await gateway.call("/produce/numbers", { body: { value: "n" } });
    const values = async (path: string, request: object) => {
      const { body } = await gateway.call(path, { headers: EARLIEST, ...request });
      return (body as { value: string }[]).map(({ value }) => value).sort();
    };
    expect(await values("/consume/g1/i/other?timeout=10", { method: "GET" })).toEqual(["a"]);
    expect(await values("/consume/g2/i", { body: { topic: "other", timeout: 10 } })).toEqual(["a"]);
    expect(await values("/consume/g3/i/", { body: { topics: ["other", "numbers"] } })).toEqual(["a", "n"]);
  });

  test("goes on where it was, and a new instance at the committed offset, verbatim", async () => {
    const gateway = await gatewayUnderTest();
    await produce(gateway, "a", "b", "c");
    const consume = async () =>
      ((await gateway.call("/consume/g/i/other?timeout=1", { headers: EARLIEST })).body as { offset: number }[]).map(
        ({ offset }) => offset,
      );
    expect(await consume()).toEqual([0, 1, 2]);
    expect(await consume()).toEqual([]);
    const commit = await gateway.call("/commit/g/i", { body: { topic: "other", partition: 0, offset: 1 } });
    expect(commit).toMatchObject({ status: 200, body: { result: "Success", status: 200 } });
    await gateway.call("/delete-consumer/g/i", { method: "DELETE" });
    expect(await consume()).toEqual([1, 2]);
  });

  test.each([
    ["GET without a body", { method: "GET" }],
    ["POST with an empty body declared as JSON", { headers: { "content-type": "application/json" } }],
    ["POST of an empty array", { body: [] }],
  ])("commits all that was delivered: %s", async (_, request) => {
    const gateway = await gatewayUnderTest();
    await produce(gateway, "a", "b");
    await gateway.call("/consume/g/i/other", { headers: EARLIEST });
    expect((await gateway.call("/commit/g/i", request)).status).toBe(200);
    const { body } = await gateway.call("/committed/g/i", { body: { topic: "other", partition: 0 } });
    expect(body).toEqual([{ topic: "other", partition: 0, offset: 2 }]);
  });

  test("leaves partitions without a commit out of committed, and knows the group without an instance", async () => {
    const gateway = await gatewayUnderTest();
    await produce(gateway, "a");
    await gateway.call("/consume/g/i", { headers: EARLIEST, body: { topics: ["other", "numbers"] } });
    await gateway.call("/commit/g/i", { body: [{ topic: "other", partition: 0, offset: 1 }] });
    const asked = [
      { topic: "numbers", partition: 0 },
      { topic: "other", partition: 0 },
    ];
    const { body } = await gateway.call("/committed/g/another?timeout=10000", { body: asked });
    expect(body).toEqual([{ topic: "other", partition: 0, offset: 1 }]);
  });

  test("begins with the next record by default, and refuses to guess when the reset is none", async () => {
    const gateway = await gatewayUnderTest();
    await produce(gateway, "before");
    expect((await gateway.call("/consume/latest/i/other?timeout=1")).body).toEqual([]);
    await produce(gateway, "after");
    expect((await gateway.call("/consume/latest/i/other")).body).toMatchObject([{ value: "after" }]);
    const none = await gateway.call("/consume/none/i/other", { headers: { "kafka-auto-offset-reset": "none" } });
    expect(none).toMatchObject({ status: 400, body: { status: 400, error: expect.stringContaining("no committed offset") } });
  });

  test("looks at the Kafka headers of the first consume only", async () => {
    const gateway = await gatewayUnderTest();
    await produce(gateway, "before");
    await gateway.call("/consume/g/i/other?timeout=1");
    expect((await gateway.call("/consume/g/i/other?timeout=1", { headers: EARLIEST })).body).toEqual([]);
  });
});

test("lists the topics with their partition counts, those that the user may touch", async () => {
  const gateway = await gatewayUnderTest({ credentials: ["full:pw", "o:pw:consume:oth*"] });
  expect((await gateway.call("/topics", { method: "GET" })).body).toEqual({ numbers: 3, other: 1 });
  expect((await gateway.call("/topics", { method: "GET", user: "o:pw" })).body).toEqual({ other: 1 });
});

test("tells how long a topic keeps its records, to users who may touch it", async () => {
  const gateway = await gatewayUnderTest({
    credentials: ["full:pw", "o:pw:consume:oth*"],
    topics: { numbers: { partitions: 3, retention: { ms: undefined, bytes: undefined } }, other: 1 },
    retention: { ms: 1_000, bytes: 4_096 },
  });
  const ask = (topic: string, user = "full:pw") => gateway.call(`/topics/${topic}`, { method: "GET", user });
  expect((await ask("numbers")).body).toEqual({
    name: "numbers",
    partitions: 3,
    configs: { "cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1" },
  });
  expect((await ask("other", "o:pw")).body).toMatchObject({ configs: { "retention.ms": "1000", "retention.bytes": "4096" } });
  expect((await ask("numbers", "o:pw")).status).toBe(403);
  expect((await ask("missing")).status).toBe(404);
});

test("finds offsets by time, and refuses what is no time", async () => {
  const gateway = await gatewayUnderTest();
  await gateway.call("/produce/other", {
    body: [
      { value: "a", timestamp: 10 },
      { value: "b", timestamp: 20 },
    ],
  });
  const at = async (time: string) => (await gateway.call(`/offsets/${time}`, { body: { topic: "other", partition: 0 } })).body;
  expect(await at("11")).toEqual([{ topic: "other", partition: 0, offset: 1 }]);
  expect(await at("earliest")).toMatchObject([{ offset: 0 }]);
  expect(await at("latest")).toMatchObject([{ offset: 2 }]);
  expect(await at("yesterday")).toMatchObject({ status: 400 });
});

test("names the instances of the topics that the user may touch", async () => {
  const gateway = await gatewayUnderTest({ credentials: ["full:pw", "o:pw:consume:oth*"] });
  await gateway.call("/consume/g/i/numbers?timeout=1");
  const instances = [{ name: "i", topics: [{ topic: "numbers", partitions: [0, 1, 2] }] }];
  expect((await gateway.call("/consumers", { method: "GET" })).body).toEqual([{ name: "g", instances }]);
  expect((await gateway.call("/consumers", { method: "GET", user: "o:pw" })).body).toEqual([]);
});
