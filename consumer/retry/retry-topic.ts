import type { Log } from "../../environment/log.ts";
import type { ConsumerRecord } from "../../protocol/kafka-record.ts";
import { createRetryHeaders, type NextAttempt } from "../../protocol/retry-record.ts";
import { RETRY_SUFFIX } from "../../protocol/topics.ts";
import type { Source } from "../source.ts";

/** Moves a record to the retry topic of its own. Resolves with whether it is there for sure; never rejects. */
export type MoveToRetryTopic = (record: ConsumerRecord, next: NextAttempt) => Promise<boolean>;

type RetryTopicOptions = { readonly source: Pick<Source, "produce">; readonly log: Log };

/** Tries once: where that fails, the record can wait as well where it is. */
export const createRetryTopic =
  ({ source, log }: RetryTopicOptions): MoveToRetryTopic =>
  async (record, next) => {
    const { topic, partition, offset, key, value, headers } = record;
    const to = topic + RETRY_SUFFIX;
    try {
      await source.produce({ topic: to, key, value, headers: [...headers, ...createRetryHeaders(record, next)] });
      return true;
    } catch (error) {
      log.warn({ err: error, topic, partition, offset, to }, "a request could not be moved to the retry topic, and its key waits for it");
      return false;
    }
  };
