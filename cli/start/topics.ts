import { eventTopicOf } from "../../contract/aggregate.ts";
import { type Contract, handledTopicsOf, partsOf, respondedOperationsOf, retriedTopicsOf } from "../../contract/contract.ts";
import { deadLetterTopicOf, retryTopicOf } from "../../protocol/topics.ts";

/** As many consumers can share the work. */
const PARTITIONS = 6;

/**
 * The topics of a contract, as GATEWAY_TOPICS takes them: requests to handlers, dead letters, requests that wait for another attempt, requests to
 * responders and their replies, and events, which are kept for ever and have a partition for each of their commands.
 */
export const topicsToProvide = (contract: Contract): string => {
  const handled = handledTopicsOf(contract).flatMap((topic) => [`${topic}:${PARTITIONS}`, `${deadLetterTopicOf(topic)}:1`]);
  const retried = retriedTopicsOf(contract).map((topic) => `${retryTopicOf(topic)}:${PARTITIONS}`);
  const responded = [...respondedOperationsOf(contract)].flatMap(([replyTopic, { topic }]) => [
    `${topic}:${PARTITIONS}`,
    `${replyTopic}:${PARTITIONS}`,
  ]);
  const events = [...partsOf(contract).aggregates].map(
    ([name, aggregate]) => `${eventTopicOf(name, aggregate)}:${PARTITIONS}:retention.ms=-1:retention.bytes=-1`,
  );
  return [...new Set([...handled, ...retried, ...responded, ...events])].join(",");
};
