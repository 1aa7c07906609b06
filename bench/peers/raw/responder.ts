import { createKafkaProducer } from "../../../kafka/producer.ts";
import { exitWhenTold } from "../../exit-when-told.ts";
import { readNewRecords } from "./new-records.ts";
import { RAW_TOPICS } from "./topics.ts";

/** Answers each request with the sum of its two numbers, by nothing but a consumer and a producer. Brokers are its arguments. */
if (import.meta.main) {
  exitWhenTold();
  const connection = { brokers: process.argv.slice(2), clientId: "raw-responder", tls: undefined, sasl: undefined };
  const producer = createKafkaProducer(connection);
  await readNewRecords(connection, RAW_TOPICS.requests, ({ value, headers }) => {
    const { a, b } = JSON.parse(value.toString()) as { a: number; b: number };
    void producer.produce([{ topic: RAW_TOPICS.replies, value: Buffer.from(JSON.stringify({ sum: a + b })), headers }]);
  });
  process.send?.({ type: "ready" });
}
