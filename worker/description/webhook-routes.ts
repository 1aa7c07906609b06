import { WEBHOOK_KEYS_PATH } from "../routes/webhook-keys.ts";
import { CALLER_PROBLEMS } from "./caller-routes.ts";
import { json, refTo, type RouteDescription } from "./route-description.ts";
import { objectOf } from "./schemas.ts";

/** The routes for completion webhooks, by method and path. */
export const createWebhookRoutes = (): Record<string, RouteDescription> => {
  const problems = [...CALLER_PROBLEMS, "UNKNOWN_CORRELATION_ID", "UNKNOWN_WEBHOOK", "NOT_SUPPORTED"] as const;
  return {
    "GET /status/:correlationId/webhook": {
      id: "getWebhook",
      tag: "Statuses",
      summary: "Reads what has become of the webhook of a request",
      access: { scope: "status:read" },
      responses: { "200": { description: "Its deliveries so far.", content: json(refTo("Webhook")) } },
      problems: [...problems, "NOT_ENDED"],
    },
    "POST /status/:correlationId/webhook": {
      id: "replayWebhook",
      tag: "Statuses",
      summary: "Delivers the webhook of a request again",
      access: { scope: "status:read", refusesTokens: true },
      responses: { "202": { description: "Its schedule begins anew, with the same `webhook-id`.", content: json(refTo("Webhook")) } },
      problems: [...problems, "NOT_ENDED"],
    },
    [`GET ${WEBHOOK_KEYS_PATH}`]: {
      id: "getWebhookKeys",
      tag: "Description",
      summary: "Reads the public keys by which receivers check webhooks",
      access: "anybody",
      responses: {
        "200": {
          description: "The keys, the newest first.",
          headers: ["Cache-Control"],
          content: json(
            objectOf({ keys: { type: "array", items: { type: "string", description: "whpk_ and the base64 of an Ed25519 key." } } }),
          ),
        },
      },
      problems: [],
    },
  };
};
