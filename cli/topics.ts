import { type Contract, handledTopicsOf, respondedOperationsOf } from "../contract/contract.ts";
import { DEAD_LETTER_SUFFIX } from "../protocol/topics.ts";

/** So many consumers can share the work. */
const PARTITIONS = 6;

/** What the contract needs: requests to handlers with their dead letters, requests to responders and their replies. As GATEWAY_TOPICS has it. */
export const topicsToProvide = (contract: Contract): string => {
  const handled = handledTopicsOf(contract).flatMap((topic) => [`${topic}:${PARTITIONS}`, `${topic}${DEAD_LETTER_SUFFIX}:1`]);
  const responded = [...respondedOperationsOf(contract)].flatMap(([replyTopic, { topic }]) => [
    `${topic}:${PARTITIONS}`,
    `${replyTopic}:${PARTITIONS}`,
  ]);
  return [...new Set([...handled, ...responded])].join(",");
};
