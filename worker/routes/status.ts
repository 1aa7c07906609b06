import type { Context } from "hono";
import { RejoinderError } from "../../protocol/errors.ts";
import { isTerminal } from "../../protocol/states.ts";
import { jsonAnswer, pendingAnswer, statusText } from "../answers.ts";
import { type CorrelationIds, PUBLIC_OWNER } from "../correlation-id.ts";
import { applyWait, readPrefer } from "../prefer.ts";
import type { ReplyStore } from "../reply-store.ts";

export type StatusOptions = {
  readonly ids: CorrelationIds;
  readonly store: ReplyStore;
  readonly now?: () => number;
};

/** `GET /status/:correlationId`: what has become of a request. 200 in every terminal state, 202 before. */
export const createStatusRoute =
  ({ ids, store, now = Date.now }: StatusOptions) =>
  async (context: Context): Promise<Response> => {
    const id = await ids.read(context.req.param("correlationId") ?? "");
    // One answer for forged, foreign and not yours: none of them may be told apart.
    if (id === undefined || id.owner !== PUBLIC_OWNER) {
      throw new RejoinderError("UNKNOWN_CORRELATION_ID", { detail: "Expected a correlation ID as a Location header of this API gave it." });
    }
    if (now() >= id.expiresAt) {
      throw new RejoinderError("STATUS_GONE", { detail: `The status could be read until ${new Date(id.expiresAt).toISOString()}.` });
    }
    const waitSeconds = applyWait(context, readPrefer(context.req.header("prefer")), store);
    const status = await store.read(id, waitSeconds * 1_000).catch((cause: unknown) => {
      console.error("A status could not be read", cause);
      throw new RejoinderError("STORE_UNAVAILABLE", { cause });
    });
    if (status === "overloaded") throw new RejoinderError("OVERLOADED");
    context.header("Vary", "Prefer", { append: true });
    if (status === undefined || !isTerminal(status.state)) return pendingAnswer(context, id, status, store.retryAfterSeconds);
    return jsonAnswer(context, 200, statusText(id, status));
  };
