import { RejoinderError } from "../protocol/errors.ts";
import { elementSpans, type JsonSpan, memberSpans, skipSpace } from "../protocol/json-spans.ts";
import { MAX_BATCH_REQUESTS } from "../protocol/limits.ts";

/** One of the requests of a batch, as it came. */
export type BatchItem = { readonly value: unknown; readonly text: string; readonly span: JsonSpan };

type Body = { readonly data: unknown; readonly json: string };

/**
 * The items of a batch, `{"requests":[…]}`, which are not looked at yet.
 * @throws RejoinderError `INVALID_BATCH`
 */
export const readBatch = ({ data, json }: Body): BatchItem[] => {
  const [span, ...others] = isObject(data) ? memberSpans(json, skipSpace(json, 0)) : [];
  const values = span?.name === "requests" && others.length === 0 ? (data as { requests: unknown }).requests : undefined;
  if (span === undefined || !Array.isArray(values)) throw invalid(`Expected a body {"requests":[…]}, with no other member.`);
  if (values.length === 0 || values.length > MAX_BATCH_REQUESTS)
    throw invalid(`Expected 1 to ${MAX_BATCH_REQUESTS} requests, got ${values.length}.`);
  return elementSpans(json, span.start).map((one, index) => ({ value: values[index], text: json, span: one }));
};

/**
 * The operation that an item names, its `ifMatch`, which is not looked at yet, and its data: also as the text that it came as, since what is written again may grow, or say something else.
 * @throws RejoinderError `INVALID_BATCH`
 */
export const readItem = ({ value, text, span }: BatchItem): Body & { readonly operation: string; readonly ifMatch: unknown } => {
  if (!isObject(value)) throw invalid(SHAPE);
  const members = memberSpans(text, span.start);
  const names = new Set(members.map(({ name }) => name));
  if (names.has("idempotencyKey"))
    throw invalid("Expected no idempotencyKey in an item: the header Idempotency-Key is for all of a batch.");
  const data = members.find(({ name }) => name === "data");
  const { operation, ifMatch } = value as { operation?: unknown; ifMatch?: unknown };
  const count = names.has("ifMatch") ? 3 : 2;
  // Other parsers take the first of two members with one name.
  if (data === undefined || typeof operation !== "string" || names.size !== count || members.length !== count) throw invalid(SHAPE);
  return { operation, ifMatch, data: (value as { data: unknown }).data, json: text.slice(data.start, data.end) };
};

const SHAPE = `Expected an item {"operation":"…","data":…}, with each of the two members once, and no other but ifMatch.`;

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);

const invalid = (detail: string): RejoinderError => new RejoinderError("INVALID_BATCH", { detail });
