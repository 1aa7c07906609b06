import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";

const EXPOSED_HEADERS = [
  "Location",
  "Link",
  "Content-Location",
  "Retry-After",
  "Preference-Applied",
  "ETag",
  "Idempotent-Replayed",
  "Rejoinder-Position",
  "Rejoinder-Aggregate-Version",
  "WWW-Authenticate",
  "RateLimit",
  "RateLimit-Policy",
  "Quota-Check",
];
const ALLOWED_HEADERS = [
  "Prefer",
  "Content-Type",
  "Authorization",
  "Idempotency-Key",
  "If-Match",
  "If-None-Match",
  "Last-Event-ID",
  "Reply-To",
  "Traceparent",
];
/** The longest that all browsers remember a preflight. */
const PREFLIGHT_SECONDS = 7_200;

/** Lets pages of these origins call, and read the headers that callers need; `*` is every origin. */
export const createCors = (origins: readonly string[]): MiddlewareHandler => {
  const crossOrigin = cors({
    origin: origins.includes("*") ? "*" : [...origins],
    allowMethods: ["GET", "POST", "DELETE"],
    allowHeaders: ALLOWED_HEADERS,
    exposeHeaders: EXPOSED_HEADERS,
    maxAge: PREFLIGHT_SECONDS,
  });
  return async (context, next) => {
    const preflight = await crossOrigin(context, next);
    preflight?.headers.set("x-content-type-options", "nosniff");
    return preflight;
  };
};
