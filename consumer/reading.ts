import { isCorrelationIdShape } from "../protocol/correlation-id.ts";
import type { Caller } from "../protocol/caller.ts";
import { RejoinderError } from "../protocol/errors.ts";
import { type ConsumerRecord, decodeEvent } from "../protocol/kafka-record.ts";
import { readRequestEvent, type RequestEvent } from "../protocol/request-event.ts";
import type { Addressee } from "./replies.ts";

/** A request, and where its reply goes. */
export type IncomingRequest = RequestEvent &
  Pick<Addressee, "returnTo"> & {
    /** Absent: nobody knows who sent it. */
    readonly caller?: Caller;
  };

/** What a record turned out to be. */
export type Reading =
  | { readonly kind: "request"; readonly request: IncomingRequest }
  /** The record is broken, but says whose request it was: the caller is told. */
  | { readonly kind: "refused"; readonly to: Addressee; readonly error: RejoinderError }
  /** Nobody can be told: the record goes to the dead letters. */
  | { readonly kind: "dead"; readonly reason: string };

/** The operation of a broken record that names none, or one longer than any operation of a contract. */
const UNNAMED = "unknown";
const MAX_NAME_LENGTH = 64;

/** Reads a record, whatever is in it; never throws. */
export const readRecord = (record: Pick<ConsumerRecord, "value" | "headers">): Reading => {
  let attributes: Readonly<Record<string, unknown>> | undefined;
  try {
    const event = decodeEvent(record);
    attributes = event;
    return { kind: "request", request: readRequestEvent(event) };
  } catch (thrown) {
    const error = thrown instanceof RejoinderError ? thrown : new RejoinderError("INVALID_RECORD", { cause: thrown });
    const to = addresseeOf(attributes ?? (error.members["attributes"] as typeof attributes));
    // The members hold what the record said. The caller gets only the detail.
    const shown = new RejoinderError(error.code, { ...(error.detail === undefined ? {} : { detail: error.detail }), cause: error });
    return to === undefined ? { kind: "dead", reason: error.message } : { kind: "refused", to, error: shown };
  }
};

const addresseeOf = (attributes: Readonly<Record<string, unknown>> | undefined): Addressee | undefined => {
  const correlationId = attributes?.["correlationid"];
  if (typeof correlationId !== "string" || !isCorrelationIdShape(correlationId)) return undefined;
  const { type: operation, traceparent, oneway } = attributes ?? {};
  return {
    correlationId,
    operation: isName(operation) ? operation : UNNAMED,
    ...(typeof traceparent === "string" ? { traceparent } : {}),
    ...(String(oneway) === "true" ? { isOneWay: true } : {}),
  };
};

const isName = (value: unknown): value is string => typeof value === "string" && value.length > 0 && value.length <= MAX_NAME_LENGTH;
