import type { Context } from "hono";
import type { Contract } from "../contract/contract.ts";
import type { Operation } from "../contract/operation.ts";
import { RejoinderError } from "../protocol/errors.ts";
import type { ProducerRecord } from "../protocol/kafka-record.ts";
import type { CorrelationIds } from "./correlation-id.ts";
import { readIdempotencyKey } from "./idempotency-key.ts";
import type { CallerSeal } from "./identity/caller-seal.ts";
import type { Authorize, Principal } from "./identity/principal.ts";
import type { Limits } from "./limits/limits.ts";
import { TRACEPARENT } from "./request-observer.ts";
import type { PublishResult } from "./request-publisher.ts";
import { createRecord, readData } from "./request-record.ts";
import type { Sha256 } from "./sha256.ts";
import type { StatusKey, StatusStore } from "./status-store.ts";
import type { WebhookUrlPolicy } from "./webhooks/webhook-url.ts";

/** What routes need that accept requests. */
export type AcceptanceOptions = {
  readonly authorize: Authorize;
  readonly limits?: Limits | undefined;
  readonly seal: CallerSeal["seal"];
  readonly contract: Contract;
  readonly ids: CorrelationIds;
  readonly statuses: Pick<StatusStore, "capabilities" | "retryAfterSeconds">;
  readonly shards: number;
  /** The `source` of request events. */
  readonly source: string;
  /** Where webhooks may go. Absent: they are switched off. */
  readonly webhookPolicy?: WebhookUrlPolicy | undefined;
  readonly random?: () => number;
  readonly sha256?: Sha256 | undefined;
};

/** A request that fits its operation. */
export type CheckedRequest = {
  readonly operation: Operation;
  /** The data as it came, and its JSON text. */
  readonly data: unknown;
  readonly json: string;
  /** What the schema makes of it. */
  readonly request: unknown;
  /** The version that the aggregate of a command must have. */
  readonly expectedVersion: number | undefined;
};

/** What a caller sent for an operation. @throws RejoinderError `INVALID_REQUEST` */
export const checkRequest = async (
  operation: Operation,
  { data, json }: Pick<CheckedRequest, "data" | "json">,
  expectedVersion: number | undefined,
): Promise<CheckedRequest> => ({ operation, data, json, expectedVersion, request: await readData(operation, data, json) });

/**
 * Makes the records of requests, each with its caller signed into it.
 * @throws RejoinderError as `createRecord` does
 */
export const createSealedRecords =
  ({ seal, source }: { readonly seal: CallerSeal["seal"]; readonly source: string }) =>
  (
    checked: CheckedRequest,
    id: StatusKey,
    caller: Principal,
    traceparent: string | undefined,
  ): ProducerRecord | Promise<ProducerRecord> => {
    const { operation, data, json, request, expectedVersion } = checked;
    const orderingKey = operation.orderingKey?.(request);
    const unsealed = createRecord({ operation, id, json, orderingKey, source, traceparent, expectedVersion });
    return seal(unsealed, { correlationId: id.text, operation: operation.name, data }, caller);
  };

/** The trace that goes on with the requests of a call. */
export const traceparentOf = (context: Context): string | undefined => context.get(TRACEPARENT) ?? context.req.header(TRACEPARENT);

/** The `Idempotency-Key` of a call, if any. @throws RejoinderError `INVALID_IDEMPOTENCY_KEY`, or `NOT_SUPPORTED` where none can be recognised */
export const idempotencyKeyOf = ({ req }: Context, { capabilities }: Pick<StatusStore, "capabilities">): string | undefined => {
  const key = readIdempotencyKey(req.header("idempotency-key"));
  if (key !== undefined && !capabilities.idempotency) throw new RejoinderError("NOT_SUPPORTED", { detail: NO_KEYS });
  return key;
};

const NO_KEYS = "With REPLY_STORE=kv no request can be recognised by its key. Send it without Idempotency-Key; nothing was sent to Kafka.";

/** What comes of requests that stay counted in a quota. */
export const MAY_BE_SENT: ReadonlySet<PublishResult["outcome"]> = new Set(["stored", "unknown", "unclaimed"]);
