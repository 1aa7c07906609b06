import type { Context } from "hono";
import { RejoinderError } from "../../protocol/errors.ts";
import { formatPosition } from "../../protocol/position.ts";
import { isRowKey } from "../../protocol/view-batch.ts";
import { callerOf, waitNameOf } from "../limits/waits.ts";
import { appliedHeaders } from "../prefer.ts";
import { jsonResponse } from "../responses.ts";
import { invalid, problemOf, readAfter, readOne, refuseUnreadable, viewOf } from "../views/view-query.ts";
import type { ListedViewRow } from "../views/view-store.ts";
import { behindResponse, readerOf, type ViewReadOptions, waitSecondsOf } from "./view-row.ts";

export const DEFAULT_ROWS = 100;
export const MAX_ROWS = 1_000;
/** One call looks at no more rows of others to find those that its caller may read. */
const MAX_LOOKED_AT = 10_000;
/** About what a page has, in characters: the row that goes beyond is its last. A row may have as many. */
const MAX_PAGE_LENGTH = 4 * 1024 * 1024;

/** `GET /views/:view`: rows whose keys begin with `prefix`, in the order of their keys, a page at a time. */
export const createViewRowsRoute =
  ({ authorize, addressOf, contract, views, mayReadRow = () => true }: ViewReadOptions) =>
  async (context: Context): Promise<Response> => {
    const { req } = context;
    const view = viewOf(contract, req.param("view") ?? "");
    const { name, aggregate } = view;
    const principal = await authorize(context, `views:${name}`);
    const url = new URL(req.url);
    const query = url.searchParams;
    const prefix = readOne(query, "prefix") ?? "";
    if (prefix !== "" && !isRowKey(prefix)) throw invalid("prefix", "the beginning of a key", prefix);
    const cursor = readOne(query, "cursor") ?? "";
    if (cursor !== "" && !isRowKey(cursor)) throw invalid("cursor", "the next of the page before", cursor);
    const limit = readLimit(readOne(query, "limit"));
    const after = readAfter(query, view);
    const waitSeconds = waitSecondsOf(req.header("prefer"), after);
    const waiting = waitSeconds > 0 ? callerOf(req.raw, waitNameOf(principal, addressOf, context)) : undefined;
    const applied = appliedHeaders(waitSeconds, false);
    const caller = readerOf(principal);

    const texts: string[] = [];
    let [length, lookedAt, version] = [0, 0, 0];
    let behind = cursor;
    let hasMore = true;
    const isFull = (): boolean => texts.length >= limit || length >= MAX_PAGE_LENGTH;
    /** Takes rows until the page is full. */
    const take = (rows: readonly ListedViewRow[]): void => {
      for (const { key, position, row } of rows) {
        if (isFull()) {
          hasMore = true;
          return;
        }
        behind = key;
        if (!mayReadRow({ caller, view: name, key })) continue;
        const place = JSON.stringify(formatPosition({ aggregate, ...position }));
        length += texts[texts.push(`{"key":${JSON.stringify(key)},"position":${place},"row":${row}}`) - 1]?.length ?? 0;
      }
    };
    while (hasMore && !isFull()) {
      if (lookedAt >= MAX_LOOKED_AT) throw new RejoinderError("INVALID_QUERY", { detail: TOO_MANY_OF_OTHERS });
      const waitMs = lookedAt === 0 ? waitSeconds * 1_000 : 0;
      const page = await views.list({ view: name, prefix, behind, limit, after, waitMs }, waiting).catch(refuseUnreadable);
      if (page.outcome === "behind") return behindResponse(view, after, applied);
      if (page.outcome !== "found") throw problemOf(page, view, after);
      ({ version, hasMore } = page);
      lookedAt += page.rows.length;
      take(page.rows);
    }
    const head = JSON.stringify({ view: name, version }).slice(0, -1);
    const next = hasMore ? `,"next":${JSON.stringify(behind)}` : "";
    if (hasMore) query.set("cursor", behind);
    return jsonResponse(200, `${head},"rows":[${texts.join(",")}]${next}}`, {
      ...applied,
      ...(hasMore && { link: `<${url.pathname}?${query.toString()}>; rel="next"` }),
    });
  };

const TOO_MANY_OF_OTHERS = `Expected a prefix of keys that you may read: more than ${MAX_LOOKED_AT} rows are not yours.`;

const readLimit = (text = String(DEFAULT_ROWS)): number => {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_ROWS) throw invalid("limit", `a number from 1 to ${MAX_ROWS}`, text);
  return limit;
};
