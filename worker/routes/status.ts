import type { Context } from "hono";
import { RejoinderError } from "../../protocol/errors.ts";
import { isTerminal } from "../../protocol/states.ts";
import { jsonResponse, pendingResponse, statusText } from "../responses.ts";
import { type CorrelationIds, PUBLIC_OWNER } from "../correlation-id.ts";
import { appliedHeaders, readPrefer, waitSecondsOf } from "../prefer.ts";
import type { StatusStore } from "../status-store.ts";
import { acceptsEvents, createStatusEvents } from "./status-events.ts";

type StatusOptions = {
  readonly ids: CorrelationIds;
  readonly statuses: StatusStore;
  readonly now?: () => number;
};

/**
 * `GET /status/:correlationId`: what has become of a request. 200 in every terminal state, 202 before. With `If-None-Match`, 304 if there
 * is no newer version, and a wait ends at any change. With `Accept: text/event-stream`, a stream of events.
 */
export const createStatusRoute = ({ ids, statuses, now = Date.now }: StatusOptions) => {
  const streamEvents = createStatusEvents({ statuses, now });

  return async (context: Context): Promise<Response> => {
    const id = await ids.read(context.req.param("correlationId") ?? "");
    // Forged, foreign and not yours get the same response, so that nobody can tell them apart.
    if (id === undefined || id.owner !== PUBLIC_OWNER) {
      throw new RejoinderError("UNKNOWN_CORRELATION_ID", { detail: "Expected a correlation ID as a Location header of this API gave it." });
    }
    if (now() >= id.expiresAt) {
      throw new RejoinderError("STATUS_GONE", { detail: `The status could be read until ${new Date(id.expiresAt).toISOString()}.` });
    }
    if (acceptsEvents(context.req.header("accept"))) {
      if (!statuses.capabilities.wait) throw new RejoinderError("NOT_SUPPORTED", { detail: NO_EVENTS });
      return streamEvents(id, context.req.header("last-event-id")).catch(failToRead);
    }
    const waitSeconds = waitSecondsOf(readPrefer(context.req.header("prefer")), statuses);
    const known = readKnownVersions(context.req.header("if-none-match"));
    const status = await statuses.read(id, waitSeconds * 1_000, known, context.req.raw).catch(failToRead);
    if (status === "overloaded") throw new RejoinderError("OVERLOADED");
    const version = status?.version ?? 0;
    const headers = { ...appliedHeaders(waitSeconds, false), vary: "Prefer, Accept", etag: entityTag(version) };
    const isPending = status === undefined || !isTerminal(status.state);
    if (known.includes(version))
      return jsonResponse(304, null, isPending ? { ...headers, "retry-after": String(statuses.retryAfterSeconds) } : headers);
    return isPending ? pendingResponse(id, status, statuses, headers) : jsonResponse(200, statusText(id, status), headers);
  };
};

const NO_EVENTS = "REPLY_STORE=kv cannot tell when a status changes. Ask for it again with Accept: application/json.";

const failToRead = (cause: unknown): never => {
  if (cause instanceof RejoinderError) throw cause;
  console.error("A status could not be read", cause);
  throw new RejoinderError("STORE_UNAVAILABLE", { cause });
};

/** The `ETag` of a status (RFC 9110 §8.8.3). Two responses of one version are alike to the last byte. */
const entityTag = (version: number): string => `"${version}"`;

/**
 * The versions that a caller knows already, by `If-None-Match` (RFC 9110 §13.1.2, compared weakly). Tags that this API did not make name
 * none; nor does `*`, which asks whether there is anything.
 */
const readKnownVersions = (field: string | undefined): readonly number[] =>
  [...(field ?? "").matchAll(/"(0|[1-9]\d{0,9})"/g)].map(([, version]) => Number(version));
