import type { Log } from "../../environment/log.ts";
import type { ConsumerRecord } from "../../protocol/kafka-record.ts";
import { createRetryHeaders, type NextAttempt } from "../../protocol/retry-record.ts";
import { retryTopicOf } from "../../protocol/topics.ts";
import { type Addressee, logFieldsOf } from "../replies.ts";
import type { Source } from "../source.ts";

/** Moves the record of a request to the retry topic of its own. Resolves with whether it is there for sure; never rejects. */
export type MoveToRetryTopic = (record: ConsumerRecord, next: NextAttempt, request: Addressee) => Promise<boolean>;

type RetryTopicOptions = { readonly source: Pick<Source, "produce">; readonly log: Log };

/** Tries once: where that fails, the record can wait as well where it is. */
export const createRetryTopic =
  ({ source, log }: RetryTopicOptions): MoveToRetryTopic =>
  async (record, next, request) => {
    const { topic, partition, offset, key, value, headers } = record;
    const to = retryTopicOf(topic);
    try {
      await source.produce({ topic: to, key, value, headers: [...headers, ...createRetryHeaders(record, next)] });
      return true;
    } catch (error) {
      const about = { ...logFieldsOf(request), topic, partition, offset, to };
      log.warn({ ...about, err: error }, "a request could not be moved to the retry topic, and its key waits for it");
      return false;
    }
  };
