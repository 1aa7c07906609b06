import type { Context } from "hono";
import { RejoinderError } from "../../protocol/errors.ts";
import { isTerminal } from "../../protocol/states.ts";
import { jsonAnswer, pendingAnswer, statusText } from "../responses.ts";
import { type CorrelationIds, PUBLIC_OWNER } from "../correlation-id.ts";
import { entityTag, readKnownVersions } from "../entity-tag.ts";
import { appliedHeaders, readPrefer, waitSecondsOf } from "../prefer.ts";
import type { ReplyStore } from "../status-store.ts";

export type StatusOptions = {
  readonly ids: CorrelationIds;
  readonly store: ReplyStore;
  readonly now?: () => number;
};

/**
 * `GET /status/:correlationId`: what has become of a request. 200 in every terminal state, 202 before; 304 if nothing has become of it since
 * what `If-None-Match` names, and with it a wait ends at any change.
 */
export const createStatusRoute =
  ({ ids, store, now = Date.now }: StatusOptions) =>
  async (context: Context): Promise<Response> => {
    const id = await ids.read(context.req.param("correlationId") ?? "");
    // One answer for forged, foreign and not yours: none of them may be told apart.
    if (id === undefined || id.owner !== PUBLIC_OWNER) {
      throw new RejoinderError("UNKNOWN_CORRELATION_ID", { detail: "Expected a correlation ID as a Location header of this API gave it." });
    }
    if (now() >= id.expiresAt) {
      throw new RejoinderError("STATUS_GONE", { detail: `The status could be read until ${new Date(id.expiresAt).toISOString()}.` });
    }
    const waitSeconds = waitSecondsOf(readPrefer(context.req.header("prefer")), store);
    const known = readKnownVersions(context.req.header("if-none-match"));
    const status = await store.read(id, waitSeconds * 1_000, known).catch((cause: unknown) => {
      console.error("A status could not be read", cause);
      throw new RejoinderError("STORE_UNAVAILABLE", { cause });
    });
    if (status === "overloaded") throw new RejoinderError("OVERLOADED");
    const version = status?.version ?? 0;
    const headers = { ...appliedHeaders(waitSeconds, false), etag: entityTag(version) };
    const isPending = status === undefined || !isTerminal(status.state);
    if (known.includes(version))
      return jsonAnswer(304, null, isPending ? { ...headers, "retry-after": String(store.retryAfterSeconds) } : headers);
    return isPending ? pendingAnswer(id, status, store, headers) : jsonAnswer(200, statusText(id, status), headers);
  };
