import type { RequestInput } from "../contract/operation.ts";
import type { contract } from "../test/project/app/contract.ts";
import { encodeEvent, type ProducerRecord } from "../protocol/kafka-record.ts";
import { createRequestEvent } from "../protocol/request-event.ts";

/** What the echo is asked for. */
export const ECHO: RequestInput<typeof contract.echo> = { hello: "world" };

/** The same record as the Worker makes of an accepted request. @param correlationId 63 characters; also the key */
export const createRecord = (topic: string, correlationId: string): ProducerRecord => ({
  topic,
  key: correlationId,
  ...encodeEvent(
    createRequestEvent({
      correlationId,
      operation: "echo",
      source: "http://localhost:8787",
      acceptedAt: 0,
      deadline: 30_000,
      authtype: "unauthenticated",
      data: ECHO,
    }),
  ),
});
