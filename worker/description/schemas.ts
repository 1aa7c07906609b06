import type { JsonSchema } from "../../contract/schema.ts";
import { ERRORS } from "../../protocol/errors.ts";
import { OUTCOMES } from "../../protocol/reply-event.ts";
import { STATES } from "../../protocol/states.ts";
import { DEAD_LETTER_SUFFIX } from "../../protocol/topics.ts";
import { refTo } from "./route-description.ts";

/** Where a letter is, as its name says it: a regular expression, without its anchors. */
export const LETTER_NAME = String.raw`[A-Za-z0-9._-]{1,245}${DEAD_LETTER_SUFFIX}/\d{1,9}/\d{1,15}`;

const text = (description: string, rest: JsonSchema = {}): JsonSchema => ({ type: "string", description, ...rest });
const time = (description: string): JsonSchema => text(description, { format: "date-time" });
const list = (items: JsonSchema): JsonSchema => ({ type: "array", items });

/** An object that may have further members. Names that end in `?` may be missing. */
export const objectOf = (members: { readonly [name: string]: JsonSchema }, rest: JsonSchema = {}): JsonSchema => ({
  type: "object",
  properties: Object.fromEntries(Object.entries(members).map(([name, schema]) => [name.replace("?", ""), schema])),
  required: Object.keys(members).filter((name) => !name.endsWith("?")),
  ...rest,
});

const POSITION = text("Of a command that has a commit: where it is. It is opaque.");
const AGGREGATE_VERSION: JsonSchema = {
  type: "integer",
  minimum: 1,
  description: "Of a command that has a commit: how many commits with events its aggregate has then. `If-Match` takes it.",
};

/** What a status says that depends on its operation. */
export type StatusParts = {
  readonly reply?: JsonSchema;
  readonly error?: JsonSchema;
  readonly progress?: JsonSchema;
  readonly chunk?: JsonSchema;
};

/** The schema of a status body: of any operation, or of the one that is named. */
export const statusSchema = (operation?: string, { reply = {}, error = refTo("Problem"), progress = {}, chunk = {} }: StatusParts = {}) =>
  objectOf({
    correlationId: text("Names the request."),
    "operation?": operation === undefined ? text("Absent while only the ID is known.") : { type: "string", const: operation },
    state: refTo("State"),
    version: { type: "integer", minimum: 0, description: "0 while accepted, and one more with each change." },
    acceptedAt: time("When the request was accepted."),
    updatedAt: time("When the state changed last."),
    deadline: time("After this no handler starts any more."),
    expiresAt: time("Until when the status can be read."),
    "attempt?": { type: "integer", minimum: 1, description: "Which attempt at handling this is." },
    "lastError?": refTo("Problem"),
    "nextAttemptAt?": time("When the next attempt begins."),
    "progress?": progress,
    "chunks?": list(chunk),
    "chunksFrom?": { type: "integer", minimum: 0, description: "How many of the first chunks are left out, as the caller asked." },
    "redrivenAs?": text("The correlation ID of the request that was sent in its place."),
    "webhook?": refTo("Webhook"),
    "position?": POSITION,
    "aggregateVersion?": AGGREGATE_VERSION,
    "reply?": reply,
    "error?": error,
    "lateReply?": objectOf({
      state: { type: "string", enum: ["succeeded", "failed", "cancelled"] },
      receivedAt: time("When it came."),
      "position?": POSITION,
      "aggregateVersion?": AGGREGATE_VERSION,
      "reply?": reply,
      "error?": error,
    }),
  });

const LETTER = {
  letter: text("topic/partition/offset"),
  time: time("When it was written."),
  "operation?": text("Whose request it was."),
  "code?": text("Why it is a dead letter."),
  "correlationId?": text("Of its request."),
  "reason?": text("The same in words."),
  "attempts?": { type: "integer", minimum: 0 },
  "origin?": text("Where its record was: topic/partition/offset."),
  "obstacle?": text("Why nobody can send it again."),
  "settlement?": { type: "object", description: "What was done with it." },
};

