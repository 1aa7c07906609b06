import type { Context } from "hono";
import { RejoinderError } from "../../protocol/errors.ts";
import type { CorrelationId, CorrelationIds } from "../correlation-id.ts";
import type { Authorize } from "../identity/principal.ts";
import { jsonResponse } from "../responses.ts";
import type { StatusStore } from "../status-store.ts";
import { readOwnId } from "./readable-id.ts";

type WebhookOptions = {
  readonly authorize: Authorize;
  readonly ids: CorrelationIds;
  readonly statuses: Pick<StatusStore, "webhook">;
};

/**
 * `GET /status/:correlationId/webhook`: what has become of the webhook of a request, also after the status is gone. `POST` begins its schedule
 * anew, with the same `webhook-id`: 202. Whoever may read the status may do both; with a token for it, only the first.
 */
export const createWebhookRoutes = ({ authorize, ids, statuses }: WebhookOptions) => {
  const find = async (id: CorrelationId, act: "show" | "replay") => {
    if (statuses.webhook === undefined) throw new RejoinderError("NOT_SUPPORTED", { detail: "REPLY_STORE=kv delivers no webhooks." });
    const found = await statuses.webhook(id, act).catch((cause: unknown) => {
      console.error("A webhook could not be looked up or replayed", cause);
      throw new RejoinderError("STORE_UNAVAILABLE", { cause });
    });
    if (found === "not-ended") throw new RejoinderError("NOT_ENDED", { detail: "The webhook is sent when the request has ended." });
    if (found !== undefined) return JSON.stringify(found);
    throw new RejoinderError("UNKNOWN_WEBHOOK", {
      detail: "The request came without Reply-To, or its webhook was delivered or given up more than seven days ago.",
    });
  };

  return {
    async show(context: Context): Promise<Response> {
      const principal = await authorize(context, "status:read");
      const id = await readOwnId(ids, principal, context.req.param("correlationId") ?? "");
      return jsonResponse(200, await find(id, "show"));
    },
    async replay(context: Context): Promise<Response> {
      const principal = await authorize(context, "status:read");
      const id = await readOwnId(ids, principal, context.req.param("correlationId") ?? "");
      if (principal.token !== undefined)
        throw new RejoinderError("INSUFFICIENT_SCOPE", {
          detail: "Expected the credentials of whoever sent the request: a token for its status reads only.",
        });
      return jsonResponse(202, await find(id, "replay"));
    },
  };
};
