import { STATES } from "../../protocol/states.ts";
import { MAX_WAIT_SECONDS } from "../../protocol/limits.ts";
import { DEFAULT_ROWS, MAX_ROWS } from "../routes/view-rows.ts";
import { LETTER_NAME } from "./schemas.ts";

type Parameter = {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: true;
  readonly description: string;
  readonly schema: object;
  readonly example?: string;
};

const header = (name: string, description: string, schema: object = { type: "string" }): Parameter => ({
  name,
  in: "header",
  description,
  schema,
});
const query = (name: string, description: string, schema: object = { type: "string" }): Parameter => ({
  name,
  in: "query",
  description,
  schema,
});
const path = (name: string, description: string, schema: object): Parameter => ({ name, in: "path", required: true, description, schema });

const NUMBER = { type: "integer", minimum: 0 };
const TIME = { type: "string", format: "date-time" };

/** What `readIdempotencyKey` reads, but for the parameters of a string, which have no meaning: visible ASCII alone, or a string of RFC 9651. */
export const IDEMPOTENCY_KEY_PATTERN = String.raw`^(?:[!#-+.-:<-\[\]^-~-]{1,255}|"(?:[ !#-\[\]-~]|\\["\\]){1,255}")$`;

/** The parameters of all routes, by the names that descriptions use. Those of paths are found by the path. */
export const createParameters = () =>
  ({
    correlationId: path("correlationId", "As a `Location` of this API gave it: 63 characters of base64url.", { type: "string" }),
    shard: path("shard", "A shard of the mailbox, from 0.", NUMBER),
    topic: path("topic", "A dead-letter topic.", { type: "string", maxLength: 249 }),
    partition: path("partition", "Its partition, from 0.", NUMBER),
    offset: path("offset", "The offset of the letter.", NUMBER),

    key: path("key", "The key of a row, percent-encoded: a slash in it is `%2F`.", { type: "string", minLength: 1, maxLength: 512 }),

    Prefer: header(
      "Prefer",
      `\`wait=N\` waits up to N seconds, ${MAX_WAIT_SECONDS} at most, for the request to end. With \`respond-async\`, the response may come before that (RFC 7240).`,
      { type: "string", examples: ["wait=10", "respond-async, wait=10"] },
    ),
    "Idempotency-Key": header(
      "Idempotency-Key",
      "With the same key, the same request stays one request, however often it is sent: a string of 1 to 255 ASCII characters (draft-ietf-httpapi-idempotency-key-header-07), or its characters alone.",
      { type: "string", pattern: IDEMPOTENCY_KEY_PATTERN, examples: ['"8e03978e-40d5-43e8-bc93-6894a57f9324"'] },
    ),
    "If-Match": header(
      "If-Match",
      "The version that the aggregate must have for the command to be decided, as one entity tag; otherwise it ends as 412 (RFC 9110 §13.1.1).",
      { type: "string", pattern: String.raw`^"(?:0|[1-9]\d{0,14})"$`, examples: ['"7"'] },
    ),
    "Reply-To": header("Reply-To", "Where to send a webhook when the request has ended: a URL that begins with https://."),
    traceparent: header("traceparent", "W3C Trace Context. The record of the request carries it on.", {
      type: "string",
      examples: ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
    }),
    "If-None-Match": header("If-None-Match", "The `ETag` of what is known: 304 says that it is still so."),
    statusIfNoneMatch: header(
      "If-None-Match",
      "The `ETag` of what is known: 304 says that it is still so, and a wait ends at any change. It has no meaning for events.",
    ),
    "Last-Event-ID": header("Last-Event-ID", "For events: the `id` of the last one that was read. The stream goes on behind it."),
    viewPrefer: header(
      "Prefer",
      `\`wait=N\` waits up to N seconds, ${MAX_WAIT_SECONDS} at most: for the commit that \`after\` names (5 by default), or for a row other than the known one (RFC 7240).`,
    ),
    rowIfNoneMatch: header(
      "If-None-Match",
      "The `ETag` of the row that is known: 304 says that it is still so, and a wait ends at any change. It has no meaning for events.",
    ),
    viewAfter: query("after", "A position, such as that of a command's reply: the answer comes once the edge has that commit."),
    prefix: query("prefix", "Only rows whose keys begin so. With a slash in it, the fastest."),
    viewCursor: query("cursor", "The `next` of the page before."),
    viewLimit: query("limit", "How many rows a page has.", { type: "integer", minimum: 1, maximum: MAX_ROWS, default: DEFAULT_ROWS }),
    "chunks-from": query("chunks-from", "Leaves out so many of the first chunks.", {
      type: "integer",
      minimum: 0,
      maximum: 999_999,
      default: 0,
    }),

    "webhook-id": header("webhook-id", "Names the message (Standard Webhooks 1.0)."),
    "webhook-timestamp": header("webhook-timestamp", "When it was signed, in seconds since 1970. Five minutes count."),
    "Rejoinder-Operations": header("Rejoinder-Operations", "The operations that a sender without links handles, comma-separated."),
    upgrade: header("Upgrade", "`websocket`", { type: "string" }),

    requestOperation: query("operation", "Only requests of this operation."),
    state: query("state", "Only requests in this state.", { type: "string", enum: [...STATES] }),
    after: query("after", "The `next` of the page before."),

    operation: query("operation", "Only letters of this operation."),
    code: query("code", "Only letters with this code, or of Spring with this class of exception."),
    letterCorrelationId: query("correlationId", "Only letters of this request."),
    since: query("since", "Only letters from then on.", TIME),
    until: query("until", "Only letters before then.", TIME),
    all: query("all", "Whether letters that are settled count, too.", { type: "string", enum: ["true", "false"], default: "false" }),
    limit: query("limit", "How many a page has.", { type: "integer", minimum: 1, maximum: 100, default: 25 }),
    cursor: query("cursor", "The `next` of the page before.", { type: "string", pattern: String.raw`^\d{1,15}/${LETTER_NAME}$` }),
  }) as const satisfies Record<string, Parameter>;

export type ParameterName = keyof ReturnType<typeof createParameters>;
