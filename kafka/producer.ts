import { createProducerClient } from "./clients.ts";
import type { KafkaConnection } from "./config.ts";
import { kafkaErrorOf } from "./errors.ts";
import { KafkaError } from "./kafka-error.ts";
import { createPendingCall, type NewRecord } from "./pending-record.ts";
import type { RecordMetadata } from "../protocol/kafka-record.ts";
import { ProduceError } from "./produce-error.ts";
import { createRouter } from "./router.ts";
import { systemTime, type Time } from "../environment/time.ts";

/** Stores records, those of many callers in one request: without batches a client of Kafka is slow. */
export type KafkaProducer = {
  /**
   * Resolves with where each record was stored, in their order, once every in-sync replica has it. A record whose partition has no leader
   * yet, or a new one, is tried again until the deadline; one that may be stored is never sent again. With no broker in reach it fails at once.
   * @throws ProduceError with what became of each record, at the deadline at the latest
   */
  produce(records: readonly NewRecord[], options?: { readonly timeoutMs?: number }): Promise<readonly RecordMetadata[]>;
  /** Waits for what is under way, then lets go of its connections. From now on nothing is taken. */
  close(): Promise<void>;
};

/** More than a change of leader takes. */
const DEFAULT_TIMEOUT_MS = 15_000;

/** A producer with connections of its own. It connects when it is first needed. */
export const createKafkaProducer = (connection: KafkaConnection, time: Time = systemTime): KafkaProducer => {
  const client = createProducerClient(connection);
  const router = createRouter(client, time);
  const underWay = new Set<Promise<unknown>>();
  let closed = false;

  return {
    async produce(records, { timeoutMs = DEFAULT_TIMEOUT_MS } = {}) {
      if (closed) throw new ProduceError(records.map(() => new KafkaError("unavailable", "the producer is closed")));
      const call = createPendingCall(records, timeoutMs, time);
      underWay.add(call.stored);
      router.add(call.records);
      return await call.stored.finally(() => underWay.delete(call.stored));
    },
    async close() {
      closed = true;
      await Promise.allSettled(underWay);
      await client.close().catch((error: unknown) => {
        throw kafkaErrorOf(error);
      });
    },
  };
};
