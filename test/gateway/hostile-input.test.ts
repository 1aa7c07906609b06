import fc from "fast-check";
import { expect, test } from "vitest";
import { openConnection, readAnswer } from "./connection.ts";
import { type GatewayUnderTest, gatewayUnderTest, type Reply } from "./gateway-under-test.ts";

const ROUTES = ["produce", "consume", "fetch", "commit", "committed", "delete-consumer", "offsets", "topics", "consumers", "webhook"];

/** What a member may hold by mistake or malice: of every type, at and beyond every bound. */
const value = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    "",
    "other",
    "numbers",
    "nope",
    "__proto__",
    "constructor",
    "..",
    "a b",
    "\ud800",
    "\u0000",
    0,
    1,
    -1,
    0.5,
    -0,
    2 ** 31,
    2 ** 53,
    1e21,
    1e308,
    [],
    {},
    [null],
    { key: "k" },
  ),
  fc.integer(),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.jsonValue({ maxDepth: 2 }),
);
const MEMBERS = [
  "topic",
  "topics",
  "partition",
  "offset",
  "timestamp",
  "key",
  "value",
  "headers",
  "timeout",
  "topicPartitionOffsets",
  "__proto__",
];
const object = fc.dictionary(fc.constantFrom(...MEMBERS), value, { maxKeys: 6 });
const json = fc.oneof(object, fc.array(object, { maxLength: 4 }), value).map((body) => JSON.stringify(body));
const cutOrChanged = fc.tuple(json, fc.nat(), fc.string({ maxLength: 2 })).map(([text, at, put]) => {
  const place = at % (text.length + 1);
  return text.slice(0, place) + put + text.slice(place + put.length);
});
const body = fc.oneof(json, cutOrChanged, fc.uint8Array({ maxLength: 30 }).map(Buffer.from), fc.constant(undefined));
const segment = fc.oneof(
  fc.constantFrom("g", "i", "other", "numbers", "nope", "%2F", "%C3%A9", "%", "%FF", "%00", "..", "__proto__", "earliest", "1e3", "-1"),
  fc.string({ unit: "grapheme-ascii", maxLength: 6 }).map(encodeURIComponent),
);
const request = fc.record({
  method: fc.constantFrom("GET", "POST", "DELETE", "PUT", "PATCH"),
  path: fc
    .tuple(
      fc.constantFrom(...ROUTES),
      fc.array(segment, { maxLength: 4 }),
      fc.constantFrom("", "?", "?timeout=1", "?timeout=x&topic=other", "?key=%FF"),
    )
    .map(([route, segments, query]) => `/${[route, ...segments].join("/")}${query}`),
  body,
});

const storedCount = async ({ engine }: GatewayUnderTest): Promise<number> => {
  const partitions = [0, 1, 2].map((partition) => ({ topic: "numbers", partition }));
  const offsets = await engine.offsetsAt("latest", [{ topic: "other", partition: 0 }, ...partitions]);
  return offsets.reduce((sum, { offset }) => sum + offset, 0);
};

const expectAnswer = ({ status, headers, body: answered }: Reply): void => {
  expect(headers.get("content-type")).toBe("application/json");
  if (status === 200) return;
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(answered).toMatchObject({ status, error: expect.stringMatching(/^[A-Z0-9][^]*\.$/) });
};

test("answers every request with 200 or with what is wrong in it, and stores nothing of the latter", { timeout: 60_000 }, async () => {
  const gateway = await gatewayUnderTest();
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, body: sent }) => {
      const before = await storedCount(gateway);
      const withoutBody = method === "GET" || sent === undefined || sent.length === 0;
      const patience = path.includes("?") ? "" : "?timeout=1";
      const reply = await gateway.call(path + patience, { method, ...(withoutBody ? {} : { body: sent }) });
      expectAnswer(reply);
      if (reply.status !== 200) expect(await storedCount(gateway)).toBe(before);
      expect(Object.prototype).not.toHaveProperty("topic");
    }),
    { numRuns: 1500 },
  );
  expect((await gateway.call("/produce/other/still-here")).status).toBe(200);
});

