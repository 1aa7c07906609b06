import { readDeadLetter } from "../../protocol/dead-letter.ts";
import { RejoinderError } from "../../protocol/errors.ts";
import { type ConsumerRecord, decodeEvent } from "../../protocol/kafka-record.ts";
import { readRequestEvent, type RequestEvent } from "../../protocol/request-event.ts";
import { SPRING_HEADERS } from "../../protocol/spring-headers.ts";

/** A record of a dead-letter topic, as far as it can be read. */
export type Letter = {
  readonly record: ConsumerRecord;
  /** The Worker's request in it; undefined if nobody can send one again, and then `obstacle` says why. */
  readonly request: RequestEvent | undefined;
  readonly obstacle: string | undefined;
  /** Of the request, also where the rest of it cannot be read. */
  readonly operation: string | undefined;
  readonly correlationId: string | undefined;
  /** The code of the problem, or the class of the exception that a listener in Spring threw. */
  readonly code: string | undefined;
  /** What was wrong, for people. */
  readonly reason: string | undefined;
  /** How often it was handled. */
  readonly attempts: number | undefined;
  /** Where the record was read that became this letter: topic/partition/offset. */
  readonly origin: string | undefined;
};

/** Reads a record of a dead-letter topic. It is a letter whatever it contains: other systems write there, too. */
export const readLetter = (record: ConsumerRecord): Letter => {
  const { origin, reason, headers } = readDeadLetter(record);
  const { request, attributes = {}, obstacle } = readRequest({ ...record, headers });
  const operation = request?.operation ?? reason.operation ?? attributes["type"];
  return {
    record,
    request,
    obstacle,
    operation,
    correlationId: request?.correlationId ?? reason.correlationId ?? attributes["correlationid"],
    code: reason.code ?? reason.exception,
    reason: reason.message,
    attempts: reason.attempts,
    origin: origin.topic === undefined ? undefined : [origin.topic, origin.partition, origin.offset].join("/"),
  };
};

type ReadRequest = {
  readonly request?: RequestEvent;
  /** What could be read of an event that is none. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly obstacle?: string;
};

const readRequest = (record: ConsumerRecord): ReadRequest => {
  try {
    const event = decodeEvent(record);
    if (event.data_base64 !== undefined) return { obstacle: "Its data is not JSON." };
    return { request: readRequestEvent(event) };
  } catch (error) {
    if (!(error instanceof RejoinderError)) throw error;
    const { attributes } = error.members as Pick<ReadRequest, "attributes">;
    const isOfRequester = record.headers.some(({ key }) => key === SPRING_HEADERS.correlationId);
    const obstacle = isOfRequester
      ? "It is a request of Spring or Nest, and whoever sent it does not wait any more."
      : `It is no request that can be read: ${error.message}`;
    return { obstacle, ...(attributes === undefined ? {} : { attributes }) };
  }
};
