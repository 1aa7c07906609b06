import type { Context } from "hono";
import type { Contract } from "../../contract/contract.ts";
import { RejoinderError } from "../../protocol/errors.ts";
import { MAX_ENVELOPE_DEPTH, MAX_REQUEST_BYTES } from "../../protocol/limits.ts";
import type { CallerAttributes } from "../../protocol/caller.ts";
import type { RequestEvent } from "../../protocol/request-event.ts";
import { isTerminal } from "../../protocol/states.ts";
import { checkJsonType, readBody, readJson } from "../body.ts";
import type { CorrelationIds } from "../correlation-id.ts";
import type { CallerSeal } from "../identity/caller-seal.ts";
import type { RequestPublisher } from "../request-publisher.ts";
import { createRecord, operationOf, readData } from "../request-record.ts";
import { pendingResponse, statusPath, statusText, unproducedResponse } from "../responses.ts";
import { createSignatureCheck } from "../signature-check.ts";
import type { StatusStore, StoredStatus } from "../status-store.ts";

type RedrivesOptions = {
  readonly carry: CallerSeal["carry"];
  readonly contract: Contract;
  readonly ids: CorrelationIds;
  readonly publisher: RequestPublisher;
  readonly statuses: Pick<StatusStore, "retryAfterSeconds">;
  /** The `source` of request events. */
  readonly source: string;
  /** Key bytes, newest first. */
  readonly secrets: readonly Uint8Array<ArrayBuffer>[];
  readonly now?: () => number;
};

/** What a redrive may add to the data of the request. */
const MAX_REDRIVE_BYTES = MAX_REQUEST_BYTES + 4_096;

/**
 * `POST /redrives`: sends a request again that has failed or expired, signed as `POST /replies` is. Before its deadline it is the
 * same request, and its status begins anew. After that it is a new one, which its status names.
 */
export const createRedrivesRoute = ({ carry, contract, ids, publisher, statuses, source, secrets, now = Date.now }: RedrivesOptions) => {
  const refuseSignature = createSignatureCheck({ secrets, now });

  return async ({ req }: Context): Promise<Response> => {
    const body = await readBody(req.raw, MAX_REDRIVE_BYTES);
    const refusal = await refuseSignature(req.raw.headers, body);
    if (refusal !== undefined) return refusal;
    checkJsonType(req.header("content-type"));
    const { json, data } = readJson(body, MAX_ENVELOPE_DEPTH);
    const redrive = readRedrive(data);
    const operation = operationOf(contract, redrive.operation);
    const request = await readData(operation, redrive.data, json);
    const before = await ids.read(redrive.correlationId);
    if (before === undefined) {
      throw new RejoinderError("UNKNOWN_CORRELATION_ID", { detail: "Expected the correlation ID of a request that this Worker accepted." });
    }
    if (publisher.redrive === undefined)
      throw new RejoinderError("NOT_SUPPORTED", {
        detail: "With REPLY_STORE=kv, send the data as a new request: POST /requests/:operation.",
      });

    const isSame = now() < before.deadline;
    // In the same shard, which writes both down at once.
    const id = isSame ? before : await ids.create({ ...operation, shard: before.shard, owner: before.owner });
    const unsealed = createRecord({
      operation,
      id,
      json: JSON.stringify(redrive.data),
      orderingKey: operation.orderingKey?.(request),
      source,
      traceparent: redrive.traceparent,
      causationId: isSame ? undefined : before.text,
    });
    const record = await carry(unsealed, { correlationId: id.text, operation: operation.name }, redrive);
    // Else a caller that somebody made up would become a genuine one.
    if (record === undefined) throw invalid("authsignature", "the signature of this Worker for the caller");
    const result = await publisher.redrive(before, record, isSame ? undefined : id);
    if (result.outcome === "refused") throw refusalOf(result.status);
    if (result.outcome !== "stored") return unproducedResponse(id, result);
    return pendingResponse(statusText(id, result.status), statuses, { location: statusPath(id.text) });
  };
};

type Redrive = Pick<RequestEvent, "correlationId" | "operation" | "data" | "traceparent"> & CallerAttributes;

const CALLER = ["authtype", "authid", "authclaims", "authsignature"] as const;

/** @throws RejoinderError `INVALID_REDRIVE` naming the member that is missing or wrong */
const readRedrive = (value: unknown): Redrive => {
  const members = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const { correlationId, operation, data, traceparent } = members;
  if (typeof correlationId !== "string") throw invalid("correlationId", "a string");
  if (typeof operation !== "string") throw invalid("operation", "the name of an operation");
  if (data === undefined) throw invalid("data", "the data of the request");
  if (traceparent !== undefined && typeof traceparent !== "string") throw invalid("traceparent", "a string");
  for (const name of CALLER) if (members[name] !== undefined && typeof members[name] !== "string") throw invalid(name, "a string");
  const caller: CallerAttributes = Object.fromEntries(CALLER.map((name) => [name, members[name]]));
  return { correlationId, operation, data, traceparent, ...caller };
};

const invalid = (member: string, expected: string): RejoinderError =>
  new RejoinderError("INVALID_REDRIVE", { detail: `Expected member ${member} to be ${expected}.` });

/** Why a request is not sent again. */
const refusalOf = (status: StoredStatus | undefined): RejoinderError => {
  const { state = "accepted", details } = status ?? {};
  const { redrivenAs } = details ?? {};
  if (redrivenAs !== undefined) {
    const detail = "Another request was sent in its place already. Redrive that one, if it has failed too.";
    return new RejoinderError("ALREADY_REDRIVEN", { detail, members: { redrivenAs } });
  }
  return isTerminal(state)
    ? new RejoinderError("ALREADY_ENDED", { detail: `The request has ended as ${state}: there is nothing to mend.`, members: { state } })
    : new RejoinderError("NOT_ENDED", {
        detail: `The request is ${state}, and its consumer may still reply. Redrive it when it has ended: a minute after its deadline at the latest.`,
        members: { state },
      });
};
