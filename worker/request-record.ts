import { type Contract, findOperation } from "../contract/contract.ts";
import type { Operation } from "../contract/operation.ts";
import { validate } from "../contract/schema.ts";
import { RejoinderError } from "../protocol/errors.ts";
import { encodeEvent, type ProducerRecord } from "../protocol/kafka-record.ts";
import { MAX_RECORD_BYTES, RECORD_HEADROOM_BYTES } from "../protocol/limits.ts";
import { mayHaveProto, shapeFaultOf } from "../protocol/json-shape.ts";
import { createRequestEvent, dataSchemaOf } from "../protocol/request-event.ts";
import { createSpringHeaders } from "../protocol/spring-headers.ts";
import { readTraceparent, writeTraceparent } from "../protocol/traceparent.ts";
import { isLongerThan } from "./body.ts";
import type { StatusKey } from "./status-store.ts";

/** The operation of that name. @throws RejoinderError `UNKNOWN_OPERATION` */
export const operationOf = (contract: Contract, name: string): Operation => {
  const operation = findOperation(contract, name);
  if (operation !== undefined) return operation;
  const operations = Object.keys(contract);
  throw new RejoinderError("UNKNOWN_OPERATION", { detail: `Expected one of ${operations.join(", ")}.`, members: { operations } });
};

/** What the schema makes of a request's data. @param json text that has the data in it @throws RejoinderError `INVALID_REQUEST` */
export const readData = async (operation: Operation, data: unknown, json: string): Promise<unknown> => {
  const fault = mayHaveProto(json) ? shapeFaultOf(data) : undefined;
  const { value, ...members } = fault === undefined ? await validate(operation.request, data) : { errors: [fault] };
  if (members.errors === undefined) return value;
  throw new RejoinderError("INVALID_REQUEST", { detail: `Expected a request that fits operation ${operation.name}.`, members });
};

type RecordOptions = {
  readonly operation: Operation;
  readonly id: StatusKey;
  /** The JSON text as it came: the consumer applies the schema's defaults and transforms, once. */
  readonly json: string;
  readonly orderingKey: string | undefined;
  readonly source: string;
  /** W3C Trace Context. What is none is left out. */
  readonly traceparent: string | undefined;
  /** The request in whose place this one is sent. */
  readonly causationId?: string | undefined;
  /** The version that the aggregate of a command must have. */
  readonly expectedVersion?: number | undefined;
};

/**
 * The record that asks for a request to be handled.
 * @throws RejoinderError `INVALID_REQUEST` for an ordering key that is no text, `BODY_TOO_LARGE` if the record would be
 */
export const createRecord = (options: RecordOptions): ProducerRecord => {
  const { operation, id, json, orderingKey, source, traceparent, causationId, expectedVersion } = options;
  const { topic, responder } = operation;
  // UTF-8 cannot encode a lone surrogate: another key would be stored.
  if (orderingKey?.isWellFormed() === false)
    throw new RejoinderError("INVALID_REQUEST", {
      detail: `Expected a request that fits operation ${operation.name}.`,
      members: { errors: [{ path: "", message: "Expected what orders the request to be well-formed Unicode." }] },
    });
  const parent = readTraceparent(traceparent);
  const event = createRequestEvent({
    correlationId: id.text,
    operation: operation.name,
    source,
    acceptedAt: id.createdAt,
    deadline: id.deadline,
    data: undefined,
    traceparent: parent && writeTraceparent(parent),
    authtype: "unauthenticated",
    orderingKey,
    causationId,
    expectedVersion,
    // A responder has no contract of ours that could differ.
    dataschema: responder === undefined ? dataSchemaOf(operation.name, operation.description.fingerprint) : undefined,
  });
  const { headers } = encodeEvent(event);
  return requireFits({
    topic,
    // In binary mode the value is the data. Another parser may read members that come twice otherwise than the schema saw them.
    value: responder === undefined ? json : JSON.stringify(JSON.parse(json)),
    ...(orderingKey === undefined ? {} : { key: orderingKey }),
    // A responder ignores the attributes of an event, as it does every header that it does not know.
    headers: responder === undefined ? headers : [...headers, ...createSpringHeaders(id.text, responder.replyTopic)],
  });
};

/** Kafka would refuse the record, and that would be no fault of Kafka's. */
const requireFits = (record: ProducerRecord): ProducerRecord => {
  const maxBytes = MAX_RECORD_BYTES - RECORD_HEADROOM_BYTES;
  const { key = "", value, headers } = record;
  let length = key.length + value.length;
  for (const header of headers) length += header.value.length;
  // As in isLongerThan: nearly every record is measured without being encoded.
  if (length * 3 <= maxBytes || !isLongerThan([key, value, ...headers.map((header) => header.value)].join(""), maxBytes)) return record;
  throw new RejoinderError("BODY_TOO_LARGE", {
    detail: `Expected a body of at most ${maxBytes} bytes, together with its ordering key and the attributes of its record.`,
    members: { maxBytes },
  });
};
