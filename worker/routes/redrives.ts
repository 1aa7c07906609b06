import type { Context } from "hono";
import { RejoinderError } from "../../protocol/errors.ts";
import { MAX_ENVELOPE_DEPTH, MAX_REQUEST_BYTES } from "../../protocol/limits.ts";
import type { CallerAttributes } from "../../protocol/caller.ts";
import { checkJsonType, readBody, readJson } from "../body.ts";
import type { Redriver, RedriveRequest } from "../redrive.ts";
import { pendingResponse, statusPath, statusText, unproducedResponse } from "../responses.ts";
import { createSignatureCheck } from "../signature-check.ts";
import type { StatusStore } from "../status-store.ts";

type RedrivesOptions = {
  readonly redrive: Redriver;
  readonly statuses: Pick<StatusStore, "retryAfterSeconds">;
  /** Key bytes, newest first. */
  readonly secrets: readonly Uint8Array<ArrayBuffer>[];
  readonly now?: () => number;
};

/** What a redrive may add to the data of the request. */
const MAX_REDRIVE_BYTES = MAX_REQUEST_BYTES + 4_096;

/** `POST /redrives`: sends a request again that has failed or expired, signed as `POST /replies` is. */
export const createRedrivesRoute = ({ redrive, statuses, secrets, now = Date.now }: RedrivesOptions) => {
  const refuseSignature = createSignatureCheck({ secrets, now });

  return async ({ req }: Context): Promise<Response> => {
    const body = await readBody(req.raw, MAX_REDRIVE_BYTES);
    const refusal = await refuseSignature(req.raw.headers, body);
    if (refusal !== undefined) return refusal;
    checkJsonType(req.header("content-type"));
    const { id, result } = await redrive(readRedrive(readJson(body, MAX_ENVELOPE_DEPTH).data));
    if (result.outcome !== "stored") return unproducedResponse(id, result);
    return pendingResponse(statusText(id, result.status), statuses, { location: statusPath(id.text) });
  };
};

const CALLER = ["authtype", "authid", "authclaims", "authsignature"] as const;

/** @throws RejoinderError `INVALID_REDRIVE` naming the member that is missing or wrong */
const readRedrive = (value: unknown): RedriveRequest => {
  const members = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const { correlationId, operation, data, traceparent, expectedVersion } = members;
  if (typeof correlationId !== "string") throw invalid("correlationId", "a string");
  if (typeof operation !== "string") throw invalid("operation", "the name of an operation");
  if (data === undefined) throw invalid("data", "the data of the request");
  if (traceparent !== undefined && typeof traceparent !== "string") throw invalid("traceparent", "a string");
  if (expectedVersion !== undefined && !isVersion(expectedVersion)) throw invalid("expectedVersion", "an integer from 0");
  for (const name of CALLER) if (members[name] !== undefined && typeof members[name] !== "string") throw invalid(name, "a string");
  const caller: CallerAttributes = Object.fromEntries(CALLER.map((name) => [name, members[name]]));
  return { correlationId, operation, data, traceparent, expectedVersion, ...caller };
};

const isVersion = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const invalid = (member: string, expected: string): RejoinderError =>
  new RejoinderError("INVALID_REDRIVE", { detail: `Expected member ${member} to be ${expected}.` });
