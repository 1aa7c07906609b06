import { isDeepStrictEqual } from "node:util";
import type { RequestInput } from "../contract/operation.ts";
import type { contract } from "../test/project/app/contract.ts";
import { encodeEvent, type ProducerRecord } from "../protocol/kafka-record.ts";
import { createRequestEvent } from "../protocol/request-event.ts";
import { ask, type Target } from "./load.ts";
import type { Stack } from "./processes.ts";

export const ECHO: RequestInput<typeof contract.echo> = { hello: "world" };
export const SUM: RequestInput<typeof contract.sum> = { a: 2, b: 3 };
export const SUM_REPLY = { sum: 5 };

export type PostOptions = { readonly headers?: Readonly<Record<string, string>>; readonly status?: Target["status"] };

/** A POST of JSON; without a body where there is none. */
export const post = (origin: string, path: string, body: unknown, { headers, status = 200 }: PostOptions = {}): Target => ({
  origin,
  method: "POST",
  path,
  headers: { "content-type": "application/json", ...headers },
  ...(body !== undefined && { body: JSON.stringify(body) }),
  status,
});

/** Sends it once. @throws Error if the answer is another one */
export const expectAnswer = async (target: Target, expected: object): Promise<void> => {
  const { body } = await ask(target);
  if (!isDeepStrictEqual(JSON.parse(body), expected))
    throw new Error(`Expected ${target.origin}${target.path} to answer ${JSON.stringify(expected)}, got ${body}`);
};

/** The record that the Worker makes of an accepted request. @param correlationId 63 characters */
export const createRecord = (topic: string, correlationId: string): ProducerRecord => {
  const times = { source: "http://localhost:8787", acceptedAt: 0, deadline: 30_000 };
  const event = createRequestEvent({ correlationId, operation: "echo", ...times, authtype: "unauthenticated", data: ECHO });
  return { topic, ...encodeEvent(event) };
};

/** What a stack is asked: to accept a request, or to answer it with its reply. */
export const createTargets = ({ workerUrl }: Stack) => ({
  accept: post(workerUrl, "/requests/echo", ECHO, { status: 202 }),
  "request-reply": post(workerUrl, "/requests/sum", SUM, { headers: { prefer: "wait=10" } }),
});
