import { toBase64 } from "./base64.ts";
import { attributesOf, type CloudEvent, isJsonMediaType, readCloudEvent } from "./cloudevent.ts";
import { RejoinderError } from "./errors.ts";
import { isTextTooDeep } from "./json-shape.ts";
import { MAX_ENVELOPE_DEPTH } from "./limits.ts";
import type { TopicPartitionOffset } from "./topic-partition.ts";

/** A header as Kafka has it: names may repeat, the last one counts. Values are UTF-8 text. */
export type RecordHeader = { readonly key: string; readonly value: string };

/** A record to be produced. Key and value are UTF-8 text. */
export type ProducerRecord = {
  readonly topic: string;
  /** Raw, never JSON-quoted. Absent: Kafka's null, and whoever batches chooses one partition for the whole batch. */
  readonly key?: string | undefined;
  readonly value: string;
  readonly headers: readonly RecordHeader[];
};

/** Where a produced record was stored, and when. */
export type RecordMetadata = TopicPartitionOffset & {
  /**
   * Milliseconds since 1970; absent where the proxy does not say. It is the record's own: a topic with
   * `message.timestamp.type=LogAppendTime` keeps another.
   */
  readonly timestamp?: number;
};

/** A record that was consumed. Sources that carry bytes give bytes; `null` is a tombstone or a missing key. */
export type ConsumerRecord = TopicPartitionOffset & {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** There if the timestamp is known to be that of the record's arrival, not its producer's. */
  readonly isAppendTime?: true;
  readonly key: string | Uint8Array | null;
  readonly value: string | Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: string | Uint8Array | null }[];
};

const PREFIX = "ce_";
const CONTENT_TYPE = "content-type";
const STRUCTURED_CONTENT_TYPE = "application/cloudevents+json";

/** How an event travels in a record: `binary` where the proxy carries headers, `structured` where it does not. */
type ContentMode = "binary" | "structured";

/**
 * A CloudEvent as key-less record parts.
 * Source: Kafka Protocol Binding for CloudEvents 1.0.2 §3.2 (binary) and §3.3 (structured).
 */
export const encodeEvent = (event: CloudEvent, mode: ContentMode = "binary"): Pick<ProducerRecord, "value" | "headers"> => {
  if (mode === "structured")
    return { value: JSON.stringify(event), headers: [{ key: CONTENT_TYPE, value: `${STRUCTURED_CONTENT_TYPE}; charset=UTF-8` }] };
  const headers = attributesOf(event).map(([name, value]) => ({ key: PREFIX + name, value }));
  if (event.datacontenttype !== undefined) headers.push({ key: CONTENT_TYPE, value: event.datacontenttype });
  return { headers, value: encodeData(event) };
};

/**
 * The record of an event in structured mode, for what its headers cannot carry: readers take both modes.
 * @throws RejoinderError `INVALID_RECORD` if the record is no CloudEvent
 */
export const toStructured = (record: ProducerRecord): ProducerRecord => {
  const { data, ...event } = decodeEvent(record);
  const { value, headers } = encodeEvent(event as CloudEvent, "structured");
  if (data === undefined) return { ...record, value, headers };
  // JSON data goes in as it is: written again, it may be several times as long.
  const text =
    isJsonMediaType(event.datacontenttype) && readAttribute(record, "specversion") !== undefined ? record.value : JSON.stringify(data);
  return { ...record, value: `${value.slice(0, -1)},"data":${text}}`, headers };
};

/** An attribute of a record whose event is in binary mode; undefined if it has none of that name. */
export const readAttribute = ({ headers }: Pick<ProducerRecord, "headers">, name: string): string | undefined =>
  headers.find(({ key }) => key === PREFIX + name)?.value;

/** The record with another value of an attribute, for an event in binary mode. */
export const withAttribute = (record: ProducerRecord, name: string, value: string): ProducerRecord =>
  withAttributes(record, { [name]: value });

