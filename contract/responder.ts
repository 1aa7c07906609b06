import { isTopic, TOPIC_RULE } from "./topic.ts";

/**
 * Somebody else's service that answers an operation over Kafka, instead of a handler: it reads the request topic and puts its replies into
 * the reply topic that a header of the request names.
 */
export type Responder = {
  /** How request and reply find each other: by the headers of spring-kafka (`kafka_correlationId`, `kafka_replyTopic`), which NestJS has too. */
  readonly headers: "spring";
  readonly requestTopic: string;
  /** Of this operation alone, since a reply does not say which operation it is of. */
  readonly replyTopic: string;
};

type Expect = (holds: boolean, field: string, toBe: string, got: unknown) => void;

/** Checks the responder of an operation that goes to `topic`. */
export const checkResponder = ({ headers, requestTopic, replyTopic }: Responder, topic: string, expect: Expect): void => {
  expect(headers === "spring", "responder.headers", '"spring"', headers);
  expect(isTopic(requestTopic), "responder.requestTopic", TOPIC_RULE, requestTopic);
  expect(isTopic(replyTopic), "responder.replyTopic", TOPIC_RULE, replyTopic);
  expect(topic === requestTopic, "topic", `left out, or the responder's ${JSON.stringify(requestTopic)}`, topic);
  expect(replyTopic !== requestTopic, "responder.replyTopic", "another topic than responder.requestTopic", replyTopic);
};
