import { restLog } from "../../../worker/dead-letters/rest-log.ts";
import type { DeadLetterLog } from "../../../worker/dead-letters/log.ts";
import { createDeadLetterHeaders, type DeadLetterReason } from "../../../protocol/dead-letter.ts";
import type { RequestEvent } from "../../../protocol/request-event.ts";
import { gatewayUnderTest } from "../../gateway/gateway-under-test.ts";
import { newRequest, type Produced, toWire, type WireRecord } from "../../consumer/requests.ts";

export const TOPIC = "requests-dlt";

/** A record without a topic. */
type Content = Omit<WireRecord, "topic">;

/** A request as a dead letter, from 2:17 of `requests`. */
export const deadRequest = (request: RequestEvent = newRequest(), reason: Partial<DeadLetterReason> = {}): Content =>
  asLetter(toWire(request), { correlationId: request.correlationId, operation: request.operation, ...reason });

/** Anything as a dead letter. */
export const asLetter = ({ key, value, headers = [] }: Content, reason: Partial<DeadLetterReason> = {}): Content => ({
  ...(key === undefined ? {} : { key }),
  value,
  headers: [
    ...headers,
    ...createDeadLetterHeaders(
      { topic: "requests", partition: 2, offset: 17, timestamp: Date.now(), group: "rejoinder" },
      { code: "HANDLER_FAILED", attempts: 1, failedAt: Date.now(), exception: "TypeError", message: "It broke.", ...reason },
    ),
  ],
});

export type LettersStage = {
  readonly log: DeadLetterLog;
  /** Stores letters in partition 0, or another, and tells where. @param timestamp milliseconds since 1970; absent: now */
  put(letters: readonly Content[], more?: { partition?: number; topic?: string; timestamp?: number }): Promise<readonly string[]>;
};

/** A gateway in this process with dead-letter topics; it ends with the test. */
export const lettersStage = async (): Promise<LettersStage> => {
  const gateway = await gatewayUnderTest({ topics: { [TOPIC]: 2, "other-dlt": 1 } });
  return {
    log: restLog({ url: gateway.url, username: "full", password: "pw" }),
    async put(letters, { partition = 0, topic = TOPIC, timestamp } = {}) {
      const { body } = await gateway.call("/produce", { body: letters.map((letter) => ({ ...letter, topic, partition, timestamp })) });
      return (body as readonly Produced[]).map((at) => `${at.topic}/${at.partition}/${at.offset}`);
    },
  };
};

/** All that comes. */
export const allOf = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
};
