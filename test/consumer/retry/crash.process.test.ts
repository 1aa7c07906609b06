import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test, type TestContext } from "vitest";
import { startGatewayProcess } from "../../helpers/gateway.ts";
import { startProcess } from "../../helpers/processes.ts";
import { startHoldingProxy } from "../holding-proxy.ts";
import { consumerEnvironment, REPLY_SECRET } from "../process.ts";
import { startReplyReceiver } from "../reply-receiver.ts";
import { callGateway, newRequest, produce, toWire } from "../requests.ts";

const FLAKY = fileURLToPath(new URL("../fixtures/flaky.ts", import.meta.url));
const TOPICS = "requests:6,requests-dlt:1,requests-retry:6";

type Line = { readonly process: string; readonly key: string; readonly index: number; readonly attempt: number; readonly what: string };

/** Everything around flaky consumers, for one test alone. */
const setUp = async ({ onTestFinished }: Pick<TestContext, "onTestFinished">) => {
  const folder = await mkdtemp(join(tmpdir(), "rejoinder-flaky-"));
  const journal = join(folder, "journal");
  const gateway = await startGatewayProcess({ GATEWAY_TOPICS: TOPICS });
  const proxy = await startHoldingProxy(gateway.url);
  const receiver = await startReplyReceiver({ secret: REPLY_SECRET });
  const ends: (() => Promise<unknown>)[] = [];
  onTestFinished(async () => {
    await Promise.all(ends.map((end) => end()));
    await receiver.close();
    proxy.close();
    await gateway.remove();
    await rm(folder, { recursive: true });
  });
  return {
    gateway,
    proxy,
    receiver,
    async startConsumer(overrides: Record<string, string> = {}) {
      const environment = { ...consumerEnvironment({ ...gateway, url: proxy.url }, receiver), JOURNAL: journal, EXIT_WITH_PARENT: "1" };
      const consumer = await startProcess("flaky", { ...environment, ...overrides }, { run: FLAKY });
      ends.push(() => consumer.stop("SIGKILL"));
      return consumer;
    },
    async send(requests: readonly ReturnType<typeof newFlaky>[]) {
      for (let from = 0; from < requests.length; from += 100) await produce(gateway, requests.slice(from, from + 100).map(toWire));
    },
    /** All have ended as they must, after at least as many attempts as that takes, and nobody knows another end of one. */
    async expectEnds(requests: readonly ReturnType<typeof newFlaky>[]) {
      await receiver.until(() => requests.every(({ correlationId }) => receiver.stored.has(correlationId)));
      for (const { correlationId, data } of requests) {
        const state = data.failures >= 3 ? "failed" : "succeeded";
        const of = receiver.arrived.filter((reply) => reply.correlationId === correlationId && reply.state !== "processing");
        expect(new Set(of.map((reply) => reply.state))).toEqual(new Set([state]));
        if (state === "failed") expect(of[0]?.data).toMatchObject({ attempts: 3, deadLetter: "requests-dlt" });
      }
    },
    async readJournal(): Promise<readonly Line[]> {
      const lines = (await readFile(journal, "utf8")).trim().split("\n");
      return lines.map((line) => {
        const [pid = "", key = "", index, attempt, what = ""] = line.split(" ");
        return { process: pid, key, index: Number(index), attempt: Number(attempt), what };
      });
    },
    async deadLetters() {
      const from = { topic: "requests-dlt", partition: 0, offset: 0, timeout: 1 };
      const letters = (await callGateway(gateway, "/fetch", from)) as { headers: { key: string; value: string }[] }[];
      return letters.map(({ headers }) => headers.find(({ key }) => key === "rejoinder-correlation-id")?.value);
    },
  };
};

type Flaky = { readonly key: string; readonly index: number; readonly failures: number };

const newFlaky = (data: Flaky, operation = "keep") => ({
  ...newRequest({ operation, data, orderingKey: data.key, deadline: Date.now() + 300_000 }),
  data,
});

/** Requests of 20 keys in turns: one in four fails once, twice, for good or never. */
const newRequests = (count: number) =>
  Array.from({ length: count }, (_, index) => newFlaky({ key: `k${index % 20}`, index, failures: (index >> 2) % 4 }));

