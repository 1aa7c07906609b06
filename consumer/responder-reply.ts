import { isCorrelationIdShape } from "../protocol/correlation-id.ts";
import { type ConsumerRecord, tryText } from "../protocol/kafka-record.ts";
import { createProblem, isProblem, type Problem } from "../protocol/problem.ts";
import { PROBLEM_HEADER, SPRING_HEADERS, TRACEPARENT_HEADER } from "../protocol/spring-headers.ts";
import { headerOf } from "./return-address.ts";

/** What a responder produced to the reply topic for one of our requests. */
export type ResponderReply = {
  readonly correlationId: string;
  /** W3C Trace Context, if the responder sent it on. */
  readonly traceparent?: string | undefined;
} & (
  | { readonly kind: "replied"; readonly data: unknown }
  /** `problem` is for the caller, `reason` for the log. */
  | { readonly kind: "failed"; readonly problem: Problem; readonly reason: string }
  | { readonly kind: "unreadable"; readonly reason: string }
);

type Headers = ConsumerRecord["headers"];

/**
 * Reads a responder's reply, whatever is in it; never throws. Undefined if it answers no request of ours: Spring's own requesters use 16 bytes
 * or the text of a UUID, which do not look like our correlation IDs.
 */
export const readResponderReply = ({ headers, value }: Pick<ConsumerRecord, "headers" | "value">): ResponderReply | undefined => {
  const correlationId = textOf(headers, SPRING_HEADERS.correlationId);
  if (correlationId === undefined || !isCorrelationIdShape(correlationId)) return undefined;
  const traceparent = textOf(headers, TRACEPARENT_HEADER);
  const about = traceparent === undefined ? { correlationId } : { correlationId, traceparent };
  return { ...about, ...(readProblem(headers) ?? readNestError(headers) ?? readSpringException(headers) ?? readValue(value)) };
};

/** Problem details, in the header that our own consumer sends to requesters on Kafka. */
const readProblem = (headers: Headers) => {
  const text = textOf(headers, PROBLEM_HEADER);
  if (text === undefined) return undefined;
  const problem = tryJson(text);
  if (isProblem(problem)) return { kind: "failed", problem, reason: problem.detail ?? problem.title } as const;
  const reason = `Expected header ${PROBLEM_HEADER} to be problem details with type, title, status (400 to 599) and code.`;
  return { kind: "unreadable", reason } as const;
};

/** NestJS sends a responder's error as text, or as the JSON of an object. It is meant for the requester, so the caller gets it. */
const readNestError = (headers: Headers) => {
  const text = textOf(headers, SPRING_HEADERS.nestError);
  if (text === undefined) return undefined;
  const error = tryJson(text);
  if (isProblem(error)) return { kind: "failed", problem: error, reason: error.detail ?? error.title } as const;
  const detail = isMessage(error) ? error.message : text;
  return { kind: "failed", problem: createProblem("RESPONDER_FAILED", { detail }), reason: detail } as const;
};

/**
 * A Spring responder that fails sends nothing, unless its dead letters go to the reply topic: then the request comes back with the exception in
 * its headers. An exception may hold secrets, so the caller only learns that there was one.
 */
const readSpringException = (headers: Headers) => {
  if (!headers.some(({ key }) => SPRING_EXCEPTION.test(key))) return undefined;
  const reasons = headers.filter(({ key }) => /exception-(cause-fqcn|fqcn|message)$/.test(key)).map(({ value }) => value && tryText(value));
  return { kind: "failed", problem: createProblem("RESPONDER_FAILED"), reason: reasons.filter(Boolean).join(": ") } as const;
};

const SPRING_EXCEPTION = /^kafka_(dlt-)?exception-/;

const readValue = (value: ConsumerRecord["value"]) => {
  // A record without a value means null: JSON has no other word for it.
  if (value === null || value.length === 0) return { kind: "replied", data: null } as const;
  const text = tryText(value);
  const data = text === undefined ? undefined : tryJson(text);
  if (data === undefined) return { kind: "unreadable", reason: "Expected the responder's reply to be JSON." } as const;
  return { kind: "replied", data } as const;
};

/** A header as text, or undefined if it is absent, null or not UTF-8. */
const textOf = (headers: Headers, name: string): string | undefined => {
  const value = headerOf(headers, name);
  return value && tryText(value);
};

/** Undefined, which JSON cannot be, if the text is not JSON. */
const tryJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const isMessage = (value: unknown): value is { readonly message: string } =>
  typeof value === "object" && value !== null && "message" in value && typeof value.message === "string";
