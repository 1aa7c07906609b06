import { MessagesStreamModes } from "@platformatic/kafka";
import { randomUUID } from "node:crypto";
import { createConsumerClient } from "../../kafka/library-consumer.ts";
import type { KafkaConnection } from "../../../kafka/config.ts";

export type NewRecord = { readonly value: Buffer; readonly headers: readonly (readonly [name: Buffer, value: Buffer])[] };

/** Reads what a topic gets from soon on, as soon as it is there. Resolves to what ends that. */
export const readNewRecords = async (
  connection: KafkaConnection,
  topic: string,
  onRecord: (record: NewRecord) => void,
): Promise<() => Promise<void>> => {
  const consumer = createConsumerClient(connection, { groupId: `raw-${randomUUID()}` });
  const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.LATEST, minBytes: 1, maxWaitTime: 500 });
  stream.on("data", ({ value, headers }) => onRecord({ value, headers: [...headers] }));
  return async () => {
    await stream.close();
    await consumer.close(true);
  };
};