/** No request began before all earlier ones of its key had ended, and those of a process began in their order. */
const expectOrder = (lines: readonly Line[]): void => {
  for (const [, ofKey] of Map.groupBy(lines, ({ key }) => key)) {
    const ended = new Set<number>();
    const latest = new Map<string, number>();
    const indexes = [...new Set(ofKey.map(({ index }) => index))].toSorted((one, other) => one - other);
    for (const { process: pid, index, what } of ofKey) {
      if (what === "ends") ended.add(index);
      if (what !== "begins") continue;
      expect(index).toBeGreaterThanOrEqual(latest.get(pid) ?? 0);
      latest.set(pid, index);
      expect(indexes.filter((earlier) => earlier < index && !ended.has(earlier))).toEqual([]);
    }
  }
};

// At once: each waits for its own processes most of the time.
describe.concurrent("when a consumer dies", { timeout: 240_000, retry: 0 }, () => {
  test("while requests pause, their attempts are repeated, each of 500 ends, and the order of each key is kept", async (context) => {
    const { receiver, startConsumer, send, expectEnds, readJournal, deadLetters } = await setUp(context);
    const requests = newRequests(500);
    const consumer = await startConsumer();
    await send(requests);
    await receiver.until(() => receiver.stored.size >= 100 && receiver.arrived.at(-1)?.state === "processing");
    await consumer.stop("SIGKILL");
    await startConsumer();
    await expectEnds(requests);
    expectOrder(await readJournal());
    const failed = requests.filter(({ data }) => data.failures >= 3).map(({ correlationId }) => correlationId);
    expect(new Set(await deadLetters())).toEqual(new Set(failed));
  });

  test.for(["before", "after"] as const)("%s a dead letter is stored, it is stored and its caller is told", async (when, context) => {
    const { proxy, receiver, startConsumer, send, expectEnds, readJournal, deadLetters } = await setUp(context);
    const requests = newRequests(500);
    const isHeld = proxy.hold("requests-dlt", when);
    const consumer = await startConsumer();
    await send(requests);
    await isHeld;
    expect([...receiver.stored.values()].filter(({ state }) => state === "failed")).toEqual([]);
    await consumer.stop("SIGKILL");
    proxy.pass();
    await startConsumer();
    await expectEnds(requests);
    expectOrder(await readJournal());
    const failed = requests.filter(({ data }) => data.failures >= 3).map(({ correlationId }) => correlationId);
    expect(new Set(await deadLetters())).toEqual(new Set(failed));
  });

  test.for(["before", "after"] as const)("%s a request is in the retry topic, it is handled again when due", async (when, context) => {
    const { proxy, receiver, startConsumer, send, expectEnds, readJournal } = await setUp(context);
    const requests = Array.from({ length: 500 }, (_, index) => newFlaky({ key: `k${index % 4}`, index, failures: index % 2 }, "give-up"));
    const isHeld = proxy.hold("requests-retry", when);
    const consumer = await startConsumer();
    await send(requests);
    await isHeld;
    await consumer.stop("SIGKILL");
    proxy.pass();
    await startConsumer();
    await expectEnds(requests);
    const second = (await readJournal()).filter(({ attempt, what }) => attempt === 2 && what === "ends").map(({ index }) => index);
    expect(new Set(second)).toEqual(new Set(requests.map(({ data }) => data.index).filter((index) => index % 2 === 1)));
    expect(receiver.arrived.find(({ state }) => state === "processing")).toMatchObject({
      attempt: 2,
      data: { lastError: { code: "NOT_NOW" } },
    });
  });

  test("or another has the same records, each of 500 requests ends once, and the order of each key is kept in both", async (context) => {
    const { receiver, startConsumer, send, expectEnds, readJournal } = await setUp(context);
    const requests = newRequests(500);
    await Promise.all(["one", "two"].map((CONSUMER_GROUP) => startConsumer({ CONSUMER_GROUP })));
    await send(requests);
    const hasTwo = () => receiver.arrived.filter(({ state }) => state !== "processing").length >= 2 * requests.length;
    await receiver.until(hasTwo);
    await expectEnds(requests);
    for (const [, lines] of Map.groupBy(await readJournal(), (line) => line.process)) expectOrder(lines);
  });
});
