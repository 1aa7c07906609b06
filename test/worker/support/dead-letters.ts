import { createDeadLetterHeaders, type DeadLetterReason } from "../../../protocol/dead-letter.ts";
import { encodeEvent, type RecordHeader } from "../../../protocol/kafka-record.ts";
import { createRequestEvent } from "../../../protocol/request-event.ts";
import type { CorrelationId } from "../../../worker/correlation-id.ts";
import { call, testEnv } from "./worker.ts";

type Content = { readonly value: string; readonly headers: readonly RecordHeader[] };

/** A request as its record has it. */
export const requestOf = ({ text, createdAt, deadline }: CorrelationId, operation = "sum"): Content =>
  encodeEvent(
    createRequestEvent({
      correlationId: text,
      operation,
      source: "/worker",
      acceptedAt: createdAt,
      deadline,
      data: { a: 2, b: 3 },
      authtype: "unauthenticated",
    }),
  );

type LetterOptions = Partial<DeadLetterReason> & { readonly topic?: string; readonly timestamp?: number };

/** Puts a record into a dead-letter topic behind the Worker under test, and tells its place. */
export const putLetter = async ({ value, headers }: Content, options: LetterOptions = {}): Promise<string> => {
  const { topic = "requests-dlt", timestamp, ...reason } = options;
  const origin = { topic: "requests", partition: 0, offset: 7, timestamp: Date.now(), group: "rejoinder" };
  const why = { code: "HANDLER_FAILED", attempts: 2, failedAt: Date.now(), exception: "TypeError", message: "It broke.", ...reason };
  const { UPSTASH_KAFKA_REST_URL: url, UPSTASH_KAFKA_REST_USERNAME: user, UPSTASH_KAFKA_REST_PASSWORD: password } = testEnv;
  const response = await fetch(`${url}/produce`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${user}:${password}`)}` },
    body: JSON.stringify([{ topic, timestamp, value, headers: [...headers, ...createDeadLetterHeaders(origin, why)] }]),
  });
  const [at] = await response.json<{ topic: string; partition: number; offset: number }[]>();
  return `${at?.topic}/${at?.partition}/${at?.offset}`;
};

/** Redrives or drops letters, as the console does. */
export const actOn = (
  action: "redrive" | "drop",
  letters: unknown,
  headers: Record<string, string> = { "sec-fetch-site": "same-origin" },
): Promise<Response> =>
  call(`/dead-letters/${action}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ letters }),
  });
