type Header = { readonly description: string; readonly schema: object };

const text = (description: string, example?: string): Header => ({
  description,
  schema: { type: "string", ...(example !== undefined && { examples: [example] }) },
});

/** The response headers that matter to callers, by name. */
export const createHeaders = () =>
  ({
    Location: text("The path of the request's status.", "/status/EAAAZ3…"),
    "Content-Location": text("The path of the status of the request that this is the end of (RFC 9110 §8.7).", "/status/EAAAZ3…"),
    "Retry-After": { description: "After how many seconds to ask again (RFC 9110 §10.2.3).", schema: { type: "integer", minimum: 0 } },
    ETag: text("Names this version; send it back in `If-None-Match` (RFC 9110 §8.8.3).", '"3"'),
    "Cache-Control": text("How long the response may be kept (RFC 9111 §5.2).", "no-cache"),
    Vary: text("The request headers that the response depends on (RFC 9110 §12.5.5).", "Prefer"),
    "Preference-Applied": text("The preferences that were honoured (RFC 7240 §3).", "wait=10"),
    "Idempotent-Replayed": {
      description: "There if the request came before with the same key.",
      schema: { type: "string", const: "true" },
    },
    "Rejoinder-Position": text(
      "Of a command that has a commit: where it is. Of a row: how far the edge is in the events that made it. It is opaque.",
    ),
    "Rejoinder-Aggregate-Version": {
      description: "Of a command that has a commit: how many commits with events its aggregate has then. `If-Match` takes it.",
      schema: { type: "integer", minimum: 1 },
    },
    "WWW-Authenticate": text("How to get credentials, or which scope is missing (RFC 6750 §3, RFC 9728 §5.1).", "Bearer"),
    "RateLimit-Policy": text("The limits of the caller's plan (draft-ietf-httpapi-ratelimit-headers-11).", '"burst";q=100;w=60'),
    RateLimit: text("What is left of them (the same draft).", '"burst";r=42;t=17'),
    "Quota-Check": {
      description: "There if nobody could count the request: `skipped` if it was let through, `failed` if not.",
      schema: { type: "string", enum: ["skipped", "failed"] },
    },
    "Content-Security-Policy": text("What the page may load and ask (W3C Content Security Policy 3)."),
    "X-Accel-Buffering": text("For events: `no`, so that a proxy passes each on at once."),
    Link: text(
      "Where something else is: the catalog of the API, or the next page (RFC 8288).",
      '</.well-known/api-catalog>; rel="api-catalog"',
    ),
    Date: text("The clock of the Worker, for senders whose signature is too old."),
    Upgrade: { description: "The protocol that this path speaks.", schema: { type: "string", const: "websocket" } },
  }) as const satisfies Record<string, Header>;

export type HeaderName = keyof ReturnType<typeof createHeaders>;
