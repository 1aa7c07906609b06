import type { KafkaConnection } from "../../kafka/config.ts";
import { createKafkaProducer, type KafkaProducer } from "../../kafka/producer.ts";
import type { Removable } from "../lifetime.ts";
import type { Calls } from "../load.ts";
import { createRecord } from "../record.ts";

/** The native producer without a gateway before it: all that a gateway can hope for. */
export type NativeProduce = Removable & {
  /** So many records a call, each with another key. */
  calls(records: number): Calls;
};

const KEYS = 1_000;

export const createNativeProduce = (connection: KafkaConnection, topic: string): NativeProduce => {
  const producer: KafkaProducer = createKafkaProducer(connection);
  let key = 0;
  const next = () => {
    const { value, headers } = createRecord(topic, "");
    return {
      topic,
      key: Buffer.from(String(key++ % KEYS).padStart(63, "b")),
      value: Buffer.from(value),
      headers: headers.map((header) => [Buffer.from(header.key), Buffer.from(header.value)] as const),
    };
  };
  return {
    calls: (records) => ({
      open: async () => ({
        call: () => producer.produce(Array.from({ length: records }, next)),
        close: async () => {},
      }),
    }),
    remove: () => producer.close(),
  };
};
