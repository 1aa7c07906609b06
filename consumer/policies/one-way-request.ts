import { createHash } from "node:crypto";
import type { Operation } from "../../contract/operation.ts";
import { encodeEvent, type ProducerRecord } from "../../protocol/kafka-record.ts";
import { MAX_RECORD_BYTES, ONE_WAY_DEADLINE_MS, RECORD_HEADROOM_BYTES } from "../../protocol/limits.ts";
import { createRequestEvent } from "../../protocol/request-event.ts";
import { check } from "../deciders/event-reader.ts";

/** A request that follows from an event, ready to be produced: the same bytes whenever it is made again. */
export type OneWayRequest = {
  /** Its correlation ID. */
  readonly id: string;
  readonly record: ProducerRecord;
  /** When to send it, in milliseconds since 1970. */
  readonly dueAt: number;
  /** From then on it has no effect, in milliseconds since 1970. */
  readonly deadline: number;
  /** Whether it waits for a time after its commit. */
  readonly isDelayed: boolean;
};

/** What a request follows from. */
export type Cause = {
  readonly policy: string;
  /** The ID of the commit. */
  readonly commit: string;
  /** Of the event in its commit. */
  readonly eventIndex: number;
  /** Of the request in all that follows from that event by that policy. */
  readonly outputIndex: number;
  /** When the event was decided, in milliseconds since 1970. */
  readonly at: number;
  readonly traceparent?: string | undefined;
};

/** What a policy says cannot be sent, or it throws. Its partition stops there until the policy is mended. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
}

/** 47 bytes are the 63 characters of a correlation ID. */
const ID_BYTES = 47;

/**
 * The correlation ID of what follows from an event. It is made of where it comes from alone: whoever sends it again sends it under the same ID, so a
 * target that remembers it does it once.
 */
export const oneWayIdOf = ({ policy, commit, eventIndex, outputIndex }: Cause): string =>
  createHash("sha512")
    .update(JSON.stringify(["rejoinder policy", policy, commit, eventIndex, outputIndex]))
    .digest()
    .subarray(0, ID_BYTES)
    .toString("base64url");

/**
 * Makes the record of a request that a policy sends. It has no `dataschema`: it may be read by a later version than the one that sent it, which checks
 * the data by its own schema, and nobody is there to send it again.
 * @throws PolicyError if its data does not fit the operation, or the record would be too large
 */
export const createOneWayRequest = (operation: Operation, data: unknown, delayMs: number, cause: Cause): OneWayRequest => {
  const { policy, commit, at, traceparent } = cause;
  const { name, topic } = operation;
  const of = `what policy ${JSON.stringify(policy)} sends to ${name}`;
  const text = JSON.stringify(data) as string | undefined;
  if (text === undefined) throw new PolicyError(`Expected ${of} to be JSON, got ${typeof data}.`);
  // As it will be read: a date, say, is text by then.
  const stored = JSON.parse(text) as unknown;
  const { value, fault } = check(operation.request, stored, () => of);
  if (fault !== undefined) throw new PolicyError(`Expected ${of} to fit its schema. ${fault}`);
  const key = operation.orderingKey?.(value);
  if (key !== undefined && (typeof key !== "string" || !key.isWellFormed()))
    throw new PolicyError(`Expected the ordering key of ${of} to be well-formed text, got ${JSON.stringify(key)}.`);
  const id = oneWayIdOf(cause);
  const dueAt = at + delayMs;
  const deadline = dueAt + ONE_WAY_DEADLINE_MS;
  const event = createRequestEvent({
    correlationId: id,
    operation: name,
    source: `/policies/${encodeURIComponent(policy)}`,
    acceptedAt: dueAt,
    deadline,
    data: stored,
    traceparent,
    authtype: "system",
    orderingKey: key,
    causationId: commit,
    isOneWay: true,
  });
  const record: ProducerRecord = { topic, ...encodeEvent(event), ...(key === undefined ? {} : { key }) };
  const maxBytes = MAX_RECORD_BYTES - RECORD_HEADROOM_BYTES;
  if (sizeOfRecord(record) > maxBytes) throw new PolicyError(`Expected ${of} to have at most ${maxBytes} bytes, with its headers.`);
  return { id, record, dueAt, deadline, isDelayed: delayMs > 0 };
};

/** The bytes of a record's key, value and headers. */
export const sizeOfRecord = ({ key = "", value, headers }: ProducerRecord): number =>
  headers.reduce(
    (bytes, header) => bytes + header.key.length + Buffer.byteLength(header.value),
    Buffer.byteLength(key) + Buffer.byteLength(value),
  );
