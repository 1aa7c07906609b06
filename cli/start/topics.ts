import { type Contract, handledTopicsOf, respondedOperationsOf, retriedTopicsOf } from "../../contract/contract.ts";
import { deadLetterTopicOf, retryTopicOf } from "../../protocol/topics.ts";

/** As many consumers can share the work. */
const PARTITIONS = 6;

/**
 * The topics of a contract, as GATEWAY_TOPICS takes them: requests to handlers, dead letters, requests that wait for another attempt, requests to
 * responders, and their replies.
 */
export const topicsToProvide = (contract: Contract): string => {
  const handled = handledTopicsOf(contract).flatMap((topic) => [`${topic}:${PARTITIONS}`, `${deadLetterTopicOf(topic)}:1`]);
  const retried = retriedTopicsOf(contract).map((topic) => `${retryTopicOf(topic)}:${PARTITIONS}`);
  const responded = [...respondedOperationsOf(contract)].flatMap(([replyTopic, { topic }]) => [
    `${topic}:${PARTITIONS}`,
    `${replyTopic}:${PARTITIONS}`,
  ]);
  return [...new Set([...handled, ...retried, ...responded])].join(",");
};
