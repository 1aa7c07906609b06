import { expect, test } from "vitest";
import { gatewayUnderTest } from "./gateway-under-test.ts";
import { engineUnderTest, openEngine } from "./open-engine.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const topicsOf = async ({ call }: Awaited<ReturnType<typeof gatewayUnderTest>>) => (await call("/topics", { method: "GET" })).body;

test("makes a topic that is produced to, with its partitions, and keeps it over a restart", async () => {
  const options = { dataDir: await temporaryFolder(), topics: { t: 1 }, partitionsOnDemand: 3 };
  const before = await openEngine(options);
  expect(await before.provideTopics(new Set(["new", "t"]), true)).toEqual(
    new Map([
      ["t", 1],
      ["new", 3],
    ]),
  );
  await before.produce([{ topic: "new", partition: 2, value: "x", headers: [] }]);
  await before.close();
  const after = await engineUnderTest({ ...options, topics: {} });
  expect(Object.fromEntries(await after.topics())).toEqual({ t: 1, new: 3 });
  expect(await after.produce([{ topic: "new", partition: 2, value: "y", headers: [] }])).toMatchObject([{ offset: 1 }]);
});

test("makes topics for produce, webhook and consume, and for nothing that only reads", async () => {
  const gateway = await gatewayUnderTest({ topics: {}, partitionsOnDemand: 2 });
  expect((await gateway.call("/fetch", { body: { topic: "f", partition: 0, offset: 0 } })).status).toBe(404);
  expect((await gateway.call("/offsets/earliest", { body: { topic: "f", partition: 0 } })).status).toBe(404);
  expect((await gateway.call("/committed/g/i", { body: { topic: "f", partition: 0 } })).status).toBe(404);
  const produced = await gateway.call("/produce", { body: ["p", "q", "p"].map((topic) => ({ topic, value: "x", key: "k" })) });
  expect(produced.status).toBe(200);
  expect((await gateway.call("/webhook?topic=w", { body: "x" })).status).toBe(200);
  expect((await gateway.call("/consume/g/i/c?timeout=1")).body).toEqual([]);
  expect(await topicsOf(gateway)).toEqual({ p: 2, q: 2, w: 2, c: 2 });
});

test("gives an instance that waits the records of a topic that its own consume made", async () => {
  const gateway = await gatewayUnderTest({ topics: {}, partitionsOnDemand: 2 });
  const waiting = gateway.call("/consume/g/i/new?timeout=60000");
  await expect.poll(() => topicsOf(gateway)).toEqual({ new: 2 });
  await gateway.call("/produce/new/hello");
  expect((await waiting).body).toMatchObject([{ topic: "new", value: "hello" }]);
});

test("makes no topic for a record that is wrong, for a user who may not, or for a name that is none", async () => {
  const gateway = await gatewayUnderTest({ topics: {}, partitionsOnDemand: 1, credentials: ["full:pw", "some:pw:full:a*"] });
  const produce = async (body: unknown, user?: string) => (await gateway.call("/produce", { body, ...(user && { user }) })).status;
  expect(await produce([{ topic: "new", value: "x" }, { topic: "other" }])).toBe(400);
  expect(await produce({ topic: "new", value: "x" }, "some:pw")).toBe(403);
  expect(await produce({ topic: "..", value: "x" })).toBe(400);
  expect((await gateway.call("/consume/g/i/new", { user: "some:pw" })).status).toBe(403);
  expect(await topicsOf(gateway)).toEqual({});
});

// The log makes a table for each of 8,192 partitions: seconds on an idle machine, and more beside other tests.
test("makes no more topics than there is room for", { timeout: 120_000 }, async () => {
  const gateway = await gatewayUnderTest({ topics: { full: 8192 }, partitionsOnDemand: 1 });
  const reply = await gateway.call("/produce/one-more/x");
  expect(reply).toMatchObject({ status: 404, body: { error: expect.stringContaining("no room for it") } });
  expect(await topicsOf(gateway)).toEqual({ full: 8192 });
});
