import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import type { Contract } from "../contract/contract.ts";
import { RejoinderError } from "../protocol/errors.ts";
import { jsonAnswer, problemAnswer } from "./responses.ts";
import type { CorrelationIds } from "./correlation-id.ts";
import type { ReplyStore } from "./status-store.ts";
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
  const routes: readonly Route[] = [
    { method: "GET", path: "/health", handle: () => jsonAnswer(200, '{"status":"ok"}') },
    { method: "POST", path: "/requests/:operation", handle: createRequestsRoute({ contract, ids, store, shards, source }) },
    { method: "GET", path: "/status/:correlationId", handle: createStatusRoute({ ids, store, ...(now && { now }) }) },
    { method: "POST", path: "/replies", handle: createRepliesRoute({ ids, store, secrets: replySecrets, ...(now && { now }) }) },
  ];
  // One handler for each path and no middleware: what else Hono composes costs a request as much as its routing does.
  for (const { method, path, handle } of routes) app.on(method, path, handle);
  app.notFound(({ req }) => answerUnrouted(routes, req));
  app.onError((error) => problemAnswer(error));
  return app;
};

type Route = { readonly method: "GET" | "POST"; readonly path: string; handle(context: Context): Response | Promise<Response> };

/** Why a request has no route: there is nothing at its path, or it does not take the method (RFC 9110 §15.5.6). */
const answerUnrouted = (routes: readonly Route[], { method, path }: Context["req"]): Response => {
  const route = routes.find((candidate) => new RegExp(`^${candidate.path.replace(/:\w+/, "[^/]+")}$`).test(path));
  if (route === undefined) {
    return problemAnswer(new RejoinderError("NOT_FOUND", { detail: "Expected /requests/:operation, /status/:correlationId or /health." }));
  }
  const allowed = route.method === "GET" ? ["GET", "HEAD"] : [route.method];
  const detail = `Expected ${allowed.join(" or ")}, got ${method}.`;
  return problemAnswer(new RejoinderError("METHOD_NOT_ALLOWED", { detail }), { allow: allowed.join(", ") });
};
