import { Hono } from "hono";
import { cors } from "hono/cors";
import type { Contract } from "../contract/contract.ts";
import { RejoinderError } from "../protocol/errors.ts";
import { jsonAnswer, methodNotAllowed, problemAnswer } from "./answers.ts";
import type { CorrelationIds } from "./correlation-id.ts";
import type { ReplyStore } from "./reply-store.ts";
import { createRepliesRoute } from "./routes/replies.ts";
import { createRequestsRoute } from "./routes/requests.ts";
import { createStatusRoute } from "./routes/status.ts";

export type AppOptions = {
  readonly contract: Contract;
  readonly ids: CorrelationIds;
  readonly store: ReplyStore;
  readonly shards: number;
  readonly source: string;
  readonly corsOrigins: readonly string[];
  readonly replySecrets: readonly Uint8Array<ArrayBuffer>[];
  readonly now?: () => number;
};

const EXPOSED_HEADERS = ["Location", "Content-Location", "Retry-After", "Preference-Applied", "ETag"];
const ALLOWED_HEADERS = ["Prefer", "Content-Type", "Authorization", "Idempotency-Key", "If-None-Match", "Traceparent"];
/** Browsers cap how long they remember a preflight: two hours is what they agree on. */
const PREFLIGHT_SECONDS = 7_200;

/** The HTTP API. `/replies` is for the consumer only, so it has no CORS. */
export const createApp = ({ contract, ids, store, shards, source, corsOrigins, replySecrets, now }: AppOptions): Hono => {
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    context.header("Cache-Control", "no-store");
  });
  if (corsOrigins.length > 0) {
    const crossOrigin = cors({
      origin: corsOrigins.includes("*") ? "*" : [...corsOrigins],
      allowMethods: ["GET", "POST"],
      allowHeaders: ALLOWED_HEADERS,
      exposeHeaders: EXPOSED_HEADERS,
      maxAge: PREFLIGHT_SECONDS,
    });
    for (const path of ["/requests/*", "/status/*", "/health"]) app.use(path, crossOrigin);
  }
  app
    .get("/health", (context) => jsonAnswer(context, 200, '{"status":"ok"}'))
    .all(methodNotAllowed("GET", "HEAD"))
    .post("/requests/:operation", createRequestsRoute({ contract, ids, store, shards, source }))
    .all(methodNotAllowed("POST"))
    .get("/status/:correlationId", createStatusRoute({ ids, store, ...(now && { now }) }))
    .all(methodNotAllowed("GET", "HEAD"))
    .post("/replies", createRepliesRoute({ ids, store, secrets: replySecrets, ...(now && { now }) }))
    .all(methodNotAllowed("POST"));
  app.notFound((context) =>
    problemAnswer(
      context,
      new RejoinderError("NOT_FOUND", { detail: "Expected /requests/:operation, /status/:correlationId or /health." }),
    ),
  );
  app.onError((error, context) => problemAnswer(context, error));
  return app;
};
