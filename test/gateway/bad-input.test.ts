import { expect, test } from "vitest";
import { type GatewayUnderTest, gatewayUnderTest, type Reply } from "./gateway-under-test.ts";

const MIB = 1024 * 1024;
const USERS = ["full:pw", "writer:pw:produce", "reader:pw:consume", "other:pw:full:oth*", "exact:pw:full:other", "päss:wörd"];

const storedCount = async ({ engine }: GatewayUnderTest): Promise<number> => {
  const offsets = await engine.offsetsAt("latest", [
    { topic: "other", partition: 0 },
    ...[0, 1, 2].map((partition) => ({ topic: "numbers", partition })),
  ]);
  return offsets.reduce((sum, { offset }) => sum + offset, 0);
};

/** Every error is `{ error, status }`, says the status that HTTP says, and has stored nothing. */
const expectRefusal = async (gateway: GatewayUnderTest, reply: Reply, status: number, message: RegExp | string = /./): Promise<void> => {
  expect(reply.status).toBe(status);
  expect(reply.headers.get("content-type")).toBe("application/json");
  expect(reply.body).toMatchObject({ status, error: expect.stringMatching(message) });
  expect(await storedCount(gateway)).toBe(0);
};

test.each([
  ["no value", { topic: "other" }, 400, /the value to be a string, got nothing/],
  ["a value that is an object", { topic: "other", value: {} }, 400, /the value to be a string/],
  ["a value that is null", { topic: "other", value: null }, 400, /the value to be a string/],
  ["a lone surrogate", '{"topic":"other","value":"\\ud800"}', 400, /well-formed/],
  ["no topic", { value: "x" }, 400, /the topic/],
  ["a topic with other characters", { topic: "a b!", value: "x" }, 400, /the topic/],
  ["an unknown topic", { topic: "nope", value: "x" }, 404, /no topic "nope"/],
  ["a partition out of range", { topic: "other", value: "x", partition: 1 }, 400, /from 0 to 0, got 1/],
  ["a negative partition", { topic: "other", value: "x", partition: -1 }, 400, /the partition/],
  ["a timestamp that is text", { topic: "other", value: "x", timestamp: "now" }, 400, /the timestamp/],
  ["a timestamp beyond the year 9999", { topic: "other", value: "x", timestamp: 1e16 }, 400, /the timestamp/],
  ["headers that are an object", { topic: "other", value: "x", headers: { a: "b" } }, 400, /the headers/],
  ["a header value that is no text", { topic: "other", value: "x", headers: [{ key: "a", value: 1 }] }, 400, /a header's value/],
  ["a key that is a number", { topic: "other", value: "x", key: 1 }, 400, /the key/],
  ["a record that is text", '"x"', 400, /a record to be an object/],
  ["an empty array", [], 400, /at least one/],
  ["an empty body", undefined, 400, /a record to be an object/],
  ["a body that is not JSON", "<html>", 400, /JSON/],
  ["a body that is not UTF-8", Buffer.from([0x22, 0xff, 0x22]), 400, /UTF-8/],
  ["a record of 1 MiB and a byte", { topic: "other", value: "x".repeat(MIB + 1) }, 413, /1048576 bytes, got 1048577/],
  ["a record that its headers make too large", { topic: "other", value: "x".repeat(MIB), headers: [{ key: "a", value: "" }] }, 413, /got/],
  ["a body over 8 MiB", "x".repeat(8 * MIB + 1), 413, /8388608/],
])("refuses %s", async (_, body, status, message) => {
  const gateway = await gatewayUnderTest();
  await expectRefusal(gateway, await gateway.call("/produce", { body }), status, message);
});

test("takes a record of exactly 1 MiB", async () => {
  const gateway = await gatewayUnderTest();
  expect((await gateway.call("/produce", { body: { topic: "other", value: "x".repeat(MIB) } })).status).toBe(200);
});

test("stores nothing of an array in which one record is wrong, and says of each what is wrong", async () => {
  const gateway = await gatewayUnderTest();
  const body = [
    { topic: "other", value: "good" },
    { topic: "other", value: 1 },
    { topic: "nope", value: "x" },
  ];
  const reply = await gateway.call("/produce", { body });
  await expectRefusal(gateway, reply, 400, /Record 1: .* Nothing was stored/);
  expect(reply.body).toMatchObject({
    results: [
      { index: 1, error: expect.stringContaining("string") },
      { index: 2, error: expect.stringContaining("nope") },
    ],
  });
});

test.each([
  ["none", {}],
  ["another scheme", { authorization: "Bearer abc" }],
  ["bad base64", { authorization: "Basic ***" }],
  ["an unknown user", { authorization: `Basic ${btoa("nobody:pw")}` }],
  ["a wrong password", { authorization: `Basic ${btoa("full:pW")}` }],
  ["a password that goes on", { authorization: `Basic ${btoa("full:pw2")}` }],
  ["no colon", { authorization: `Basic ${btoa("fullpw")}` }],
])("answers 401 to credentials that are %s", async (_, headers) => {
  const gateway = await gatewayUnderTest();
  const response = await fetch(`${gateway.url}/produce/other/x`, { headers });
  expect(response.headers.get("www-authenticate")).toContain("Basic");
  await expectRefusal(gateway, { status: response.status, headers: response.headers, body: await response.json() }, 401);
});

test.each(["utf8", "latin1"] as const)("takes a user and password in %s", async (encoding) => {
  const gateway = await gatewayUnderTest({ credentials: USERS });
  const response = await fetch(`${gateway.url}/topics`, {
    headers: { authorization: `Basic ${Buffer.from("päss:wörd", encoding).toString("base64")}` },
  });
  expect(response.status).toBe(200);
});

test.each([
  ["reader:pw", "/produce/other/x", undefined],
  ["writer:pw", "/consume/g/i/other", undefined],
  ["writer:pw", "/fetch", { topic: "other", partition: 0, offset: 0 }],
  ["writer:pw", "/delete-consumer/g/i", undefined],
  ["other:pw", "/produce/numbers/x", undefined],
  [
    "other:pw",
    "/produce",
    [
      { topic: "other", value: "x" },
      { topic: "numbers", value: "x" },
    ],
  ],
  ["other:pw", "/consume/g/i/numbers", undefined],
  [
    "other:pw",
    "/fetch",
    { topic: "other", partition: 0, offset: 0, topicPartitionOffsets: [{ topic: "numbers", partition: 0, offset: 0 }] },
  ],
  ["other:pw", "/commit/g/i", { topic: "numbers", partition: 0, offset: 0 }],
  ["other:pw", "/committed/g/i", { topic: "numbers", partition: 0 }],
  ["exact:pw", "/produce/others/x", undefined],
])("answers 403 to %s for %s", async (user, path, body) => {
  const gateway = await gatewayUnderTest({ credentials: USERS });
  await expectRefusal(gateway, await gateway.call(path, { user, body }), 403, /may not/);
});

test("keeps the instance of a user from whoever may read other topics", async () => {
  const gateway = await gatewayUnderTest({ credentials: USERS });
  await gateway.call("/produce/numbers/secret");
  const earliest = { "kafka-auto-offset-reset": "earliest", "kafka-enable-auto-commit": "false" };
  expect((await gateway.call("/consume/g/i/numbers", { headers: earliest })).body).toHaveLength(1);
  for (const path of ["/consume/g/i/other?timeout=60000", "/commit/g/i", "/delete-consumer/g/i"])
    expect(await gateway.call(path, { user: "other:pw" })).toMatchObject({
      status: 403,
      body: { error: expect.stringMatching(/another user/) },
    });
  expect((await gateway.call("/commit/g/i")).status).toBe(200);
  expect((await gateway.call("/consume/g/i/numbers?timeout=1")).status).toBe(200);
  const [committed] = (await gateway.call("/committed/g/i", { body: [0, 1, 2].map((partition) => ({ topic: "numbers", partition })) }))
    .body as unknown[];
  expect(committed).toMatchObject({ offset: 1 });
});

test("lets whoever may touch everything end the instance of another", async () => {
  const gateway = await gatewayUnderTest({ credentials: USERS });
  await gateway.call("/consume/g/i/other?timeout=1", { user: "other:pw" });
  await expectRefusal(gateway, await gateway.call("/consume/g/i/other?timeout=1"), 403, /another user/);
  expect((await gateway.call("/delete-consumer/g/i")).status).toBe(200);
});

test.each([
  ["an unknown path", "GET", "/nothing", undefined, 404],
  ["the root", "GET", "/", undefined, 404],
  ["too few segments", "POST", "/consume/g", undefined, 404],
  ["too many segments", "POST", "/commit/g/i/more", undefined, 404],
  ["a path that cannot be decoded", "GET", "/produce/other/%ff", undefined, 400],
  ["a consume without a topic", "POST", "/consume/g/i", {}, 400],
  ["topics that are text", "POST", "/consume/g/i", { topics: "other" }, 400],
  ["a consume of an unknown topic", "POST", "/consume/g/i/nope", undefined, 404],
  ["a consume with a timeout that is text", "POST", "/consume/g/i/other?timeout=soon", undefined, 400],
  ["a timeout of a day", "POST", "/consume/g/i", { topic: "other", timeout: 86_400_000 }, 400],
  ["a group without a name", "POST", "/consume//i/other", undefined, 400],
  ["a fetch of nothing", "POST", "/fetch", {}, 400],
  ["a fetch at a negative offset", "POST", "/fetch", { topic: "other", partition: 0, offset: -1 }, 400],
  ["a fetch of a partition out of range", "POST", "/fetch", { topic: "other", partition: 7, offset: 0 }, 400],
  ["a fetch of an unknown topic", "POST", "/fetch", { topic: "nope", partition: 0, offset: 0 }, 404],
  ["a commit of an unknown group", "POST", "/commit/g/i", { topic: "other", partition: 0, offset: 0 }, 404],
  ["an empty commit of an unknown group", "POST", "/commit/g/i", undefined, 404],
  ["a commit that is text", "POST", "/commit/g/i", '"x"', 400],
  ["a committed of an unknown topic", "POST", "/committed/g/i", { topic: "nope", partition: 0 }, 404],
  ["a delete of an unknown instance", "DELETE", "/delete-consumer/g/i", undefined, 404],
])("refuses %s", async (_, method, path, body, status) => {
  const gateway = await gatewayUnderTest();
  await expectRefusal(gateway, await gateway.call(path, { method, body }), status);
});

test.each([
  ["PUT", "/produce", "GET, POST"],
  ["DELETE", "/consume/g/i/other", "GET, POST"],
  ["GET", "/delete-consumer/g/i", "POST, DELETE"],
  ["POST", "/health", "GET, HEAD"],
])("answers 405 with Allow to %s %s", async (method, path, allow) => {
  const gateway = await gatewayUnderTest();
  const reply = await gateway.call(path, { method });
  await expectRefusal(gateway, reply, 405);
  expect(reply.headers.get("allow")).toBe(allow);
});

test.each([
  ["kafka-enable-auto-commit", "yes"],
  ["kafka-auto-commit-interval", "often"],
  ["kafka-auto-offset-reset", "middle"],
  ["kafka-session-timeout-ms", "-1"],
])("refuses a consume with the header %s: %s", async (name, value) => {
  const gateway = await gatewayUnderTest();
  await expectRefusal(gateway, await gateway.call("/consume/g/i/other", { headers: { [name]: value } }), 400, new RegExp(name, "i"));
});

test("refuses a commit beyond the end of the partition", async () => {
  const gateway = await gatewayUnderTest();
  await gateway.call("/consume/g/i/other?timeout=1");
  await expectRefusal(gateway, await gateway.call("/commit/g/i", { body: { topic: "other", partition: 0, offset: 1 } }), 400, /offset/);
});
