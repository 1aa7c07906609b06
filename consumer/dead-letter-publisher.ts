import type { Log } from "../environment/log.ts";
import { pause, systemTime, type Time } from "../environment/time.ts";
import { createDeadLetterHeaders, type DeadLetterReason } from "../protocol/dead-letter.ts";
import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import { deadLetterTopicOf } from "../protocol/topics.ts";
import { createBackoff } from "./backoff.ts";
import { type ConsumerObserver, SILENT_OBSERVER } from "./observe/observer.ts";
import { type OutgoingRecord, type Source, SourceError } from "./source.ts";

/** What became of a dead letter: it is stored, its topic refuses it for good, or the process stops. */
type DeadLetterOutcome = "stored" | "refused" | "stopped";

/** Publishes a record as a dead letter. Resolves when it is known what became of it; never rejects. `traceId` is for the log. */
export type DeadLetterPublisher = (
  record: ConsumerRecord,
  reason: Omit<DeadLetterReason, "failedAt">,
  traceId?: string,
) => Promise<DeadLetterOutcome>;

type DeadLetterPublisherOptions = {
  readonly source: Pick<Source, "produce" | "group">;
  readonly log: Log;
  readonly observer?: Pick<ConsumerObserver, "deadLettered"> | undefined;
  /** When it aborts, the publisher gives up. */
  readonly stop: AbortSignal;
  readonly time?: Time | undefined;
  readonly random?: (() => number) | undefined;
};

const RETRY = { firstMs: 1_000, mostMs: 30_000 };

/**
 * Publishes to the dead-letter topic of the record's own topic, and tries for as long as that may succeed.
 * A record that the dead-letter topic refuses for good is logged with its topic, partition and offset, where it can still be read: no
 * record may stop the consumer.
 */
export const createDeadLetterPublisher =
  ({
    source,
    log,
    observer = SILENT_OBSERVER,
    stop,
    time = systemTime,
    random = Math.random,
  }: DeadLetterPublisherOptions): DeadLetterPublisher =>
  async (record, reason, traceId) => {
    const { topic, partition, offset, key, value, headers } = record;
    const { code, attempts, correlationId, message } = reason;
    const added = createDeadLetterHeaders({ ...record, group: source.group }, { ...reason, failedAt: time.now() });
    const letter: OutgoingRecord = { topic: deadLetterTopicOf(topic), key, value, headers: [...headers, ...added] };
    const what = { topic, partition, offset, correlationId, traceId, to: letter.topic };
    const backoff = createBackoff({ ...RETRY, random });
    while (!stop.aborted) {
      try {
        await source.produce(letter);
        log.warn({ ...what, code, attempts, reason: message }, "a record was moved to the dead letters");
        observer.deadLettered(topic);
        return "stored";
      } catch (error) {
        log.error({ ...what, err: error }, "a dead letter could not be produced");
        if (error instanceof SourceError && !error.retryable) return "refused";
        await pause(time, backoff.nextMs(), stop);
      }
    }
    return "stopped";
  };