test("answers every produce with 200 or with what is wrong in it, and stores all of its records or none", { timeout: 60_000 }, async () => {
  const gateway = await gatewayUnderTest();
  const mostly = (good: fc.Arbitrary<unknown>) => fc.oneof({ weight: 15, arbitrary: good }, { weight: 1, arbitrary: value });
  const record = fc.record(
    {
      topic: mostly(fc.constantFrom("other", "numbers")),
      value: mostly(fc.string()),
      partition: mostly(fc.constantFrom(0, null)),
      timestamp: mostly(fc.constantFrom(0, 1_700_000_000_000)),
      key: mostly(fc.string({ unit: "grapheme" })),
      headers: mostly(fc.array(fc.record({ key: fc.string(), value: fc.string() }), { maxLength: 2 })),
    },
    { requiredKeys: ["topic", "value"] },
  );
  let [stored, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 3 }), async (records) => {
      const before = await storedCount(gateway);
      const reply = await gateway.call("/produce", { body: records });
      expectAnswer(reply);
      expect(await storedCount(gateway)).toBe(before + (reply.status === 200 ? records.length : 0));
      if (reply.status === 200) stored += 1;
      else refused += 1;
    }),
    { numRuns: 500 },
  );
  expect(Math.min(stored, refused)).toBeGreaterThan(50);
});

