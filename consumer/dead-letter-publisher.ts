import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import { createBackoff } from "./backoff.ts";
import { createDeadLetter } from "./dead-letter.ts";
import type { Log } from "../environment/log.ts";
import { type Source, SourceError } from "./source.ts";
import { pause, platformTimers, type Timers } from "./waiting.ts";

export type BurialOptions = {
  readonly source: Pick<Source, "produce">;
  readonly log: Log;
  /** Gives up when it aborts. */
  readonly stop: AbortSignal;
  readonly timers?: Timers;
  readonly random?: () => number;
};

const RETRY = { firstMs: 1_000, mostMs: 30_000 };

/**
 * Produces a broken record to the dead letters of its topic, before its offset is committed. Tries for as long as that may succeed.
 * A record that the dead-letter topic refuses for good is logged with its place, where it can still be read: none may stop the consumer.
 * Resolves with false if it was stopped before.
 */
export const createBurial =
  ({ source, log, stop, timers = platformTimers, random = Math.random }: BurialOptions) =>
  async (record: ConsumerRecord, reason: string): Promise<boolean> => {
    const { topic, partition, offset } = record;
    const letter = createDeadLetter(record, reason);
    const backoff = createBackoff({ ...RETRY, random });
    while (!stop.aborted) {
      try {
        await source.produce(letter);
        log.warn({ topic, partition, offset, reason, to: letter.topic }, "a record could not be read and is a dead letter now");
        return true;
      } catch (error) {
        log.error({ err: error, topic, partition, offset, to: letter.topic }, "a dead letter could not be produced");
        if (error instanceof SourceError && !error.retryable) return true;
        await pause(backoff.nextMs(), stop, timers);
      }
    }
    return false;
  };
