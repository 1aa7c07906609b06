import { type Contract, findOperation } from "../contract/contract.ts";
import type { Operation } from "../contract/operation.ts";
import { validate } from "../contract/schema.ts";
import { RejoinderError } from "../protocol/errors.ts";
import { encodeEvent, type ProducerRecord } from "../protocol/kafka-record.ts";
import { createRequestEvent, dataSchemaOf } from "../protocol/request-event.ts";
import { createSpringHeaders } from "../protocol/spring-headers.ts";
import { readTraceparent, writeTraceparent } from "../protocol/traceparent.ts";
import type { StatusKey } from "./status-store.ts";

/** The operation of that name. @throws RejoinderError `UNKNOWN_OPERATION` */
export const operationOf = (contract: Contract, name: string): Operation => {
  const operation = findOperation(contract, name);
  if (operation !== undefined) return operation;
  const operations = Object.keys(contract);
  throw new RejoinderError("UNKNOWN_OPERATION", { detail: `Expected one of ${operations.join(", ")}.`, members: { operations } });
};

/** What the schema makes of a request's data. @throws RejoinderError `INVALID_REQUEST` */
export const readData = async (operation: Operation, data: unknown): Promise<unknown> => {
  const { value, errors } = await validate(operation.request, data);
  if (errors === undefined) return value;
  throw new RejoinderError("INVALID_REQUEST", { detail: `Expected a request that fits operation ${operation.name}.`, members: { errors } });
};

type RecordOptions = {
  readonly operation: Operation;
  readonly id: StatusKey;
  /** As it came: the consumer applies the schema's defaults and transforms, once. */
  readonly data: unknown;
  readonly orderingKey: string | undefined;
  readonly source: string;
  /** W3C Trace Context. What is none is left out. */
  readonly traceparent: string | undefined;
  /** The request in whose place this one is sent. */
  readonly causationId?: string | undefined;
};

/** The record that asks for a request to be handled. */
export const createRecord = ({ operation, id, data, orderingKey, source, traceparent, causationId }: RecordOptions): ProducerRecord => {
  const { topic, responder } = operation;
  const parent = readTraceparent(traceparent);
  const event = createRequestEvent({
    correlationId: id.text,
    operation: operation.name,
    source,
    acceptedAt: id.createdAt,
    deadline: id.deadline,
    data,
    traceparent: parent && writeTraceparent(parent),
    authtype: "unauthenticated",
    orderingKey,
    causationId,
    // A responder has no contract of ours that could differ.
    dataschema: responder === undefined ? dataSchemaOf(operation.name, operation.description.fingerprint) : undefined,
  });
  const { value, headers } = encodeEvent(event);
  const record = { topic, value, ...(orderingKey === undefined ? {} : { key: orderingKey }) };
  // A responder ignores the attributes of an event, as it does every header that it does not know.
  if (responder !== undefined) return { ...record, headers: [...headers, ...createSpringHeaders(id.text, responder.replyTopic)] };
  return { ...record, headers };
};
