import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import { type Caller, CALLER_KEY_PURPOSE, namesCaller, readCaller, signedCallerText } from "../protocol/caller.ts";
import { RejoinderError } from "../protocol/errors.ts";
import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import type { RequestEvent } from "../protocol/request-event.ts";
import type { Reading } from "./reading.ts";
import type { Addressee } from "./replies.ts";

type CallerCheckOptions = {
  /** What a record is; never throws. */
  readonly read: (record: ConsumerRecord) => Reading;
  /** The key bytes of each REPLY_SECRET. Whatever one of them signed is genuine. */
  readonly secrets: readonly Uint8Array[];
};

/** A Worker that rotates its secrets signs with two. */
const MAX_SIGNATURES = 4;

/**
 * Reads records, and finds out who sent their requests. A record that names a caller whom no Worker has signed for is refused: whoever may write to the
 * topic could pretend to be anybody. Never throws.
 */
export const createCallerCheck = ({ read, secrets }: CallerCheckOptions): ((record: ConsumerRecord) => Reading) => {
  const keys = secrets.map((secret) => createSecretKey(createHmac("sha256", secret).update(CALLER_KEY_PURPOSE).digest()));

  const callerOf = (request: RequestEvent): Caller | undefined => {
    const signatures = (request.authsignature ?? "").split(" ", MAX_SIGNATURES).map((text) => Buffer.from(text, "base64"));
    const text = signedCallerText(request);
    const isSigned = keys.some((key) => {
      const mac = createHmac("sha256", key).update(text).digest();
      return signatures.some((signature) => signature.length === mac.length && timingSafeEqual(signature, mac));
    });
    return isSigned ? readCaller(request) : undefined;
  };

  return (record) => {
    const reading = read(record);
    if (reading.kind !== "request" || !namesCaller(reading.request)) return reading;
    const { request } = reading;
    const caller = callerOf(request);
    if (caller !== undefined) return { kind: "request", request: { ...request, caller } };
    const { correlationId, operation, traceparent, returnTo, isOneWay } = request;
    const to: Addressee = { correlationId, operation, traceparent, returnTo, isOneWay };
    return { kind: "refused", to, error: new RejoinderError("INVALID_RECORD", { detail: UNSIGNED }) };
  };
};

const UNSIGNED =
  "Expected attribute authsignature of a request to be a Worker's signature of its caller, under this consumer's REPLY_SECRET.";
