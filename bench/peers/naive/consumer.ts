import { MessagesStreamModes } from "@platformatic/kafka";
import { createConsumerClient } from "../../kafka/library-consumer.ts";

export type Replies = { put(key: string, value: string, options: { readonly expirationTtl: number }): Promise<void> };

type Request = { readonly id: string; readonly data: { readonly a: number; readonly b: number } };

const RETENTION_SECONDS = 3_600;

/** Puts the sum that each request asks for into KV, under the request's ID. */
export const consumeNaively = async (brokers: readonly string[], topic: string, replies: Replies): Promise<void> => {
  const connection = { brokers, clientId: "naive-consumer", tls: undefined, sasl: undefined };
  const consumer = createConsumerClient(connection, { groupId: topic });
  const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, minBytes: 1, maxWaitTime: 500 });
  stream.on("data", ({ value }) => {
    const { id, data } = JSON.parse(value.toString()) as Request;
    void replies.put(id, JSON.stringify({ sum: data.a + data.b }), { expirationTtl: RETENTION_SECONDS });
  });
};