/** The schemas that several routes share. */
export const createSchemas = (): Record<string, JsonSchema> => ({
  Problem: objectOf(
    {
      type: text("about:blank, or a URL that names the kind of problem.", { format: "uri-reference" }),
      title: text("What the code means."),
      status: { type: "integer", minimum: 400, maximum: 599 },
      code: text("Stable, for programs: one of ErrorCode, or one that the operation declares."),
      "detail?": text("What was wrong this time, and how to mend it."),
      "retryable?": { type: "boolean", description: "Whether the same call may be sent again." },
    },
    { description: "Problem details (RFC 9457). Further members depend on the code." },
  ),
  ErrorCode: {
    type: "string",
    enum: Object.keys(ERRORS),
    description: `The codes of the library.\n\n${Object.entries(ERRORS)
      .map(([code, { status, title, retryable }]) => `- \`${code}\` (${status}${retryable ? ", may be sent again" : ""}): ${title}.`)
      .join("\n")}`,
  },
  State: { type: "string", enum: [...STATES], description: "`succeeded`, `failed`, `cancelled` and `expired` are the end." },
  SchemaError: objectOf({ path: text("A JSON Pointer (RFC 6901) into what was sent."), message: text("What does not fit there.") }),
  Status: statusSchema(),
  Webhook: objectOf(
    {
      state: { type: "string", enum: ["pending", "delivered", "failed", "disabled"] },
      attempts: { type: "integer", minimum: 0 },
      "lastStatus?": { type: "integer", description: "The HTTP status of the last attempt." },
      "lastError?": text("Why the last attempt was no success."),
      "nextAttemptAt?": time("When the next attempt begins."),
    },
    { description: "What has become of the webhook that tells of a request's end." },
  ),
  StatusEvents: {
    type: "string",
    description:
      "Server-sent events (HTML §9.2) until the request has ended: `status` with the status without chunks, `progress`, `chunk`, and `reset` when the chunks so far are void. Each has an `id` to come back with.",
  },
  StatusToken: objectOf({
    token: text("For `Authorization: Bearer`, or `?token=` where no header can be sent."),
    expiresAt: time("Until when it is taken."),
    scopes: list({ type: "string" }),
    status: text("The path of the status."),
  }),
  ReplyEvent: objectOf(
    {
      specversion: { type: "string", const: "1.0" },
      id: text("The same for each attempt to deliver it."),
      source: text("Which consumer.", { format: "uri-reference" }),
      type: text("`<operation>.<state>`, or `<operation>.emitted` for chunks."),
      time: time("When the reply was made."),
      correlationid: text("Of the request."),
      "causationid?": text("The same."),
      "datacontenttype?": text("Of `data`."),
      "httpstatus?": { type: "integer", minimum: 200, maximum: 299 },
      "attempt?": { type: "integer", minimum: 1, maximum: 1_000_000 },
      "position?": POSITION,
      "aggregateversion?": AGGREGATE_VERSION,
      "traceparent?": text("W3C Trace Context."),
      "execution?": text("The run of the handler that chunks belong to."),
      "sequence?": text("The index of the first chunk, in digits."),
      "data?": {},
    },
    { description: "A CloudEvent 1.0 that says what a handler made of a request." },
  ),
  DeliveryResults: objectOf({
    results: list(
      objectOf({
        id: text("Of the reply event."),
        correlationId: text("Of the request."),
        outcome: { type: "string", enum: [...OUTCOMES] },
      }),
    ),
  }),
  Redrive: objectOf({
    correlationId: text("Of the request that has failed or expired."),
    operation: text("Its operation."),
    data: { description: "What its caller sent." },
    "traceparent?": text("W3C Trace Context."),
    "expectedVersion?": { type: "integer", minimum: 0, description: "As its record has it." },
    "authtype?": text("As its record has it."),
    "authid?": text("As its record has it."),
    "authclaims?": text("As its record has it."),
    "authsignature?": text("As its record has it."),
  }),
  KeyAction: objectOf({ action: { type: "string", enum: ["describe", "list", "show", "revoke", "create", "rotate"] } }),
  KeyAnswer: { type: "object", description: "A key without its secret, a page of them, or what there is to choose from." },
  DeadLetter: objectOf(LETTER),
  WholeDeadLetter: objectOf({
    ...LETTER,
    headers: list(objectOf({ key: text("Its name."), value: { type: ["string", "null"] } })),
    key: { type: ["string", "null"] },
    payload: { type: ["string", "null"] },
  }),
  DeadLetters: objectOf({
    count: { type: "integer", minimum: 0, description: "Of all that the query means." },
    letters: list(refTo("DeadLetter")),
    "next?": text("The `cursor` of the next page."),
  }),
  LetterNames: objectOf({
    letters: { ...list(text("topic-dlt/partition/offset", { pattern: `^${LETTER_NAME}$` })), minItems: 1, maxItems: 20 },
  }),
  LetterResults: objectOf({
    results: list(
      objectOf({
        letter: text("topic/partition/offset"),
        action: { type: "string", enum: ["redriven", "refused", "dropped", "missing"] },
        "correlationId?": text("Under which its request was sent."),
        "problem?": refTo("Problem"),
        "obstacle?": text("Why nobody can send it again."),
      }),
    ),
  }),
});