test.each([
  ["an encoded group", "/consume/gr%C3%BCppe/i/other?timeout=1", "utf8", 200],
  ["a group in raw UTF-8", "/consume/grüppe/i/other?timeout=1", "utf8", 400],
  ["a group in raw Latin-1", "/consume/grüppe/i/other?timeout=1", "latin1", 400],
  ["an encoded slash", "/consume/a%2Fb/i/other?timeout=1", "utf8", 200],
  ["half an escape", "/consume/a%2/i/other?timeout=1", "utf8", 400],
  ["an absolute target", "http://elsewhere:80/topics?x", "utf8", 200],
  ["no path", "*", "utf8", 404],
] as const)("reads %s as a target", async (_, target, encoding, status) => {
  const gateway = await gatewayUnderTest();
  const socket = await openConnection(gateway.url);
  socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${btoa("full:pw")}\r\n\r\n`, encoding);
  const answer = await readAnswer(socket);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  if (status !== 200) expect(answer).toMatch(new RegExp(`"error":".*","status":${status}\\}$`));
});

test.each([
  [
    "100,000 records",
    JSON.stringify(Array.from({ length: 100_000 }, () => ({ topic: "other", value: "x" }))),
    413,
    /at most 10000 records, got 100000/,
  ],
  ["the same member twice", '{"topic":"other","value":"a","value":"b"}', 400, /"value" twice/],
  [
    "the same member twice, deep inside",
    '[{"topic":"other","value":"a","headers":[{"key":"k","value":"v","key":"k"}]}]',
    400,
    /"key" twice/,
  ],
  ["members by way of __proto__", '{"__proto__":{"topic":"other","value":"x"}}', 400, /the topic/],
  ["arrays in arrays, a million deep", "[".repeat(1_000_000) + "]".repeat(1_000_000), 400, /at most 128 levels/],
  ["objects in objects, 200,000 deep", `${'{"value":'.repeat(200_000)}1${"}".repeat(200_000)}`, 400, /at most 128 levels/],
  ["a member of a long name twice", `{"${"x".repeat(50_000)}":1,"${"x".repeat(50_000)}":1}`, 400, /^.{100,200} twice in one object\.$/],
  ["a comma too many", '[{"topic":"other","value":"x"},]', 400, /JSON/],
  ["a timestamp two hours from now", { topic: "other", value: "x", timestamp: Date.now() + 7_200_000 }, 400, /an hour in the future/],
  ["a timestamp in microseconds", { topic: "other", value: "x", timestamp: Date.now() * 1000 }, 400, /in milliseconds/],
])("refuses %s, and stores nothing", async (_, sent, status, message) => {
  const gateway = await gatewayUnderTest();
  const reply = await gateway.call("/produce", { body: sent });
  expect(reply).toMatchObject({ status, body: { status, error: expect.stringMatching(message) } });
  expect(await storedCount(gateway)).toBe(0);
});

test("tells what is wrong with two hundred records, and of how many more something is", async () => {
  const gateway = await gatewayUnderTest();
  const { status, body } = await gateway.call("/produce", { body: `[${Array.from({ length: 10_000 }, () => "0").join()}]` });
  expect(status).toBe(400);
  expect(body).toMatchObject({ results: { length: 200 }, moreResults: 9_800 });
});

test.each([
  ["one record", { topic: "numbers", value: "x" }],
  ["one of several records", [{ value: "a" }, { topic: "other", value: "b" }, { topic: "numbers", value: "x" }]],
])("refuses a topic of %s that is not the one of the path", async (_, body) => {
  const gateway = await gatewayUnderTest();
  const reply = await gateway.call("/produce/other", { body });
  expect(reply).toMatchObject({ status: 400, body: { error: expect.stringMatching(/that of the path, "other", got "numbers"/) } });
  expect(await storedCount(gateway)).toBe(0);
  expect((await gateway.call("/produce/other", { body: { topic: "other", value: "x" } })).status).toBe(200);
});

test.each([
  ["a negative offset", { topic: "other", partition: 0, offset: -1 }, 400],
  ["an offset past the end", { topic: "other", partition: 0, offset: 2 }, 400],
  ["an offset that no number holds", { topic: "other", partition: 0, offset: 2 ** 60 }, 400],
  ["a partition out of range", { topic: "other", partition: 1, offset: 0 }, 400],
  ["an unknown topic", { topic: "nope", partition: 0, offset: 0 }, 404],
])("refuses fetch and commit of %s", async (_, place, status) => {
  const gateway = await gatewayUnderTest();
  await gateway.call("/produce/other/x");
  await gateway.call("/consume/g/i/other?timeout=1", { headers: { "kafka-enable-auto-commit": "false" } });
  expect(await gateway.call("/fetch", { body: place })).toMatchObject({ status, body: { status } });
  expect(await gateway.call("/commit/g/i", { body: place })).toMatchObject({ status, body: { status } });
  expect((await gateway.call("/committed/g/i", { body: { topic: "other", partition: 0 } })).body).toEqual([]);
});

test.each([
  ["/fetch", { topicPartitionOffsets: Array.from({ length: 10_001 }, () => ({ topic: "other", partition: 0, offset: 0 })) }],
  ["/consume/g/i", { topics: Array.from({ length: 10_001 }, () => "other") }],
  ["/commit/g/i", Array.from({ length: 10_001 }, () => ({ topic: "other", partition: 0, offset: 0 }))],
  ["/offsets/latest", Array.from({ length: 10_001 }, () => ({ topic: "other", partition: 0 }))],
])("refuses %s with more than ten thousand elements", async (path, body) => {
  const gateway = await gatewayUnderTest();
  expect(await gateway.call(path, { body })).toMatchObject({ status: 413, body: { status: 413, error: expect.stringContaining("10001") } });
});

test("takes a time in seconds for what it is in milliseconds, long ago, and one in the future for the end", async () => {
  const gateway = await gatewayUnderTest();
  await gateway.call("/produce/other/x");
  const at = async (time: number) => (await gateway.call(`/offsets/${time}`, { body: { topic: "other", partition: 0 } })).body;
  expect(await at(Math.floor(Date.now() / 1000))).toMatchObject([{ offset: 0 }]);
  expect(await at(Date.now() + 86_400_000)).toMatchObject([{ offset: 1 }]);
});

test("looks at the Kafka headers of the consume that creates an instance, and at no others", async () => {
  const gateway = await gatewayUnderTest();
  const consume = () => gateway.call("/consume/g/i/other?timeout=1", { headers: { "kafka-auto-offset-reset": "middle" } });
  expect(await consume()).toMatchObject({ status: 400, body: { error: expect.stringContaining("Kafka-Auto-Offset-Reset") } });
  expect(await gateway.engine.consumers()).toEqual([]);
  await gateway.call("/consume/g/i/other?timeout=1");
  expect((await consume()).status).toBe(200);
});
