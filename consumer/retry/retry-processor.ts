import { readRetryRecord, topicOfRetries, type WaitingRecord } from "../../protocol/retry-record.ts";
import type { ProcessRecord } from "../consumer.ts";
import type { DeadLetterPublisher } from "../dead-letter-publisher.ts";
import type { RequestProcessor } from "../request-processor.ts";

type RetryProcessorParts = { readonly process: RequestProcessor; readonly publishDeadLetter: DeadLetterPublisher };

/** How a record of a retry topic is processed: read → handled as the attempt that it names, when that is due → settled. */
export const createRetryProcessor =
  ({ process, publishDeadLetter }: RetryProcessorParts): ProcessRecord =>
  async (taken) => {
    let waiting: WaitingRecord;
    try {
      waiting = readRetryRecord(taken);
    } catch (error) {
      const { name, message } = error as Error;
      const outcome = await publishDeadLetter(
        { ...taken, topic: topicOfRetries(taken.topic) },
        { code: "INVALID_RECORD", attempts: 0, exception: name, message },
      );
      return outcome !== "stopped";
    }
    return process(taken, waiting);
  };
