import { expect, test } from "vitest";
import { kafkaSource } from "../../consumer/sources/kafka.ts";
import { connectionTo } from "../kafka/connections.ts";
import { createRecordedLog } from "./log.ts";

test("keeps trying while the cluster is away, says once what to look at, and ends when it is told to", async () => {
  const log = createRecordedLog();
  // Nobody listens at port 1.
  const connection = connectionTo(["127.0.0.1:1"]);
  const source = kafkaSource({ connection, group: "test", instance: "one", topics: ["requests"], log, random: () => 1 });
  const stop = new AbortController();
  const opening = source.open(stop.signal, async () => {});
  const attempts = () => log.lines.filter(({ msg }) => msg === "Kafka cannot be used now: finding its topics failed");
  await expect.poll(() => attempts().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(3);
  expect(attempts().map(({ level }) => level)).toEqual([
    "warn",
    ...attempts()
      .slice(1)
      .map(() => "debug"),
  ]);
  expect(attempts()[0]).toMatchObject({ reason: expect.stringMatching(/127\.0\.0\.1:1 \(ECONNREFUSED\); check KAFKA_BROKERS/) });
  stop.abort();
  await opening;
  await source.close();
});
