import type { Log } from "../environment/log.ts";
import { pause, systemTime, type Time } from "../environment/time.ts";
import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import { DEAD_LETTER_SUFFIX } from "../protocol/topics.ts";
import { createBackoff } from "./backoff.ts";
import { type Source, SourceError } from "./source.ts";

/** A record on its way to a dead-letter topic. */
export type DeadLetter = Pick<ConsumerRecord, "topic" | "key" | "value" | "headers">;

/**
 * Publishes a record as a dead letter, and resolves with true when that is done; with false if it was stopped before. Never rejects.
 * The reason says what is wrong with the record.
 */
export type DeadLetterPublisher = (record: ConsumerRecord, reason: string) => Promise<boolean>;

type DeadLetterPublisherOptions = {
  readonly source: Pick<Source, "produce">;
  readonly log: Log;
  /** When it aborts, the publisher gives up. */
  readonly stop: AbortSignal;
  readonly time?: Time;
  readonly random?: () => number;
};

const RETRY = { firstMs: 1_000, mostMs: 30_000 };

/**
 * Publishes to the dead-letter topic of the record's own topic, and tries for as long as that may succeed.
 * A record that the dead-letter topic refuses for good is logged with its topic, partition and offset, where it can still be read: no
 * record may stop the consumer.
 */
export const createDeadLetterPublisher =
  ({ source, log, stop, time = systemTime, random = Math.random }: DeadLetterPublisherOptions): DeadLetterPublisher =>
  async (record, reason) => {
    const { topic, partition, offset } = record;
    const letter = createDeadLetter(record, reason);
    const backoff = createBackoff({ ...RETRY, random });
    while (!stop.aborted) {
      try {
        await source.produce(letter);
        log.warn({ topic, partition, offset, reason, to: letter.topic }, "a record could not be read and was moved to the dead letters");
        return true;
      } catch (error) {
        log.error({ err: error, topic, partition, offset, to: letter.topic }, "a dead letter could not be produced");
        if (error instanceof SourceError && !error.retryable) return true;
        await pause(time, backoff.nextMs(), stop);
      }
    }
    return false;
  };

/**
 * A record as a dead letter: key, value and headers unchanged, then where it was stored and what was wrong with it, under the header
 * names of Spring's DeadLetterPublishingRecoverer. Numbers are text, since a REST proxy can carry nothing else.
 */
const createDeadLetter = (record: ConsumerRecord, reason: string): DeadLetter => ({
  topic: record.topic + DEAD_LETTER_SUFFIX,
  key: record.key,
  value: record.value,
  headers: [
    ...record.headers,
    { key: "kafka_dlt-original-topic", value: record.topic },
    { key: "kafka_dlt-original-partition", value: String(record.partition) },
    { key: "kafka_dlt-original-offset", value: String(record.offset) },
    { key: "kafka_dlt-exception-message", value: reason },
  ],
});
