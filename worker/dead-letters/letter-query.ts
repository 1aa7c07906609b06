import { RejoinderError } from "../../protocol/errors.ts";
import { placeOf, readPlace } from "./letter-place.ts";
import type { LetterFilter, LetterPosition } from "./selection.ts";

/** Which page of which letters is asked for. */
export type LetterQuery = { readonly filter: LetterFilter; readonly limit: number; readonly after: LetterPosition | undefined };

const DEFAULT_LIMIT = 25;
const MAX_LIMIT = 100;

/** Reads the query of `GET /dead-letters`. What it does not know is ignored. @throws RejoinderError `INVALID_QUERY` */
export const readLetterQuery = (query: URLSearchParams): LetterQuery => {
  const given = (name: string): string | undefined => query.get(name) ?? undefined;
  const text = (name: string): string | undefined => given(name) || undefined;
  const limit = given("limit") ?? String(DEFAULT_LIMIT);
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_LIMIT)
    throw invalid("limit", `a number from 1 to ${MAX_LIMIT}`, limit);
  const all = given("all") ?? "false";
  if (all !== "true" && all !== "false") throw invalid("all", "true or false", all);
  return {
    filter: {
      operation: text("operation"),
      code: text("code"),
      correlationId: text("correlationId"),
      since: readMoment("since", given("since")),
      until: readMoment("until", given("until")),
      settled: all === "true",
    },
    limit: Number(limit),
    after: readCursor(given("cursor")),
  };
};

/** What the next page begins after. */
export const writeCursor = (letter: LetterPosition): string => `${letter.timestamp}/${placeOf(letter)}`;

const readCursor = (text: string | undefined): LetterPosition | undefined => {
  if (text === undefined) return undefined;
  const [, timestamp, rest = ""] = /^(\d{1,15})\/(.*)$/.exec(text) ?? [];
  const place = readPlace(rest);
  if (place === undefined) throw invalid("cursor", "the next of another answer", text);
  return { ...place, timestamp: Number(timestamp) };
};

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

/** An RFC 3339 time in milliseconds since 1970, before which there is nothing; undefined if it is none. */
export const readTime = (text: string): number | undefined => {
  const time = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : Math.max(0, time);
};

const readMoment = (name: string, text: string | undefined): number | undefined => {
  const time = text === undefined ? undefined : readTime(text);
  if (text !== undefined && time === undefined) throw invalid(name, "a time such as 2026-01-31T08:00:00Z", text);
  return time;
};

const invalid = (name: string, expected: string, got: string): RejoinderError =>
  new RejoinderError("INVALID_QUERY", { detail: `Expected ${name} to be ${expected}, got ${JSON.stringify(got.slice(0, 100))}.` });
