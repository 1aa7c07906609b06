import { isTopic, TOPIC_RULE } from "../protocol/topics.ts";

/**
 * Another team's service that answers an operation over Kafka instead of a handler. It reads the request topic and produces its reply to
 * the topic that a header of the request names.
 */
export type Responder = {
  /** How request and reply find each other: by the headers of spring-kafka, which NestJS uses too (`kafka_correlationId`, `kafka_replyTopic`). */
  readonly headers: "spring";
  /** The topic that the service reads. */
  readonly requestTopic: string;
  /** The topic that the service replies to: for this operation alone, since a reply does not name its operation. */
  readonly replyTopic: string;
};

/** Says what a field of an operation must be. @throws DefinitionError unless it is */
export type Expect = (holds: boolean, field: string, toBe: string, got: unknown) => void;

/** Checks the responder of an operation that goes to `topic`. */
export const checkResponder = ({ headers, requestTopic, replyTopic }: Responder, topic: string, expect: Expect): void => {
  expect(headers === "spring", "responder.headers", '"spring"', headers);
  expect(isTopic(requestTopic), "responder.requestTopic", TOPIC_RULE, requestTopic);
  expect(isTopic(replyTopic), "responder.replyTopic", TOPIC_RULE, replyTopic);
  expect(topic === requestTopic, "topic", `left out, or the responder's ${JSON.stringify(requestTopic)}`, topic);
  expect(replyTopic !== requestTopic, "responder.replyTopic", "another topic than responder.requestTopic", replyTopic);
};
