import { MAX_BATCH_REQUESTS } from "../../protocol/limits.ts";
import { STATES } from "../../protocol/states.ts";
import { BODY_PROBLEMS, CALLER_PROBLEMS, LIMIT_PROBLEMS } from "./caller-routes.ts";
import { json, refTo, type RouteDescription } from "./route-description.ts";
import { objectOf } from "./schemas.ts";

const text = { type: "string" };
const time = { type: "string", format: "date-time" };

/** The routes for many requests at once, by method and path. */
export const createRequestRoutes = (): Record<string, RouteDescription> => ({
  "POST /requests:batch": {
    id: "sendBatch",
    tag: "Requests",
    summary: "Sends several requests at once",
    description: "Each is accepted or refused by itself. None is waited for.",
    access: { scope: "requests:*" },
    parameters: ["Idempotency-Key", "Reply-To", "traceparent"],
    body: {
      mediaType: "application/json",
      schema: objectOf(
        {
          requests: {
            type: "array",
            minItems: 1,
            maxItems: MAX_BATCH_REQUESTS,
            items: objectOf(
              {
                operation: text,
                data: { description: "As the operation's own path takes it." },
                "ifMatch?": { type: "integer", minimum: 0, description: "Of a command: the version that its aggregate must have." },
              },
              { additionalProperties: false },
            ),
          },
        },
        { additionalProperties: false },
      ),
    },
    responses: {
      "200": {
        description: "What became of each, in their order: a status with 202 as `status` and its `location`, or problem details.",
        headers: ["RateLimit-Policy", "RateLimit", "Quota-Check"],
        content: json(
          objectOf({
            results: {
              type: "array",
              items: objectOf({
                status: { type: "integer", description: "As the request alone would have been answered." },
                "location?": { ...text, description: "The path of its status." },
                "retryAfterSeconds?": { type: "integer" },
                "idempotentReplayed?": { type: "boolean" },
                "correlationId?": text,
                "state?": refTo("State"),
                "code?": text,
              }),
            },
          }),
        ),
      },
    },
    problemHeaders: ["RateLimit-Policy", "RateLimit", "Quota-Check"],
    problems: [
      ...BODY_PROBLEMS,
      ...CALLER_PROBLEMS,
      ...LIMIT_PROBLEMS,
      "INVALID_BATCH",
      "INVALID_IDEMPOTENCY_KEY",
      "INVALID_IF_MATCH",
      "INVALID_REPLY_TO",
      "NOT_SUPPORTED",
    ],
  },
  "GET /requests": {
    id: "listRequests",
    tag: "Statuses",
    summary: "Lists the caller's own requests, the newest first",
    access: { scope: "status:read", refusesTokens: true },
    parameters: ["requestOperation", "state", "limit", "after"],
    responses: {
      "200": {
        description: "A page of them, as long as their statuses can be read.",
        headers: ["Link"],
        content: json(
          objectOf({
            requests: {
              type: "array",
              items: objectOf({
                correlationId: text,
                operation: text,
                state: { type: "string", enum: [...STATES] },
                acceptedAt: time,
                deadline: time,
                expiresAt: time,
                status: { ...text, description: "The path of its status." },
              }),
            },
            "next?": { ...text, description: "The `after` of the next page." },
          }),
        ),
      },
    },
    problems: [...CALLER_PROBLEMS, "INVALID_QUERY", "NOT_SUPPORTED"],
  },
});
