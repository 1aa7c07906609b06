import { type Credential, mayTouch, requireTopic } from "../credentials.ts";
import type { Header, NewRecord } from "../engine.ts";
import { GatewayError, type RecordProblem } from "../gateway-error.ts";
import { LIMITS } from "./call.ts";
import { isObject, readInteger, readTopic, unexpected } from "./input.ts";

export type RecordRules = {
  /** The topic that the path names; undefined if each record names its own. */
  readonly topic: string | undefined;
  readonly credential: Credential;
  /** Partition counts, by topic. */
  readonly topics: ReadonlyMap<string, number>;
};

/**
 * Reads the records of a produce: one object, or an array of them. All are looked at before any is stored.
 * @throws GatewayError with the status of the first that is wrong, and for an array what is wrong with each.
 */
export const readRecords = (body: unknown, rules: RecordRules): NewRecord[] => {
  if (!Array.isArray(body)) return [readRecord(body, rules)];
  if (body.length === 0) throw unexpected("the body", "a record, or an array of at least one", body);
  const records: NewRecord[] = [];
  const problems: RecordProblem[] = [];
  for (const [index, value] of body.entries()) {
    try {
      records.push(readRecord(value, rules));
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      problems.push({ index, status: error.status, error: error.message });
    }
  }
  const [first] = problems;
  if (first === undefined) return records;
  const message =
    problems.length === 1
      ? `Record ${first.index}: ${first.error}`
      : `${problems.length} records are wrong. Record ${first.index}: ${first.error}`;
  throw new GatewayError(first.status, `${message} Nothing was stored.`, { results: problems });
};

const readRecord = (value: unknown, { topic: named, credential, topics }: RecordRules): NewRecord => {
  if (!isObject(value)) throw unexpected("a record", "an object", value);
  const topic = named ?? readTopic(value["topic"]);
  if (!mayTouch(credential, topic)) requireTopic(credential, topic);
  const partitions = topics.get(topic);
  if (partitions === undefined) throw new GatewayError(404, `There is no topic ${JSON.stringify(topic)}.`);
  const record: NewRecord = {
    topic,
    partition: optional(value["partition"], (given) => readInteger("the partition", given, 0, partitions - 1)),
    timestamp: optional(value["timestamp"], (given) => readInteger("the timestamp", given, 0, LATEST_TIMESTAMP)),
    key: optional(value["key"], (given) => readText("the key", given)),
    value: readText("the value", value["value"]),
    headers: optional(value["headers"], readHeaders) ?? [],
  };
  const bytes = sizeOf(record);
  if (bytes > LIMITS.recordBytes)
    throw new GatewayError(413, `Expected a record to have at most ${LIMITS.recordBytes} bytes, got ${bytes}.`);
  return record;
};

/** The year 9999, in ms. */
const LATEST_TIMESTAMP = 253_402_300_799_999;

const optional = <Result>(value: unknown, read: (value: unknown) => Result): Result | undefined =>
  value === undefined || value === null ? undefined : read(value);

const readText = (what: string, value: unknown): string => {
  if (typeof value !== "string") throw unexpected(what, "a string", value);
  // A lone surrogate has no UTF-8: it would be stored as another character.
  if (!value.isWellFormed()) throw unexpected(what, "well-formed Unicode", value);
  return value;
};

const readHeaders = (value: unknown): Header[] => {
  if (!Array.isArray(value)) throw unexpected("the headers", "an array of { key, value }", value);
  return value.map((header: unknown) => {
    if (!isObject(header)) throw unexpected("a header", "an object { key, value }", header);
    return { key: readText("a header's key", header["key"]), value: readText("a header's value", header["value"]) };
  });
};

const sizeOf = ({ key, value, headers }: NewRecord): number => {
  let bytes = Buffer.byteLength(value) + (key === undefined ? 0 : Buffer.byteLength(key));
  for (const header of headers) bytes += Buffer.byteLength(header.key) + Buffer.byteLength(header.value);
  return bytes;
};
