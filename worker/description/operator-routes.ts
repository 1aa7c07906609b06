import { OPERATOR } from "../identity/principal.ts";
import { MAX_BATCH_REPLIES } from "../../protocol/limits.ts";
import { REPLY_BATCH_CONTENT_TYPE } from "../../protocol/reply-event.ts";
import { BODY_PROBLEMS, CALLER_PROBLEMS, PRODUCE_PROBLEMS } from "./caller-routes.ts";
import { json, refTo, type RouteDescription } from "./route-description.ts";
import { objectOf } from "./schemas.ts";

/** The routes for consumers and operators, by method and path. */
export const createOperatorRoutes = (): Record<string, RouteDescription> => {
  const signed = { tag: "Operators", access: "signed", parameters: ["webhook-id", "webhook-timestamp"] } as const;
  const operator = { tag: "Console", access: { scope: OPERATOR } } as const;
  const letters = { "200": { description: "What became of each letter.", content: json(refTo("LetterResults")) } };
  const letterProblems = [...CALLER_PROBLEMS, "NOT_SUPPORTED", "PRODUCE_UNAVAILABLE", "PRODUCE_REJECTED", "TOO_MANY_DEAD_LETTERS"] as const;
  const actProblems = [...letterProblems, ...BODY_PROBLEMS, "CROSS_ORIGIN", "INVALID_REDRIVE"] as const;
  const named = { mediaType: "application/json", schema: refTo("LetterNames") };
  return {
    "POST /replies": {
      ...signed,
      id: "deliverReplies",
      summary: "Takes a batch of replies of a consumer",
      parameters: [...signed.parameters, "Rejoinder-Operations"],
      body: { mediaType: REPLY_BATCH_CONTENT_TYPE, schema: { type: "array", maxItems: MAX_BATCH_REPLIES, items: refTo("ReplyEvent") } },
      responses: { "200": { description: "What became of each.", content: json(refTo("DeliveryResults")) } },
      problems: [...BODY_PROBLEMS, "UNAUTHORIZED", "INVALID_BATCH", "STORE_UNAVAILABLE"],
    },
    "POST /redrives": {
      ...signed,
      id: "redriveRequest",
      summary: "Sends a request again that has failed or expired",
      body: { mediaType: "application/json", schema: refTo("Redrive") },
      responses: {
        "202": { description: "Sent, under this ID.", headers: ["Location", "Retry-After"], content: json(refTo("Status")) },
      },
      problems: [
        ...BODY_PROBLEMS,
        ...PRODUCE_PROBLEMS,
        "UNAUTHORIZED",
        "INVALID_REDRIVE",
        "INVALID_REQUEST",
        "UNKNOWN_OPERATION",
        "UNKNOWN_CORRELATION_ID",
        "NOT_ENDED",
        "ALREADY_ENDED",
        "ALREADY_REDRIVEN",
        "NOT_SUPPORTED",
        "STORE_UNAVAILABLE",
      ],
    },
    "POST /keys": {
      ...signed,
      id: "manageKeys",
      summary: "Does something with the API keys",
      body: { mediaType: "application/json", schema: refTo("KeyAction"), description: "A key itself is never sent, only its SHA-256." },
      responses: { "200": { description: "What was asked for.", content: json(refTo("KeyAnswer")) } },
      problems: [
        ...BODY_PROBLEMS,
        "UNAUTHORIZED",
        "INVALID_KEY_ACTION",
        "UNKNOWN_KEY",
        "KEY_EXISTS",
        "KEY_ENDED",
        "NOT_SUPPORTED",
        "STORE_UNAVAILABLE",
      ],
    },
    "GET /link/:shard": {
      ...signed,
      id: "openLink",
      summary: "Opens a consumer's WebSocket to a shard of the mailbox",
      parameters: [...signed.parameters, "upgrade"],
      responses: { "101": { description: "The link is open.", headers: ["Upgrade"] } },
      problems: ["UNAUTHORIZED", "UNKNOWN_SHARD", "UPGRADE_REQUIRED", "NO_LINKS", "TOO_MANY_LINKS", "STORE_UNAVAILABLE"],
    },
    "GET /consumers": {
      ...operator,
      id: "listConsumers",
      summary: "Lists the consumers that have links",
      responses: { "200": { description: "The consumers.", content: json(objectOf({ consumers: { type: "array", items: consumer() } })) } },
      problems: [...CALLER_PROBLEMS, "NO_LINKS"],
    },
    "GET /dead-letters": {
      ...operator,
      id: "listDeadLetters",
      summary: "Lists dead letters, the newest first",
      parameters: ["operation", "code", "letterCorrelationId", "since", "until", "all", "limit", "cursor"],
      responses: { "200": { description: "A page of them.", content: json(refTo("DeadLetters")) } },
      problems: [...letterProblems, "INVALID_QUERY"],
    },
    "GET /dead-letters/:topic/:partition/:offset": {
      ...operator,
      id: "getDeadLetter",
      summary: "Reads a dead letter with all that it holds",
      responses: { "200": { description: "The letter.", content: json(refTo("WholeDeadLetter")) } },
      problems: [...letterProblems, "UNKNOWN_DEAD_LETTER"],
    },
    "POST /dead-letters/redrive": {
      ...operator,
      id: "redriveDeadLetters",
      summary: "Sends the requests of dead letters again",
      body: named,
      responses: letters,
      problems: actProblems,
    },
    "POST /dead-letters/drop": {
      ...operator,
      id: "dropDeadLetters",
      summary: "Drops dead letters",
      body: named,
      responses: letters,
      problems: actProblems,
    },
    "GET /": file("getConsole", "The console", "text/html; charset=utf-8"),
    "GET /index.html": {
      ...file("getConsolePage", "The console, by its other name", "text/html; charset=utf-8"),
      responses: { "307": { description: "It is at `/`.", headers: ["Location", "Content-Security-Policy"] } },
    },
    "GET /main.js": file("getConsoleScript", "The script of the console", "text/javascript; charset=utf-8"),
    "GET /main.css": file("getConsoleStyle", "The style of the console", "text/css; charset=utf-8"),
    "GET /icon.svg": file("getConsoleIcon", "The icon of the console", "image/svg+xml"),
    "GET /docs": docs("getDocs", "The reference of this API, for people", "text/html; charset=utf-8"),
    "GET /docs.html": {
      ...docs("getDocsPage", "The reference, by its other name", "text/html; charset=utf-8"),
      responses: { "307": { description: "It is at `/docs`.", headers: ["Location", "Content-Security-Policy"] } },
    },
    "GET /docs.js": docs("getDocsScript", "The script of the reference", "text/javascript; charset=utf-8"),
    "GET /docs.css": docs("getDocsStyle", "The style of the reference", "text/css; charset=utf-8"),
  };
};

/** A file of a page. */
export const file = (id: string, summary: string, mediaType: string): RouteDescription => ({
  id,
  tag: "Console",
  summary,
  access: "anybody",
  parameters: ["If-None-Match"],
  responses: {
    "200": {
      description: "The file.",
      headers: ["ETag", "Cache-Control", "Content-Security-Policy"],
      content: { [mediaType]: { type: "string" } },
    },
    "304": { description: "It is as it was.", headers: ["ETag", "Cache-Control", "Content-Security-Policy"] },
  },
  problems: [],
});

const docs = (...of: Parameters<typeof file>): RouteDescription => ({ ...file(...of), tag: "Description" });

const consumer = () =>
  objectOf({
    instance: { type: "string" },
    version: { type: "string" },
    operations: { type: "array", items: { type: "string" } },
    links: {
      type: "array",
      items: objectOf({ shard: { type: "integer", minimum: 0 }, openedAt: { type: "string", format: "date-time" } }),
    },
    "lag?": {
      type: "array",
      items: objectOf({ topic: { type: "string" }, partition: { type: "integer" }, lag: { type: "integer" } }),
    },
  });