/** The same with several; those that are undefined stay as they are. */
export const withAttributes = (record: ProducerRecord, attributes: Readonly<Record<string, string | undefined>>): ProducerRecord => {
  const added = Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [{ key: PREFIX + name, value }]));
  return { ...record, headers: [...record.headers.filter(({ key }) => !added.some((one) => one.key === key)), ...added] };
};

const encodeData = (event: CloudEvent): string => {
  if (event.data_base64 !== undefined)
    throw new RejoinderError("INVALID_RECORD", { detail: "Binary data cannot travel in a text record: use structured mode." });
  if (event.data === undefined) return "";
  return isJsonMediaType(event.datacontenttype) ? JSON.stringify(event.data) : String(event.data);
};

/**
 * Reads a record in either mode: header `ce_specversion` → binary; else a structured content type → structured;
 * else, only without any header, a JSON object that looks like an event → structured.
 * @throws RejoinderError `INVALID_RECORD`; `members.attributes` holds what could be read of a binary event.
 */
export const decodeEvent = (record: Pick<ConsumerRecord, "value" | "headers">): CloudEvent => {
  const headers = readHeaders(record.headers);
  if (headers.has(`${PREFIX}specversion`)) return decodeBinary(headers, record.value);
  const contentType = headers.get(CONTENT_TYPE) ?? "";
  if (contentType.toLowerCase().startsWith(STRUCTURED_CONTENT_TYPE) || headers.size === 0)
    return readCloudEvent(parseJson(readText(record.value)));
  throw new RejoinderError("INVALID_RECORD", {
    detail: "Expected a CloudEvent: neither a ce_specversion header nor the content type application/cloudevents+json is there.",
  });
};

const decodeBinary = (headers: ReadonlyMap<string, string>, value: ConsumerRecord["value"]): CloudEvent => {
  const attributes: Record<string, string> = {};
  for (const [name, text] of headers) if (name.startsWith(PREFIX)) attributes[name.slice(PREFIX.length)] = text;
  const datacontenttype = headers.get(CONTENT_TYPE);
  if (datacontenttype !== undefined) attributes["datacontenttype"] = datacontenttype;
  try {
    const event = readCloudEvent(attributes);
    return value === null || value.length === 0 ? event : { ...event, ...decodeData(datacontenttype, value) };
  } catch (error) {
    if (error instanceof RejoinderError)
      throw new RejoinderError(error.code, { detail: error.detail, members: { attributes }, cause: error });
    throw error;
  }
};

const decodeData = (contentType: string | undefined, value: string | Uint8Array): Pick<CloudEvent, "data" | "data_base64"> => {
  const text = tryText(value);
  if (isJsonMediaType(contentType)) return { data: parseJson(text) };
  return text === undefined ? { data_base64: toBase64(value as Uint8Array) } : { data: text };
};

const readHeaders = (headers: ConsumerRecord["headers"]): Map<string, string> => {
  const read = new Map<string, string>();
  for (const { key, value } of headers) {
    const text = value === null ? undefined : tryText(value);
    if (text !== undefined) read.set(key.toLowerCase(), text);
  }
  return read;
};

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as text, or undefined if they are not UTF-8. */
export const tryText = (value: string | Uint8Array): string | undefined => {
  if (typeof value === "string") return value;
  try {
    return strictUtf8.decode(value);
  } catch {
    return undefined;
  }
};

const readText = (value: ConsumerRecord["value"]): string | undefined => (value === null ? undefined : tryText(value));

const parseJson = (text: string | undefined): unknown => {
  if (text === undefined)
    throw new RejoinderError("INVALID_RECORD", {
      detail: "Expected the record's value to be JSON, got bytes that are not UTF-8, or no value.",
    });
  if (isTextTooDeep(text, MAX_ENVELOPE_DEPTH))
    throw new RejoinderError("INVALID_RECORD", { detail: `Expected at most ${MAX_ENVELOPE_DEPTH} levels of objects and arrays.` });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RejoinderError("INVALID_RECORD", {
      detail: `Expected the record's value to be JSON: ${(error as Error).message}`,
      cause: error,
    });
  }
};
