import { RejoinderError } from "../protocol/errors.ts";
import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import { SPRING_HEADERS } from "../protocol/spring-headers.ts";

/** Where a requester on Kafka waits for its reply, and how it recognizes it. */
export type ReturnAddress = {
  readonly topic: string;
  /** Undefined: the key chooses the partition. */
  readonly partition: number | undefined;
  /** The bytes as they came: they go back unchanged. */
  readonly correlation: Uint8Array;
  /** The request's key, which the reply keeps. */
  readonly key: string | Uint8Array | null;
};

/** Whether a record says that a requester on Kafka waits for its reply. */
export const hasReturnAddress = ({ headers }: Pick<ConsumerRecord, "headers">): boolean =>
  headerOf(headers, SPRING_HEADERS.correlationId) !== undefined;

/**
 * Reads the return address of a record. A reply only goes to topics that the configuration names: whoever may produce requests must not be
 * able to send replies anywhere else.
 * @throws RejoinderError `INVALID_RECORD`, naming the header that is missing or wrong.
 */
export const readReturnAddress = (
  { key, headers }: Pick<ConsumerRecord, "key" | "headers">,
  replyTopics: ReadonlySet<string>,
): ReturnAddress => {
  const correlation = headerOf(headers, SPRING_HEADERS.correlationId);
  if (correlation === undefined || correlation.length === 0) throw invalid(SPRING_HEADERS.correlationId, "there");
  const topic = headerOf(headers, SPRING_HEADERS.replyTopic)?.toString();
  if (topic === undefined || !replyTopics.has(topic)) throw invalid(SPRING_HEADERS.replyTopic, "one of REPLY_TOPICS");
  const partition = headerOf(headers, SPRING_HEADERS.replyPartition);
  return { topic, partition: partition === undefined ? undefined : readPartition(partition), correlation, key };
};

/** A correlation ID for people: Spring's 16 bytes as a UUID, anything else as text. */
export const correlationText = (correlation: Uint8Array): string => {
  const bytes = Buffer.from(correlation);
  return isBinaryCorrelation(correlation) ? uuidText(bytes) : bytes.toString();
};

/** 16 bytes as the text of a UUID (RFC 9562 §4). */
export const uuidText = (bytes: Buffer): string => bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

/** Whether it is a UUID in Spring's 16 bytes. Nest sends text, and so does Spring if it is configured to. */
export const isBinaryCorrelation = (correlation: Uint8Array): boolean =>
  correlation.length === UUID_BYTES && !correlation.every((byte) => byte >= 0x20 && byte < 0x7f);

const UUID_BYTES = 16;
const INT32_BYTES = 4;

/** Spring writes a big-endian int32, Nest writes digits. Four digits are four bytes, too. */
const readPartition = (bytes: Buffer): number => {
  const digits = /^\d{1,10}$/.exec(bytes.toString("latin1"))?.[0];
  const partition = digits === undefined && bytes.length === INT32_BYTES ? bytes.readInt32BE() : Number(digits ?? Number.NaN);
  if (!(partition >= 0 && partition <= 0x7f_ff_ff_ff)) throw invalid(SPRING_HEADERS.replyPartition, "a partition's number");
  return partition;
};

/** A header's bytes, or undefined if it is absent or null. If it is repeated, the last one counts, as in Kafka's own clients. */
export const headerOf = (headers: ConsumerRecord["headers"], name: string): Buffer | undefined => {
  const value = headers.findLast(({ key }) => key === name)?.value;
  return value === undefined || value === null ? undefined : Buffer.from(value);
};

const invalid = (name: string, expected: string): RejoinderError =>
  new RejoinderError("INVALID_RECORD", { detail: `Expected header ${name} to be ${expected}.` });
