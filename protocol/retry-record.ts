import { RejoinderError } from "./errors.ts";
import { type ConsumerRecord, type RecordHeader, tryText } from "./kafka-record.ts";
import { RETRY_SUFFIX } from "./topics.ts";

/** What a record in a retry topic has in its headers, besides its own. All values are text, since a REST proxy can carry nothing else. */
export const RETRY_HEADERS = {
  /** RFC 3339: when the next attempt begins. */
  dueAt: "rejoinder-retry-at",
  /** Which attempt that is, from 2. */
  attempt: "rejoinder-retry-attempt",
  /** Where the record was first, in digits; its topic is that of the retry topic without the suffix. */
  partition: "rejoinder-retry-partition",
  offset: "rejoinder-retry-offset",
  /** Milliseconds since 1970. */
  timestamp: "rejoinder-retry-timestamp",
} as const;

/** When a request is handled again, and as which attempt. */
export type NextAttempt = {
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly dueAt: number;
};

/** A record of a retry topic, taken apart. */
export type WaitingRecord = NextAttempt & {
  /** As it was first, in its own topic. */
  readonly record: ConsumerRecord;
};

/** The headers that a record gets on its way to a retry topic, behind its own. */
export const createRetryHeaders = ({ partition, offset, timestamp }: ConsumerRecord, { attempt, dueAt }: NextAttempt): RecordHeader[] => [
  { key: RETRY_HEADERS.dueAt, value: new Date(dueAt).toISOString() },
  { key: RETRY_HEADERS.attempt, value: String(attempt) },
  { key: RETRY_HEADERS.partition, value: String(partition) },
  { key: RETRY_HEADERS.offset, value: String(offset) },
  { key: RETRY_HEADERS.timestamp, value: String(timestamp) },
];

const OURS: ReadonlySet<string> = new Set(Object.values(RETRY_HEADERS));

/** The topic whose requests wait in that retry topic. */
export const topicOfRetries = (retryTopic: string): string => retryTopic.slice(0, -RETRY_SUFFIX.length);

/**
 * Takes a record of a retry topic apart. Where it came from is never read from its headers: whoever may produce to a retry topic must not choose
 * other topics.
 * @throws RejoinderError `INVALID_RECORD`, naming the header that is missing or wrong
 */
export const readRetryRecord = (waiting: ConsumerRecord): WaitingRecord => {
  const { key, value } = waiting;
  const digits = (name: string): number => {
    const text = textOf(waiting.headers, name);
    if (text === undefined || !/^\d{1,15}$/.test(text)) throw invalid(name, "a whole number in digits");
    return Number(text);
  };
  const dueAt = Date.parse(textOf(waiting.headers, RETRY_HEADERS.dueAt) ?? "");
  if (Number.isNaN(dueAt)) throw invalid(RETRY_HEADERS.dueAt, "an RFC 3339 time");
  const attempt = digits(RETRY_HEADERS.attempt);
  if (attempt < 2) throw invalid(RETRY_HEADERS.attempt, "2 or more");
  const place = { partition: digits(RETRY_HEADERS.partition), offset: digits(RETRY_HEADERS.offset) };
  const headers = waiting.headers.filter((header) => !OURS.has(header.key));
  const timestamp = digits(RETRY_HEADERS.timestamp);
  return { attempt, dueAt, record: { topic: topicOfRetries(waiting.topic), ...place, timestamp, key, value, headers } };
};

const textOf = (headers: ConsumerRecord["headers"], name: string): string | undefined => {
  const value = headers.findLast(({ key }) => key === name)?.value;
  return value === undefined || value === null ? undefined : tryText(value);
};

const invalid = (name: string, expected: string): RejoinderError =>
  new RejoinderError("INVALID_RECORD", { detail: `Expected header ${name} of a record in a retry topic to be ${expected}.` });
