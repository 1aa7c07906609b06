import type { Context } from "hono";
import { RejoinderError } from "../../protocol/errors.ts";
import { isTerminal } from "../../protocol/states.ts";
import { jsonResponse, pendingResponse, type ResponseHeaders, statusText } from "../responses.ts";
import type { CorrelationIds } from "../correlation-id.ts";
import { acceptsEvents } from "../event-stream.ts";
import { type Authorize, STATUS_CANCEL } from "../identity/principal.ts";
import type { AddressOf } from "../limits/caller-address.ts";
import { callerOf, NO_ROOM, waitNameOf } from "../limits/waits.ts";
import { appliedHeaders, readPrefer, waitSecondsOf } from "../prefer.ts";
import type { StatusStore } from "../status-store.ts";
import { viewStatus } from "../status-view.ts";
import { readReadableId } from "./readable-id.ts";
import { createStatusEvents } from "./status-events.ts";

type StatusOptions = {
  readonly authorize: Authorize;
  readonly addressOf: AddressOf;
  readonly ids: CorrelationIds;
  readonly statuses: StatusStore;
  readonly now?: () => number;
};

/**
 * `GET /status/:correlationId`: what has become of a request. 200 in every terminal state, 202 before. With `If-None-Match`, 304 if there
 * is no newer version, and a wait ends at any change. `?chunks-from=N` leaves out the first N chunks. With `Accept: text/event-stream`, a stream
 * of events.
 */
export const createStatusRoute = ({ authorize, addressOf, ids, statuses, now = Date.now }: StatusOptions) => {
  const streamEvents = createStatusEvents({ statuses, now });

  return async (context: Context): Promise<Response> => {
    const { req } = context;
    const principal = await authorize(context, "status:read");
    const id = await readReadableId(ids, principal, req.param("correlationId") ?? "", now());
    const waitsAs = (): string => waitNameOf(principal, addressOf, context);
    if (acceptsEvents(req.header("accept"))) {
      if (!statuses.capabilities.wait) throw new RejoinderError("NOT_SUPPORTED", { detail: NO_EVENTS });
      return streamEvents(id, req.header("last-event-id"), principal.token?.expiresAt, waitsAs()).catch(refuseUnreadable);
    }
    const chunksFrom = readChunksFrom(req.query("chunks-from"));
    const preferences = readPrefer(req.header("prefer"));
    let waitSeconds = waitSecondsOf(preferences, statuses);
    const known = readKnownVersions(req.header("if-none-match"));
    const waiting = waitSeconds > 0 ? callerOf(req.raw, waitsAs()) : undefined;
    let read = await statuses.read(id, waitSeconds * 1_000, known, waiting).catch(refuseUnreadable);
    if (read === "overloaded" && preferences.respondAsync) read = await statuses.read(id, (waitSeconds = 0), known).catch(refuseUnreadable);
    if (read === "overloaded") throw new RejoinderError("OVERLOADED", { detail: NO_ROOM });
    const headersOf = (version: number): ResponseHeaders & { readonly etag: string } => ({
      ...appliedHeaders(waitSeconds, false),
      vary: "Prefer, Accept",
      etag: entityTag(version),
    });
    if (known.includes(read?.version ?? 0)) {
      const headers = headersOf(read?.version ?? 0);
      const isPending = read === undefined || !isTerminal(read.state);
      return jsonResponse(304, null, isPending ? { ...headers, "retry-after": String(statuses.retryAfterSeconds) } : headers);
    }
    const { status, chunks } =
      read?.details?.chunks === undefined
        ? { status: read, chunks: undefined }
        : await viewStatus(statuses, id, read, chunksFrom).catch(refuseUnreadable);
    const text = statusText(id, status, chunks);
    const { etag, ...plain } = headersOf(status?.version ?? 0);
    // Attempts at a webhook change the body of an ended request, and not its version.
    const headers = status?.details?.webhook !== undefined && isTerminal(status.state) ? plain : { ...plain, etag };
    return status === undefined || !isTerminal(status.state) ? pendingResponse(text, statuses, headers) : jsonResponse(200, text, headers);
  };
};

const NO_EVENTS = "REPLY_STORE=kv cannot tell when a status changes. Ask for it again with Accept: application/json.";

/** `DELETE /status/:correlationId`: asks to cancel a request. 202 with its status, which is `cancelling` until it has ended. */
export const createCancelRoute =
  ({ authorize, ids, statuses, now = Date.now }: Omit<StatusOptions, "addressOf">) =>
  async (context: Context): Promise<Response> => {
    const { req } = context;
    const id = await readReadableId(ids, await authorize(context, STATUS_CANCEL), req.param("correlationId") ?? "", now());
    if (statuses.cancel === undefined)
      throw new RejoinderError("NOT_SUPPORTED", { detail: "REPLY_STORE=kv cannot tell a consumer to cancel a request." });
    const status = await statuses.cancel(id).catch(refuseUnreadable);
    if (!isTerminal(status.state)) return pendingResponse(statusText(id, status), statuses, {});
    throw new RejoinderError("ALREADY_ENDED", { detail: `The request has ended as ${status.state}.`, members: { state: status.state } });
  };

/** For whatever a store rejects with. */
const refuseUnreadable = (cause: unknown): never => {
  if (cause instanceof RejoinderError) throw cause;
  console.error("A status could not be read or changed", cause);
  throw new RejoinderError("STORE_UNAVAILABLE", { cause });
};

/** How many of the first chunks a caller has already. */
const readChunksFrom = (text: string | undefined): number => {
  if (text === undefined) return 0;
  if (/^(?:0|[1-9]\d{0,5})$/.test(text)) return Number(text);
  throw new RejoinderError("INVALID_QUERY", { detail: `Expected chunks-from to be a whole number, got ${JSON.stringify(text)}.` });
};

/** The `ETag` of a status (RFC 9110 §8.8.3). Two responses of one version from one URL are alike to the last byte. */
const entityTag = (version: number): string => `"${version}"`;

/**
 * The versions that a caller knows already, by `If-None-Match` (RFC 9110 §13.1.2, compared weakly). Tags that this API did not make name
 * none; nor does `*`, which asks whether there is anything.
 */
const readKnownVersions = (field: string | undefined): readonly number[] =>
  [...(field ?? "").matchAll(/"(0|[1-9]\d{0,9})"/g)].map(([, version]) => Number(version));
