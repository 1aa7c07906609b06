import { type ConsumerRecord, tryText } from "./kafka-record.ts";
import type { TopicPartitionOffset } from "./topic-partition.ts";

/** Under which headers a dead letter says where its record was and what went wrong: the names of Spring's DeadLetterPublishingRecoverer. */
export const SPRING_DEAD_LETTER_HEADERS = {
  exceptionClass: "kafka_dlt-exception-fqcn",
  exceptionMessage: "kafka_dlt-exception-message",
  topic: "kafka_dlt-original-topic",
  partition: "kafka_dlt-original-partition",
  offset: "kafka_dlt-original-offset",
  timestamp: "kafka_dlt-original-timestamp",
  timestampType: "kafka_dlt-original-timestamp-type",
  group: "kafka_dlt-original-consumer-group",
} as const;

/** What Spring has no word for. */
export const DEAD_LETTER_HEADERS = {
  correlationId: "rejoinder-correlation-id",
  operation: "rejoinder-operation",
  code: "rejoinder-code",
  attempts: "rejoinder-attempts",
  failedAt: "rejoinder-failed-at",
} as const;

/** Where a record was before it became a dead letter. */
export type DeadLetterOrigin = TopicPartitionOffset & {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** There if that is known to be the time of the record's arrival, not its producer's. */
  readonly isAppendTime?: true;
  /** The consumer group that gave the record up. */
  readonly group: string;
};

/** Why a record is a dead letter. */
export type DeadLetterReason = {
  /** Absent if the record does not say whose request it was. */
  readonly correlationId?: string | undefined;
  readonly operation?: string | undefined;
  /** As the caller's problem has it: `INVALID_RECORD`, `HANDLER_FAILED`, `INVALID_REPLY`, or the code of the handler's own error. */
  readonly code: string;
  /** How often the request was handled; 0 if the record could not be read. */
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly failedAt: number;
  /** The class of what was thrown. */
  readonly exception: string;
  readonly message: string;
};

type Headers = ConsumerRecord["headers"];

const APPEND_TIME = "LogAppendTime";
/** A longer message is cut, so that the dead letter is hardly larger than its record. */
const MAX_MESSAGE_LENGTH = 1_000;

/**
 * The headers of a dead letter, behind those of its record. All values are text, numbers in digits and `failedAt` in RFC 3339, since a REST proxy
 * can carry nothing else; Spring's own have bytes for numbers.
 */
export const createDeadLetterHeaders = (origin: DeadLetterOrigin, reason: DeadLetterReason): { key: string; value: string }[] => [
  { key: SPRING_DEAD_LETTER_HEADERS.topic, value: origin.topic },
  { key: SPRING_DEAD_LETTER_HEADERS.partition, value: String(origin.partition) },
  { key: SPRING_DEAD_LETTER_HEADERS.offset, value: String(origin.offset) },
  { key: SPRING_DEAD_LETTER_HEADERS.timestamp, value: String(origin.timestamp) },
  { key: SPRING_DEAD_LETTER_HEADERS.timestampType, value: origin.isAppendTime ? APPEND_TIME : "CreateTime" },
  { key: SPRING_DEAD_LETTER_HEADERS.group, value: origin.group },
  { key: SPRING_DEAD_LETTER_HEADERS.exceptionClass, value: reason.exception },
  { key: SPRING_DEAD_LETTER_HEADERS.exceptionMessage, value: reason.message.slice(0, MAX_MESSAGE_LENGTH) },
  ...(reason.correlationId === undefined ? [] : [{ key: DEAD_LETTER_HEADERS.correlationId, value: reason.correlationId }]),
  ...(reason.operation === undefined ? [] : [{ key: DEAD_LETTER_HEADERS.operation, value: reason.operation }]),
  { key: DEAD_LETTER_HEADERS.code, value: reason.code },
  { key: DEAD_LETTER_HEADERS.attempts, value: String(reason.attempts) },
  { key: DEAD_LETTER_HEADERS.failedAt, value: new Date(reason.failedAt).toISOString() },
];

/** A dead letter, taken apart. What its headers do not say, or say in another form, is absent. */
export type DeadLetter = {
  readonly origin: Partial<DeadLetterOrigin>;
  readonly reason: Partial<DeadLetterReason>;
  /** The headers that its record had before. With them, key and value are the record as it was: readable by `decodeEvent`. */
  readonly headers: Headers;
};

/** Takes a dead letter apart, whoever wrote it; never throws. */
export const readDeadLetter = ({ headers }: Pick<ConsumerRecord, "headers">): DeadLetter => {
  const text = (name: string): string | undefined => {
    const value = headers.findLast(({ key }) => key === name)?.value;
    return value === undefined || value === null ? undefined : tryText(value);
  };
  const number = (name: string): number | undefined => {
    const value = headers.findLast(({ key }) => key === name)?.value;
    return value === undefined || value === null ? undefined : readNumber(value);
  };
  const failedAt = Date.parse(text(DEAD_LETTER_HEADERS.failedAt) ?? "");
  return {
    origin: withoutAbsent({
      topic: text(SPRING_DEAD_LETTER_HEADERS.topic),
      partition: number(SPRING_DEAD_LETTER_HEADERS.partition),
      offset: number(SPRING_DEAD_LETTER_HEADERS.offset),
      timestamp: number(SPRING_DEAD_LETTER_HEADERS.timestamp),
      isAppendTime: text(SPRING_DEAD_LETTER_HEADERS.timestampType) === APPEND_TIME || undefined,
      group: text(SPRING_DEAD_LETTER_HEADERS.group),
    }),
    reason: withoutAbsent({
      correlationId: text(DEAD_LETTER_HEADERS.correlationId),
      operation: text(DEAD_LETTER_HEADERS.operation),
      code: text(DEAD_LETTER_HEADERS.code),
      attempts: number(DEAD_LETTER_HEADERS.attempts),
      failedAt: Number.isNaN(failedAt) ? undefined : failedAt,
      exception: text(SPRING_DEAD_LETTER_HEADERS.exceptionClass),
      message: text(SPRING_DEAD_LETTER_HEADERS.exceptionMessage),
    }),
    headers: headers.filter(({ key }) => !key.startsWith(SPRING_PREFIX) && !OURS.has(key)),
  };
};

const SPRING_PREFIX = "kafka_dlt-";
const OURS: ReadonlySet<string> = new Set(Object.values(DEAD_LETTER_HEADERS));

/** Digits, or Spring's int32 or int64, big-endian. */
const readNumber = (value: string | Uint8Array): number | undefined => {
  const text = tryText(value);
  if (text !== undefined && /^\d{1,15}$/.test(text)) return Number(text);
  if (typeof value === "string") return undefined;
  const bytes = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (bytes.byteLength === 4) return bytes.getInt32(0);
  return bytes.byteLength === 8 ? Number(bytes.getBigInt64(0)) : undefined;
};

const withoutAbsent = <T extends object>(members: { [Name in keyof T]: T[Name] | undefined }): Partial<T> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<T>;
