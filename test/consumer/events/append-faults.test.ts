import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { AppendError, type EventLog } from "../../../consumer/events/event-log.ts";
import { kafkaLog } from "../../../consumer/events/kafka-log.ts";
import { restLog } from "../../../consumer/events/rest-log.ts";
import { startFaultyProxy } from "../../helpers/faulty-proxy.ts";
import { connectionTo } from "../../kafka/connections.ts";
import { createManualTime } from "../../helpers/manual-time.ts";
import { eventRecord } from "./event-log-contract.ts";

let proxy: Awaited<ReturnType<typeof startFaultyProxy>>;
beforeAll(async () => {
  proxy = await startFaultyProxy();
});
afterAll(() => proxy.close());

const AT = { topic: "account-events", partition: 0 };

/** What became of an append of some values. */
const outcomeOf = async (log: EventLog, values: readonly string[] = ["a"]): Promise<string> => {
  onTestFinished(() => log.close());
  return await log
    .append(
      AT,
      values.map((value) => eventRecord(value)),
    )
    .then(
      (offsets) => `at ${offsets.join()}`,
      (error: unknown) => (error instanceof AppendError ? error.outcome : String(error)),
    );
};
const behind = (behaviour: string, more: object = {}): EventLog =>
  restLog({ url: `${proxy.url}/${behaviour}/append`, username: "u", password: "p", ...more });

test.each([
  ["ok", "at 0"],
  ["unavailable", "unavailable"],
  ["throttled", "unavailable"],
  ["unauthorized", "unavailable"],
  ["redirect", "unavailable"],
  ["html-502", "unknown"],
  ["html-200", "unknown"],
  ["garbage", "unknown"],
  ["short", "unknown"],
  ["error", "unknown"],
  ["hang-up", "unknown"],
])("a server that answers %s: the append is %s", async (behaviour, outcome) => {
  expect(await outcomeOf(behind(behaviour))).toBe(outcome);
});

test("a record that the server refuses is rejected", async () => {
  expect(await outcomeOf(behind("refuse-bad"), ["bad"])).toBe("rejected");
});

test("an append that nobody answers is unknown after a while", async () => {
  const time = createManualTime();
  const outcome = outcomeOf(behind("silent", { time }));
  time.advance(60_000);
  expect(await outcome).toBe("unknown");
});

test("a record behind others that were stored already, in a piece of their own, leaves the whole append unknown", async () => {
  const records = [...Array.from({ length: 1_000 }, (_, index) => String(index)), "bad"];
  expect(await outcomeOf(behind("refuse-bad"), records)).toBe("unknown");
});

test.each([
  ["a REST server", (url: string) => restLog({ url, username: "u", password: "p" })],
  ["Kafka", (url: string) => kafkaLog({ connection: connectionTo([new URL(url).host]) })],
])("while %s is away, nothing is appended, and a read says why", async (_, open) => {
  const away = await startFaultyProxy();
  await away.close();
  const log = open(away.url);
  expect(await outcomeOf(log)).toBe("unavailable");
  await expect(log.read({ ...AT, offset: 0 }, { waitMs: 0, signal: new AbortController().signal })).rejects.toThrow("ECONNREFUSED");
});
