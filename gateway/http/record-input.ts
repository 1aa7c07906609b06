import { type Credential, mayTouch, requireTopic } from "../credentials.ts";
import type { Header, NewRecord } from "../engine.ts";
import { GatewayError, type RecordProblem } from "../gateway-error.ts";
import { LIMITS } from "./call.ts";
import { isObject, MAX_PARTITION, readInteger, readTopic, requireFew, unexpected } from "./input.ts";

export type RecordRules = {
  /** The topic that the path names; undefined if each record names its own. */
  readonly topic: string | undefined;
  readonly credential: Credential;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Whether a record can be too large. In a small request it cannot, since JSON only makes text longer. */
  readonly mayBeLarge: boolean;
};

/** The records of a produce, checked as far as is possible without the topics. */
export type ReadRecords = {
  readonly topics: ReadonlySet<string>;
  /** Whether nothing is wrong so far. */
  readonly areRight: boolean;
  /**
   * Checks the rest, by the partition counts of the topics. All are looked at before any is stored.
   * @throws GatewayError with the status of the first record that is wrong, and for an array what is wrong with each.
   */
  checked(counts: ReadonlyMap<string, number>): NewRecord[];
};

/** Reads the records of a produce: one object, or an array of them. @throws GatewayError if there are none, or too many */
export const readRecords = (body: unknown, rules: RecordRules): ReadRecords => {
  const values: readonly unknown[] = Array.isArray(body) ? body : [body];
  if (values.length === 0) throw unexpected("the body", "a record, or an array of at least one", body);
  requireFew("records", values);
  const read = attemptEach(values, (value) => readRecord(value, rules));
  return {
    topics: new Set(read.results.map((record) => record.topic)),
    areRight: read.problems.length === 0,
    checked(counts) {
      const rest = attemptEach(read.results, (record) => requirePartition(record, counts));
      if (read.problems.length === 0 && rest.problems.length === 0) return read.results;
      const problems = [
        ...read.problems,
        ...rest.problems.map((problem) => ({ ...problem, index: read.indexes[problem.index] as number })),
      ];
      problems.sort((one, other) => one.index - other.index);
      throw refusal(problems, Array.isArray(body));
    },
  };
};

/** What succeeded, with the index of each, and what did not. */
type Attempts<Result> = { readonly results: Result[]; readonly indexes: number[]; readonly problems: RecordProblem[] };

const attemptEach = <Value, Result>(values: readonly Value[], attempt: (value: Value) => Result): Attempts<Result> => {
  const attempts: Attempts<Result> = { results: [], indexes: [], problems: [] };
  for (let index = 0; index < values.length; index += 1) {
    try {
      attempts.results.push(attempt(values[index] as Value));
      attempts.indexes.push(index);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      attempts.problems.push({ index, status: error.status, error: error.message });
    }
  }
  return attempts;
};

const refusal = (problems: readonly RecordProblem[], inArray: boolean): GatewayError => {
  const first = problems[0] as RecordProblem;
  if (!inArray) return new GatewayError(first.status, first.error);
  const message =
    problems.length === 1
      ? `Record ${first.index}: ${first.error}`
      : `${problems.length} records are wrong. Record ${first.index}: ${first.error}`;
  return new GatewayError(first.status, `${message} Nothing was stored.`, { results: problems });
};

const readRecord = (value: unknown, { topic: named, credential, now, mayBeLarge }: RecordRules): NewRecord => {
  if (!isObject(value)) throw unexpected("a record", "an object", value);
  const topic = named ?? readTopic(value["topic"]);
  if (named !== undefined && value["topic"] != null && value["topic"] !== named)
    throw unexpected("the topic of a record", `that of the path, ${JSON.stringify(named)}`, value["topic"]);
  if (!mayTouch(credential, topic)) requireTopic(credential, topic);
  // Null counts as absent.
  const { partition, timestamp, key, headers } = value;
  const record: NewRecord = {
    topic,
    partition: partition == null ? undefined : readInteger("the partition", partition, 0, MAX_PARTITION),
    timestamp: timestamp == null ? undefined : readTimestamp(timestamp, now),
    key: key == null ? undefined : readText("the key", key),
    value: readText("the value", value["value"]),
    headers: headers == null ? [] : readHeaders(headers),
  };
  if (mayBeLarge) requireSize(record);
  return record;
};

const requirePartition = ({ topic, partition }: NewRecord, counts: ReadonlyMap<string, number>): void => {
  const partitions = counts.get(topic);
  if (partitions === undefined) throw new GatewayError(404, `There is no topic ${JSON.stringify(topic)}.`);
  if (partition !== undefined) readInteger(`the partition of ${JSON.stringify(topic)}`, partition, 0, partitions - 1);
};

/** How far clocks may be apart, in ms: Kafka's own `message.timestamp.after.max.ms`. */
const MAX_AHEAD_MS = 3_600_000;

const readTimestamp = (value: unknown, now: number): number => {
  const timestamp = readInteger("the timestamp", value, 0, Number.MAX_SAFE_INTEGER);
  if (timestamp > now + MAX_AHEAD_MS)
    throw unexpected("the timestamp", "in milliseconds since 1970, and no more than an hour in the future", timestamp);
  return timestamp;
};

const readText = (what: string, value: unknown): string => {
  if (typeof value !== "string") throw unexpected(what, "a string", value);
  // UTF-8 cannot encode a lone surrogate: another character would be stored.
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

const requireSize = ({ key, value, headers }: NewRecord): void => {
  let bytes = Buffer.byteLength(value) + (key === undefined ? 0 : Buffer.byteLength(key));
  for (const header of headers) bytes += Buffer.byteLength(header.key) + Buffer.byteLength(header.value);
  if (bytes > LIMITS.recordBytes)
    throw new GatewayError(413, `Expected a record to have at most ${LIMITS.recordBytes} bytes, got ${bytes}.`);
};
