import { type Contract, findOperation } from "../contract/contract.ts";
import { RejoinderError } from "../protocol/errors.ts";
import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import { TRACEPARENT_HEADER } from "../protocol/spring-headers.ts";
import { type Reading, readRecord } from "./reading.ts";
import { correlationText, hasReturnAddress, headerOf, readReturnAddress } from "./return-address.ts";

export type RequesterReadingOptions = {
  readonly contract: Contract;
  /** By topic, the operation that its requests ask for. */
  readonly requestTopics: ReadonlyMap<string, string>;
  /** The only topics that a request may name for its reply. */
  readonly replyTopics: ReadonlySet<string>;
};

/**
 * Reads records of requesters on Kafka as requests: those on their topics that say where their reply is awaited. Any other record is read
 * as a CloudEvent. The deadline counts from the record's timestamp, since there is no other time.
 */
export const createRequesterReading =
  ({ contract, requestTopics, replyTopics }: RequesterReadingOptions) =>
  (record: ConsumerRecord): Reading => {
    const operation = requestTopics.get(record.topic);
    if (operation === undefined || !hasReturnAddress(record)) return readRecord(record);
    try {
      return readRequest(record, operation);
    } catch (error) {
      return { kind: "dead", reason: (error as Error).message };
    }

    function readRequest({ topic, timestamp, value }: ConsumerRecord, name: string): Reading {
      const returnTo = readReturnAddress(record, replyTopics);
      const traceparent = headerOf(record.headers, TRACEPARENT_HEADER)?.toString();
      const to = { correlationId: correlationText(returnTo.correlation), operation: name, traceparent, returnTo };
      const deadlineSeconds = findOperation(contract, name)?.deadlineSeconds ?? 0;
      const times = { acceptedAt: timestamp, deadline: timestamp + deadlineSeconds * 1_000 };
      try {
        return { kind: "request", request: { ...to, ...times, source: `/kafka/${topic}`, data: readJson(value) } };
      } catch (cause) {
        const detail = `Expected the record's value to be JSON: ${(cause as Error).message}`;
        return { kind: "refused", to, error: new RejoinderError("INVALID_RECORD", { detail, cause }) };
      }
    }
  };

/** An absent value means null. */
const readJson = (value: ConsumerRecord["value"]): unknown => {
  if (value === null) return null;
  return JSON.parse(typeof value === "string" ? value : new TextDecoder("utf-8", { fatal: true }).decode(value));
};
