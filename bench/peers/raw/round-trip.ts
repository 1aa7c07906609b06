import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createKafkaProducer } from "../../../kafka/producer.ts";
import { createPart } from "../../../cli/part.ts";
import { forkProgram, inheritedVariables } from "../../forked-program.ts";
import type { MeasuredKafka } from "../../kafka/broker.ts";
import type { Removable } from "../../lifetime.ts";
import type { Calls } from "../../load.ts";
import { readNewRecords } from "./new-records.ts";
import { CORRELATION_ID, RAW_PARTITIONS, RAW_TOPICS } from "./topics.ts";

/** Request-reply by a request topic and a reply topic, without HTTP: two processes and Kafka, the least that there can be. */
export type RawRoundTrip = Removable & { readonly calls: Calls };

const RESPONDER = fileURLToPath(new URL("responder.ts", import.meta.url));
const REQUEST = Buffer.from(JSON.stringify({ a: 2, b: 3 }));
const NAME = Buffer.from(CORRELATION_ID);
const GRACE_MS = 5_000;
const PING_MS = 250;

export const startRawRoundTrip = async (kafka: MeasuredKafka): Promise<RawRoundTrip> => {
  for (const topic of Object.values(RAW_TOPICS)) await kafka.createTopic(topic, RAW_PARTITIONS);
  const responder = createPart({
    name: "raw responder",
    say: console.error,
    spawn: () => forkProgram(RESPONDER, kafka.brokers, inheritedVariables()),
  });
  await responder.start();
  const producer = createKafkaProducer(kafka.connection);
  const waiting = new Map<string, () => void>();
  const stop = await readNewRecords(kafka.connection, RAW_TOPICS.replies, ({ headers }) => {
    const id = headers.find(([name]) => name.equals(NAME))?.[1].toString() ?? "";
    waiting.get(id)?.();
    waiting.delete(id);
  });
  let count = 0;
  const call = async (): Promise<void> => {
    const id = String(count++);
    const replied = new Promise<void>((resolve) => waiting.set(id, resolve));
    await producer.produce([{ topic: RAW_TOPICS.requests, value: REQUEST, headers: [[NAME, Buffer.from(id)]] }]);
    await replied;
  };
  // Both consumers read from where they have joined: what is sent before is never answered.
  while (!(await Promise.race([call().then(() => true), wait(PING_MS, false)])));
  return {
    calls: { open: async () => ({ call, close: async () => {} }) },
    async remove() {
      await stop();
      await Promise.all([producer.close(), responder.stop(GRACE_MS)]);
    },
  };
};
