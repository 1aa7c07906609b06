import type { Context } from "hono";
import { RejoinderError } from "../../protocol/errors.ts";
import { isTerminal } from "../../protocol/states.ts";
import { jsonResponse, pendingResponse, statusText } from "../responses.ts";
import { type CorrelationIds, PUBLIC_OWNER } from "../correlation-id.ts";
import { appliedHeaders, readPrefer, waitSecondsOf } from "../prefer.ts";
import type { StatusStore } from "../status-store.ts";

type StatusOptions = {
  readonly ids: CorrelationIds;
  readonly statuses: StatusStore;
  readonly now?: () => number;
};

/**
 * `GET /status/:correlationId`: what has become of a request. 200 in every terminal state, 202 before. With `If-None-Match`, 304 if there
 * is no newer version, and a wait ends at any change.
 */
export const createStatusRoute =
  ({ ids, statuses, now = Date.now }: StatusOptions) =>
  async (context: Context): Promise<Response> => {
    const id = await ids.read(context.req.param("correlationId") ?? "");
    // Forged, foreign and not yours get the same response, so that nobody can tell them apart.
    if (id === undefined || id.owner !== PUBLIC_OWNER) {
      throw new RejoinderError("UNKNOWN_CORRELATION_ID", { detail: "Expected a correlation ID as a Location header of this API gave it." });
    }
    if (now() >= id.expiresAt) {
      throw new RejoinderError("STATUS_GONE", { detail: `The status could be read until ${new Date(id.expiresAt).toISOString()}.` });
    }
    const waitSeconds = waitSecondsOf(readPrefer(context.req.header("prefer")), statuses);
    const known = readKnownVersions(context.req.header("if-none-match"));
    const status = await statuses.read(id, waitSeconds * 1_000, known, context.req.raw).catch((cause: unknown) => {
      console.error("A status could not be read", cause);
      throw new RejoinderError("STORE_UNAVAILABLE", { cause });
    });
    if (status === "overloaded") throw new RejoinderError("OVERLOADED");
    const version = status?.version ?? 0;
    const headers = { ...appliedHeaders(waitSeconds, false), etag: entityTag(version) };
    const isPending = status === undefined || !isTerminal(status.state);
    if (known.includes(version))
      return jsonResponse(304, null, isPending ? { ...headers, "retry-after": String(statuses.retryAfterSeconds) } : headers);
    return isPending ? pendingResponse(id, status, statuses, headers) : jsonResponse(200, statusText(id, status), headers);
  };

/** The `ETag` of a status (RFC 9110 §8.8.3). Two responses of one version are alike to the last byte. */
const entityTag = (version: number): string => `"${version}"`;

/**
 * The versions that a caller knows already, by `If-None-Match` (RFC 9110 §13.1.2, compared weakly). Tags that this API did not make name
 * none; nor does `*`, which asks whether there is anything.
 */
const readKnownVersions = (field: string | undefined): readonly number[] =>
  [...(field ?? "").matchAll(/"(0|[1-9]\d{0,9})"/g)].map(([, version]) => Number(version));
