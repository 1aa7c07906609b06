import type { Context } from "hono";
import { type Contract } from "../../contract/contract.ts";
import type { View } from "../../contract/view.ts";
import { RejoinderError } from "../../protocol/errors.ts";
import { MAX_WAIT_SECONDS } from "../../protocol/limits.ts";
import { formatPosition } from "../../protocol/position.ts";
import type { ViewBehindBody } from "../../protocol/view-api.ts";
import { acceptsEvents } from "../event-stream.ts";
import type { Authorize, Principal } from "../identity/principal.ts";
import type { AddressOf } from "../limits/caller-address.ts";
import { callerOf, waitNameOf } from "../limits/waits.ts";
import { appliedHeaders, readPrefer } from "../prefer.ts";
import { jsonResponse, type ResponseHeaders } from "../responses.ts";
import type { MayReadRow } from "../views/may-read-row.ts";
import { formatTag, readTag } from "../views/row-tag.ts";
import { problemOf, readAfter, readKey, refuseUnreadable, viewOf } from "../views/view-query.ts";
import type { FoundRow, KnownRow, ViewPosition, ViewStore } from "../views/view-store.ts";
import { createRowEvents } from "./view-events.ts";

export type ViewReadOptions = {
  readonly authorize: Authorize;
  readonly addressOf: AddressOf;
  readonly contract: Contract;
  readonly views: ViewStore;
  readonly mayReadRow?: MayReadRow | undefined;
  readonly now?: (() => number) | undefined;
};

/** How long a reader waits for a position who does not say. */
const DEFAULT_WAIT_SECONDS = 5;
const VARY = "Prefer, Accept";
const RETRY_AFTER = { "retry-after": "1" };

/**
 * `GET /views/:view/:key`: the row. With `If-None-Match`, 304 if it is still so, and a wait ends at any change; with `?after=`, 202 if the edge does not
 * have that commit in time. With `Accept: text/event-stream`, the row and each change of it.
 */
export const createViewRowRoute = ({ authorize, addressOf, contract, views, mayReadRow, now }: ViewReadOptions) => {
  const streamEvents = createRowEvents({ views, now });

  return async (context: Context): Promise<Response> => {
    const { req } = context;
    const view = viewOf(contract, req.param("view") ?? "");
    const known = authorize(context, `views:${view.name}`);
    const principal = known instanceof Promise ? await known : known;
    const key = readKey(req.url);
    if (mayReadRow?.({ caller: readerOf(principal), view: view.name, key }) === false) throw noRow(view, undefined, { vary: VARY });
    const after = req.url.includes("?") ? readAfter(new URL(req.url).searchParams, view) : undefined;
    const waitsAs = (): string => waitNameOf(principal, addressOf, context);
    if (acceptsEvents(req.header("accept")))
      return streamEvents(view, key, { after, lastEventId: req.header("last-event-id"), waitsAs: waitsAs() });
    const waitSeconds = waitSecondsOf(req.header("prefer"), after);
    const tags = readTags(view, req.header("if-none-match"));
    const waiting = waitSeconds > 0 ? callerOf(req.raw, waitsAs()) : undefined;
    const found = await views
      .read({ view: view.name, key, after, known: tags, waitMs: waitSeconds * 1_000 }, waiting)
      .catch(refuseUnreadable);
    const applied = { ...appliedHeaders(waitSeconds, false), vary: VARY };
    if (found.outcome === "behind") return behindResponse(view, after, applied);
    if (found.outcome !== "found") throw problemOf(found, view, after);
    const headers = { ...applied, ...headersOf(view, found) };
    if (found.row === null) throw noRow(view, found, headers);
    return tags.some((tag) => isTagOf(tag, found)) ? jsonResponse(304, null, headers) : jsonResponse(200, found.row, headers);
  };
};

/** What a rule of the application is told of who reads. */
export const readerOf = ({ subject, authtype, scopes, plan, claims }: Principal) => ({ subject, authtype, scopes, plan, claims });

/** How long a call waits, in seconds. */
export const waitSecondsOf = (prefer: string | undefined, after: ViewPosition | undefined): number =>
  Math.min(readPrefer(prefer).waitSeconds ?? (after === undefined ? 0 : DEFAULT_WAIT_SECONDS), MAX_WAIT_SECONDS);

/** 202: the edge does not have the commit yet that the reader wants to see. */
export const behindResponse = ({ name, aggregate }: View, after: ViewPosition | undefined, headers: ResponseHeaders): Response => {
  const body: ViewBehindBody = { view: name, after: after === undefined ? "" : formatPosition({ aggregate, ...after }) };
  return jsonResponse(202, JSON.stringify(body), { ...headers, ...RETRY_AFTER });
};

/** The tags that a reader knows, by `If-None-Match` (RFC 9110 §13.1.2, compared weakly). Tags that this API did not make name none; nor does `*`. */
const readTags = ({ aggregate }: View, field: string | undefined): readonly KnownRow[] =>
  field === undefined ? [] : [...field.matchAll(/"([^"]*)"/g)].flatMap(([, text = ""]) => readTag(aggregate, text) ?? []);

const isTagOf = (tag: KnownRow, { version, position }: FoundRow): boolean =>
  tag.version === version &&
  tag.offset === position?.offset &&
  tag.partition === position.partition &&
  tag.generation === position.generation;

const headersOf = ({ aggregate }: View, { version, position, reached }: FoundRow): ResponseHeaders =>
  position === undefined
    ? {}
    : {
        etag: `"${formatTag(aggregate, position, version)}"`,
        ...(reached !== undefined && { "rejoinder-position": formatPosition({ aggregate, ...position, offset: reached }) }),
      };

const noRow = ({ name, aggregate }: View, found?: FoundRow, headers?: ResponseHeaders): RejoinderError => {
  const position = found?.position && formatPosition({ aggregate, ...found.position });
  return new RejoinderError("VIEW_ROW_NOT_FOUND", {
    detail: position === undefined ? `View ${name} has no row of that key.` : `The row left view ${name} at ${position}.`,
    ...(position !== undefined && { members: { position } }),
    ...(headers !== undefined && { headers }),
  });
};
