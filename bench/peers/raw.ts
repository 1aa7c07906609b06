// Request-reply by a request topic and a reply topic, without HTTP. The responder is this file too, as a program that is given the brokers.
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { createKafkaProducer } from "../../kafka/producer.ts";
import { exitWhenTold } from "../exit-when-told.ts";
import { type Cluster, connectionTo } from "../kafka/cluster.ts";
import { readStream, type StreamedRecord } from "../kafka/consumption.ts";
import type { Calls } from "../load.ts";
import { startProgram } from "../processes.ts";
import { SUM } from "../requests.ts";

/** `pid` is the responder's; the requester is this process. */
export type RawRoundTrip = AsyncDisposable & { readonly calls: Calls; readonly pid: number };

/** With one partition each. */
const [REQUESTS, REPLIES] = ["raw-requests", "raw-replies"] as const;
/** The header that tells whose reply it is. */
const ID = Buffer.from("correlation-id");
const PING_MS = 250;

export const startRawRoundTrip = async (cluster: Cluster): Promise<RawRoundTrip> => {
  for (const topic of [REQUESTS, REPLIES]) await cluster.createTopic(topic, 1);
  const responder = await startProgram({ name: "raw responder", file: import.meta.filename, args: cluster.brokers });
  const producer = createKafkaProducer(cluster.connection);
  const waiting = new Map<string, () => void>();
  const reply = (record: StreamedRecord): void => waiting.get(idOf(record))?.();
  const stop = await readStream(cluster.connection, { topic: REPLIES, groupId: `raw-${randomUUID()}`, from: "LATEST" }, reply);
  const value = Buffer.from(JSON.stringify(SUM));
  let count = 0;
  const call = async (): Promise<void> => {
    const id = String(count++);
    const replied = new Promise<void>((resolve) => waiting.set(id, resolve));
    await producer.produce([{ topic: REQUESTS, value, headers: [[ID, Buffer.from(id)]] }]);
    await replied;
    waiting.delete(id);
  };
  // Both consumers read from where they have joined: what is sent before is never answered.
  while (!(await Promise.race([call().then(() => true), wait(PING_MS, false)])));
  return {
    pid: responder.pid,
    calls: { open: async () => ({ call, [Symbol.asyncDispose]: async () => {} }) },
    async [Symbol.asyncDispose]() {
      await stop();
      await Promise.all([producer.close(), responder[Symbol.asyncDispose]()]);
    },
  };
};

const idOf = ({ headers }: StreamedRecord): string => [...headers].find(([name]) => name.equals(ID))?.[1].toString() ?? "";

if (import.meta.main) {
  exitWhenTold();
  const connection = connectionTo(process.argv.slice(2));
  const producer = createKafkaProducer(connection);
  await readStream(connection, { topic: REQUESTS, groupId: `raw-${randomUUID()}`, from: "LATEST" }, (record) => {
    const { a, b } = JSON.parse(record.value.toString()) as { a: number; b: number };
    const value = Buffer.from(JSON.stringify({ sum: a + b }));
    void producer.produce([{ topic: REPLIES, value, headers: [[ID, Buffer.from(idOf(record))]] }]);
  });
  process.send?.({ type: "ready" });
}
